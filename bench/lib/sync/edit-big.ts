import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 20
const PATIENCE_MS = 10 * 60_000

/** A change of a big file. `prepare` does what takes long; `make` is the moment from which on it is there. */
export type Edit = {
  prepare(path: string): Promise<void>
  make(path: string): Promise<void>
  isMade(path: string): Promise<boolean>
}

/** One byte in the middle becomes another one, in place. */
export function changeMiddle(sizeBytes: number): Edit {
  const at = Math.floor(sizeBytes / 2)
  let wanted = 0
  const byteOf = async (path: string): Promise<number | null> => {
    const file = await open(path).catch(() => null)
    if (file === null) return null
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, at)
    await file.close()
    return bytesRead === 1 ? buffer[0]! : null
  }
  return {
    prepare: async (path) => void (wanted = ((await byteOf(path))! + 1) % 256),
    make: async (path) => {
      const file = await open(path, 'r+')
      await file.write(Buffer.of(wanted), 0, 1, at)
      await file.close()
    },
    isMade: async (path) => (await byteOf(path)) === wanted,
  }
}

/** One byte before all others, saved as programs save: written elsewhere, and renamed over it. @param aside not in a synchronised folder */
export function insertFront(sizeBytes: number, aside: string): Edit {
  return {
    prepare: async (path) => {
      const copy = createWriteStream(aside, { flags: 'wx' })
      copy.write(Buffer.of(1))
      await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), copy)
    },
    make: (path) => rename(aside, path),
    isMade: async (path) => (await stat(path).catch(() => null))?.size === sizeBytes + 1,
  }
}

/** Makes it on A. @param look tells whoever does not see it soon by itself @returns seconds until it is on B */
export async function timeEdit(
  edit: Edit,
  paths: { a: string; b: string },
  look = (): unknown => null,
): Promise<number> {
  await edit.prepare(paths.a)
  const begun = performance.now()
  await edit.make(paths.a)
  const looked = look()
  while (!(await edit.isMade(paths.b))) {
    if (performance.now() - begun > PATIENCE_MS) throw new Error('the change does not come')
    await delay(POLL_MS)
  }
  const seconds = (performance.now() - begun) / 1000
  await looked
  return seconds
}
