import type { DownloadTarget } from '../transfer/download.ts'

/** Puts the file at `path`: a temporary file in the same folder, fsync, rename. */
export function nodeFileTarget(_path: string): DownloadTarget {
  throw new Error('being written')
}
