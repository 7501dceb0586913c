import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  type BigIntStats,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { AppError } from '../../../../core/errors.ts'
import { isSameStamp, type Stamp } from '../../../../core/reconcile/item.ts'
import { alike } from '../../../../core/reconcile/alike.ts'
import type { DiskEntry, LocalPath } from '../../../sync/ports.ts'
import { isSameFile, lookAt, toStamp } from './disk-entry.ts'
import { entryAt, withExecutable, type Workshop } from './place-files.ts'
import { inside } from './root.ts'
import { codeOf, systemError } from './system-error.ts'

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

const conflict = (): AppError => new AppError('version-conflict', { detail: 'it is not what it was' })

/** @throws EEXIST, ENOENT of the folder above */
export function makeFolder({ root, looks, commit }: Workshop, to: LocalPath): Promise<DiskEntry> {
  return commit({
    sync: null,
    apply: () => {
      const path = inside(root, to)
      mkdirSync(path)
      return { value: entryAt(path, looks), folders: [dirname(path)] }
    },
  })
}

/** @throws EEXIST, ENOENT of the folder above */
export function makeSymlink({ root, looks, commit }: Workshop, to: LocalPath, target: string): Promise<DiskEntry> {
  return commit({
    sync: null,
    apply: () => {
      const path = inside(root, to)
      symlinkSync(target, path)
      return { value: entryAt(path, looks), folders: [dirname(path)] }
    },
  })
}

/** Never over anything. @throws EEXIST, ENOENT; `AppError version-conflict` when the source has another stamp */
export function moveEntry(shop: Workshop, from: LocalPath, to: LocalPath, expected: Stamp | null): Promise<DiskEntry> {
  const { root, looks, commit } = shop
  return commit({
    sync: null,
    apply: () => {
      const [source, target] = [inside(root, from), inside(root, to)]
      const stats = lookAt(source)
      if (stats === null) throw systemError('ENOENT', 'there is nothing to move')
      if (!isExpected(shop, stats, expected)) throw conflict()
      if (isOtherSpelling(source, target, stats)) renameSync(source, target)
      else if (stats.isDirectory()) moveFolder(source, target)
      else moveLeaf(source, target, stats)
      return { value: entryAt(target, looks), folders: [...new Set([dirname(source), dirname(target)])] }
    },
  })
}

/** A folder's times move with what is in it: only its identity is compared. */
function isExpected({ looks }: Workshop, stats: BigIntStats, expected: Stamp | null): boolean {
  if (expected === null) return true
  const stamp = toStamp(stats, looks)
  return stats.isDirectory() ? stamp.ino === expected.ino : isSameStamp(stamp, expected)
}

/** Two spellings that this disk takes for one name (RN-05): the rename cannot displace anything but itself. */
function isOtherSpelling(source: string, target: string, stats: BigIntStats): boolean {
  if (source === target || dirname(source) !== dirname(target)) return false
  if (alike(basename(source)) !== alike(basename(target))) return false
  const there = lookAt(target)
  return (
    there !== null && there.ino === stats.ino && there.dev === stats.dev && (stats.isDirectory() || stats.nlink === 1n)
  )
}

/** Files get a second name first, which fails when it is taken; a crash in between leaves both names, never none. */
function moveLeaf(source: string, target: string, stats: BigIntStats): void {
  try {
    if (stats.isSymbolicLink() && process.platform !== 'linux') symlinkSync(readlinkSync(source), target)
    else linkSync(source, target)
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error
    if (lookAt(target) !== null) throw systemError('EEXIST', 'the name is taken')
    return renameSync(source, target)
  }
  unlinkSync(source)
}

/** The system renames a folder over an empty one only: over ours, which keeps the name. */
function moveFolder(source: string, target: string): void {
  if (process.platform === 'win32') return renameSync(source, target)
  mkdirSync(target)
  try {
    renameSync(source, target)
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY') rmdirSync(target)
    throw error
  }
}

/**
 * A file or link goes to the safety trash; what it was is compared again there, and when it had changed it goes back. Of folders only empty
 * ones go, for good.
 * @throws ENOENT, ENOTEMPTY; `AppError version-conflict`
 */
export function discardEntry(shop: Workshop, what: LocalPath, expected: Stamp | null): Promise<void> {
  return shop.commit({
    sync: null,
    apply: () => {
      const path = inside(shop.root, what)
      const stats = lookAt(path)
      if (stats === null) throw systemError('ENOENT', 'there is nothing to remove')
      if (!isExpected(shop, stats, expected)) throw conflict()
      if (stats.isDirectory()) rmdirSync(path)
      else takeAway(shop, path, toStamp(stats, shop.looks))
      return { value: undefined, folders: [dirname(path), ...(stats.isDirectory() ? [] : [shop.trash.folder])] }
    },
  })
}

function takeAway({ trash, looks }: Workshop, path: string, expected: Stamp): void {
  const kept = trash.take(path, basename(path))
  const taken = lookAt(kept.path)
  if (taken !== null && isSameFile(toStamp(taken, looks), expected)) return
  if (taken !== null) moveLeaf(kept.path, path, taken)
  throw conflict()
}

/** @throws ENOENT, ELOOP of a link */
export async function setExecutable(shop: Workshop, what: LocalPath, executable: boolean): Promise<DiskEntry> {
  const path = inside(shop.root, what)
  if (!shop.looks.executableBit) return entryAt(path, shop.looks)
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw systemError('EINVAL', 'not a regular file')
    fchmodSync(fd, withExecutable(stats.mode, executable))
  } finally {
    closeSync(fd)
  }
  return entryAt(path, shop.looks)
}
