import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  futimesSync,
  openSync,
  readdirSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { FinishedTemp, TempFile } from '../../../sync/ports.ts'
import { OWN_FOLDER } from '../../../sync/own-folder.ts'
import { createEarlyFlush } from '../../early-flush.ts'
import { inside, insideToRead, type Root } from './root.ts'
import { codeOf, systemError } from './system-error.ts'

/** Smaller writes are not worth a thread. */
const AT_ONCE_BYTES = 128 * 1024
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
export const TEMP_FOLDER = `${OWN_FOLDER}/tmp`

const [writeAsync, fdatasyncAsync] = [promisify(write), promisify(fdatasync)]

/** What is known of a temporary file that is finished: its descriptor stays open until it is placed or dropped. */
export type HeldTemp = { path: string; fd: number; executable: boolean }
export type TempFiles = {
  create(): TempFile
  /** Of a finished file. @throws EINVAL: not finished, dropped, or placed before */
  held(temp: FinishedTemp): HeldTemp
  /** It was placed: its name is not ours any more. */
  release(temp: FinishedTemp): void
  /** Removes what a crash has left. */
  tidy(): void
}

/** Flat names of a dozen characters: a temporary name is never too long where the real one is not (NM-11). */
export function createTempFiles(root: Root): TempFiles {
  const session = randomBytes(3).toString('hex')
  const open = new Set<string>()
  const finished = new Map<string, HeldTemp>()
  let count = 0
  const drop = (token: string, path: string, fd: number) => {
    if (!open.delete(token)) return
    finished.delete(token)
    closeSync(fd)
    rmSync(path, { force: true })
  }
  return {
    create: () => {
      const token = `${session}-${(count++).toString(36)}`
      // Our own folder, in which nobody else does anything: of many files that are made at once it is looked at once.
      const path = insideToRead(root, `${TEMP_FOLDER}/${token}`)
      const fd = openSync(path, FLAGS, 0o600)
      open.add(token)
      return tempFile(fd, {
        drop: () => drop(token, path, fd),
        finish: (executable) => {
          finished.set(token, { path, fd, executable })
          return { token, drop: async () => drop(token, path, fd) }
        },
      })
    },
    held: ({ token }) => {
      const held = finished.get(token)
      if (held === undefined) throw systemError('EINVAL', 'not a finished temporary file')
      return held
    },
    release: ({ token }) => {
      const held = finished.get(token)
      finished.delete(token)
      if (open.delete(token) && held !== undefined) closeSync(held.fd)
    },
    tidy: () => removeLeft(root, open),
  }
}

function tempFile(fd: number, then: { drop(): void; finish(executable: boolean): FinishedTemp }): TempFile {
  const early = createEarlyFlush(() => fdatasyncAsync(fd))
  return {
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) {
        const left = bytes.length - at
        at +=
          left <= AT_ONCE_BYTES ? writeSync(fd, bytes, at, left) : (await writeAsync(fd, bytes, at, left)).bytesWritten
      }
      early.wrote(bytes.length)
    },
    finish: async ({ mtimeNs, executable }) => {
      await early.end()
      if (process.platform !== 'win32') fchmodSync(fd, newFileMode(executable))
      // Seconds in a double: up to 0.24 µs of the nanoseconds are lost, which is what the platform offers.
      if (mtimeNs !== null) futimesSync(fd, new Date(), Number(mtimeNs) / 1e9)
      return then.finish(executable)
    },
    drop: async () => {
      // Its descriptor must not become another file's while the disk is at it.
      await early.end().catch(() => {})
      then.drop()
    },
  }
}

/** Nobody changes it while we run, and to ask is to set it and to set it back. */
let umask: number | null = null

/** As any program of this person would create it. */
export function newFileMode(executable: boolean): number {
  umask ??= process.umask()
  return (executable ? 0o777 : 0o666) & ~umask
}

function removeLeft(root: Root, open: ReadonlySet<string>): void {
  const folder = inside(root, TEMP_FOLDER)
  try {
    for (const name of readdirSync(folder)) if (!open.has(name)) rmSync(join(folder, name), { force: true })
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
