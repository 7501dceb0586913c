import {
  type BigIntStats,
  copyFileSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { truncateUtf8 } from '../../../../core/names.ts'
import { TRASH_FOLDER } from '../../../sync/own-folder.ts'
import type { LocalPath } from '../../../sync/ports.ts'
import { inside, type Root } from './root.ts'
import { codeOf } from './system-error.ts'

const KEPT_MS = 30 * 24 * 60 * 60 * 1000
/** Of the file system that the root is on. */
const SHARE_MAX = 0.1
const SIZE_MAX_BYTES = 10 * 1024 ** 3
export const NAME_BYTES = 80
/** File systems without hard links, or without one more for this file. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Holds what the engine has displaced on this device, although it is held elsewhere too: 30 days, and at most a tenth of the file system or
 * 10 GiB. Entries are called `<when, base 36>-<counter>-<name>`, so the oldest come first.
 */
export type SafetyTrash = {
  readonly folder: string
  /** A second name for a file that stays where it is. */
  link(path: string, name: string): Kept
  /** The file itself. */
  take(path: string, name: string): Kept
  tidy(): void
}
export type Kept = { path: string; local: LocalPath }

export function createSafetyTrash(root: Root, now: () => number): SafetyTrash {
  const folder = join(root.path, TRASH_FOLDER)
  let count = 0
  let bytesSinceTidy = 0
  const nextPlace = (name: string): Kept => {
    const own = `${now().toString(36).padStart(9, '0')}-${(count++).toString(36)}-${keptName(name)}`
    return { path: inside(root, `${TRASH_FOLDER}/${own}`), local: `${TRASH_FOLDER}/${own}` }
  }
  const tidy = (): void => {
    bytesSinceTidy = 0
    removeOld(inside(root, `${TRASH_FOLDER}/x`).slice(0, -2), now() - KEPT_MS, sizeMax(root.path))
  }
  const put = (how: (from: string, to: string) => void, path: string, name: string): Kept => {
    const place = nextPlace(name)
    how(path, place.path)
    bytesSinceTidy += lstatSync(place.path).size
    if (bytesSinceTidy > SIZE_MAX_BYTES) tidy()
    return place
  }
  return {
    folder,
    link: (path, name) => put(linkOrCopy, path, name),
    take: (path, name) => put(renameSync, path, name),
    tidy,
  }
}

/** Cut off, it may end with what Windows takes from the end of a name. */
const keptName = (name: string): string => truncateUtf8(name, NAME_BYTES).replace(/[. ]$/, '_')

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error
    copyFileSync(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    const { atime, mtime } = lstatSync(from)
    utimesSync(to, atime, mtime)
  }
}

function sizeMax(path: string): number {
  const { blocks, bsize } = statfsSync(path)
  return Math.min(SIZE_MAX_BYTES, blocks * bsize * SHARE_MAX)
}

function removeOld(folder: string, olderThanMs: number, sizeMaxBytes: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const kept = readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const stats = lstatSync(join(folder, name), { bigint: true, throwIfNoEntry: false })
      const sinceMs = Number.parseInt(name.slice(0, 9), 36)
      return stats === undefined || isWrittenSince(stats, sinceMs) ? [] : [{ name, sinceMs, size: Number(stats.size) }]
    })
  let total = kept.reduce((sum, { size }) => sum + size, 0)
  for (const { name, sinceMs, size } of kept) {
    if (sinceMs >= olderThanMs && total <= sizeMaxBytes) continue
    rmSync(join(folder, name), { force: true })
    total -= size
  }
}

/**
 * A program had it open, and saved into it when it was here already: these bytes are nowhere else, so they stay until a person has seen them. Coming
 * here changed the file's ctime alone, a write sets both at one moment. Where a file system knows one time only, the clock has to tell, too; one
 * that was set back since has made the file young.
 */
const isWrittenSince = ({ mtimeNs, ctimeNs, mtimeMs }: BigIntStats, sinceMs: number): boolean =>
  mtimeNs === ctimeNs && mtimeMs > BigInt(sinceMs)
