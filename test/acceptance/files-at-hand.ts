import { fstatSync, readdirSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { OWN_FOLDER } from '../../client/sync/own-folder.ts'

/** What somebody sees in a linked folder: full paths, the folder itself first. @throws ENOENT: something went meanwhile */
export function lookAround(root: string): { files: string[]; folders: string[] } {
  const files: string[] = []
  const folders = [root]
  for (const folder of folders)
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === OWN_FOLDER) continue
      if (entry.isDirectory()) folders.push(join(folder, entry.name))
      else files.push(join(folder, entry.name))
    }
  return { files, folders }
}

export const countBelow = (folder: string): number => readdirSync(folder, { recursive: true }).length

/** From the start, wherever was read or written before. */
export function readWhole(fd: number): Buffer {
  const bytes = Buffer.alloc(fstatSync(fd).size)
  for (let at = 0; at < bytes.length;) {
    const read = readSync(fd, bytes, at, bytes.length - at, at)
    if (read === 0) return bytes.subarray(0, at)
    at += read
  }
  return bytes
}

/** As `readWhole` reads; what is longer there stays. */
export function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, at)
}
