import type { FileSource } from '../transfer/file-source.ts'

export const nodeFileSource: FileSource = { open: () => Promise.reject(new Error('being written')) }
