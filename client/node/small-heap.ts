import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's young generation at its initial size. It would grow to more than 100 MB while many small files pass through, although little
 * of it is ever live; measured on 10,000 files: 230 MB resident instead of 310 MB, and no slower. For a process that transfers files, as
 * its first act; a library must not decide this for its host.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1')
