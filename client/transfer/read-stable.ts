import type { FileIdentity, FileSource, OpenedFile } from './file-source.ts'

/** How often a file that changes under our hands is read again before it is reported as busy. */
const TRIES = 3

export type StableRead<T> = { is: 'read'; value: T; identity: FileIdentity } | { is: 'busy' }

/**
 * Runs `read` over a file and makes sure that it stayed the same from the first to the last byte: what tells its states apart is
 * compared before and after. A file that changed is read again; what `read` made of a torn one is thrown away.
 */
export async function readStable<T>(
  files: FileSource,
  path: string,
  read: (file: OpenedFile, identity: FileIdentity) => Promise<T & { sizeBytes: number }>,
): Promise<StableRead<T & { sizeBytes: number }>> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const file = await files.open(path)
    try {
      const before = await file.identify()
      const value = await read(file, before)
      const after = await file.identify()
      if (isSame(before, after) && value.sizeBytes === before.sizeBytes) return { is: 'read', value, identity: before }
    } finally {
      await file.close()
    }
  }
  return { is: 'busy' }
}

const isSame = (a: FileIdentity, b: FileIdentity): boolean =>
  a.sizeBytes === b.sizeBytes && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino
