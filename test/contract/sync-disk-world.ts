import type { Stamp } from '../../core/reconcile/item.ts'
import type { Disk, DiskEntry, FinishedTemp } from '../../client/sync/ports.ts'

/** A disk of a case-sensitive system, its marker written, and what other programs of the person do to it behind the port's back. */
export type DiskWorld = {
  disk: Disk
  user: {
    /** In place: the inode stays. */
    write(path: string, text: string): Promise<void>
    read(path: string): Promise<string>
    rename(from: string, to: string): Promise<void>
    remove(path: string): Promise<void>
    makeFolder(path: string): Promise<void>
    /** The target may lead out of the root. */
    symlink(path: string, target: string): Promise<void>
    link(from: string, to: string): Promise<void>
    /** Nanoseconds. */
    setMtime(path: string, mtimeNs: bigint): Promise<void>
    /** A file beside the root, for what must never be touched: its path for `symlink`, and what it holds by now. */
    outside: { folder: string; read(): Promise<string> }
  }
  close(): Promise<void>
}

export const OUTSIDE_NAME = 'secret.txt'
export const OUTSIDE_TEXT = 'not yours'

export type OpenWorld = () => DiskWorld

export const textOf = async (pieces: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: Buffer[] = []
  for await (const piece of pieces) parts.push(Buffer.from(piece))
  return Buffer.concat(parts).toString('utf8')
}

export async function stampOf(disk: Disk, path: string): Promise<Stamp> {
  const entry = await disk.stat(path)
  if (entry === null) throw new Error('the test expects it to be there')
  return entry.stamp
}

export async function tempOf(disk: Disk, text: string, mtimeNs: string | null = null): Promise<FinishedTemp> {
  const temp = await disk.createTemp()
  await temp.write(Buffer.from(text))
  return temp.finish({ mtimeNs, executable: false })
}

export const namesIn = async (disk: Disk, folder: string): Promise<string[]> =>
  (await disk.list(folder)).map((entry: DiskEntry) => entry.name).sort()

/** @returns what it failed with, as a code */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'no error'
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error)
  }
}
