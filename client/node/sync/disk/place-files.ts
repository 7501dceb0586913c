import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { isSameStamp, type Stamp } from '../../../../core/reconcile/item.ts'
import type { DiskEntry, FinishedTemp, LocalPath } from '../../../sync/ports.ts'
import { isSameFile, lookAt, toEntry, toStamp, type Looks } from './disk-entry.ts'
import type { GroupCommit } from './group-commit.ts'
import { inside, type Root } from './root.ts'
import type { SafetyTrash } from './safety-trash.ts'
import { codeOf, systemError } from './system-error.ts'
import type { HeldTemp, TempFiles } from './temp-files.ts'

/** What all that changes names in one root works with. */
export type Workshop = { root: Root; looks: Looks; temps: TempFiles; trash: SafetyTrash; commit: GroupCommit }

/** File systems without hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/**
 * Puts a finished file where nothing is, by a link: the one call that gives a name and fails when it is taken. A failure leaves the
 * temporary file with the caller.
 * @throws EEXIST
 */
export function placeNew(shop: Workshop, temp: FinishedTemp, to: LocalPath): Promise<DiskEntry> {
  const held = shop.temps.held(temp)
  return shop.commit({
    sync: held.fd,
    apply: () => {
      const path = inside(shop.root, to)
      nameAnew(held.path, path)
      shop.temps.release(temp)
      return { value: entryAt(path, shop.looks), folders: [dirname(path)] }
    },
  })
}

/** Where there are no links, an empty file of ours keeps the name until ours is renamed over it. */
function nameAnew(from: string, to: string): void {
  try {
    linkSync(from, to)
    unlinkSync(from)
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error
    const fd = openSync(to, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
    const ours = fstatSync(fd)
    closeSync(fd)
    const there = lstatSync(to)
    if (there.ino !== ours.ino || there.size > 0) throw systemError('EEXIST', 'the name was taken')
    renameSync(from, to)
  }
}

/**
 * Puts a finished file over another. Node has no call to exchange two names, so what another program puts at the name between our second
 * look and the rename, two calls later, would be lost; what it writes *into* the file is kept, since the trash holds a link to it (EE-05).
 * @throws EEXIST when something else is there, ENOENT when nothing is
 */
export function replaceFile(
  shop: Workshop,
  temp: FinishedTemp,
  place: { path: LocalPath; expected: Stamp },
): Promise<{ placed: DiskEntry; displaced: Stamp; kept: LocalPath }> {
  const held = shop.temps.held(temp)
  keepAttributes(held, inside(shop.root, place.path))
  return shop.commit({
    sync: held.fd,
    apply: () => {
      const path = inside(shop.root, place.path)
      const kept = linkExpected(shop, path, place.expected)
      renameSync(held.path, path)
      shop.temps.release(temp)
      const displaced = toStamp(lookAgain(kept.path), shop.looks)
      return {
        value: { placed: entryAt(path, shop.looks), displaced, kept: kept.local },
        folders: [dirname(path), shop.trash.folder],
      }
    },
  })
}

/** A second name for the file that is to go, once it is the expected one, and still is after. */
function linkExpected({ trash, looks }: Workshop, path: string, expected: Stamp): { path: string; local: LocalPath } {
  const before = lookAt(path)
  if (before === null) throw systemError('ENOENT', 'there is nothing to replace')
  if (!before.isFile() || !isSameStamp(toStamp(before, looks), expected))
    throw systemError('EEXIST', 'something else is there by now')
  const kept = trash.link(path, basename(path))
  const after = lookAt(path)
  if (after !== null && isSameFile(toStamp(after, looks), expected)) return kept
  rmSync(kept.path, { force: true })
  throw systemError('EEXIST', 'something else is there by now')
}

/** Owner, group and permissions of what is replaced, as far as we may give them (PM-02). */
function keepAttributes({ fd, executable }: HeldTemp, path: string): void {
  if (process.platform === 'win32') return
  const old = lookAt(path)
  if (old === null || !old.isFile()) return
  const ours = fstatSync(fd)
  const [uid, gid] = [Number(old.uid), Number(old.gid)]
  const isOther = ours.uid !== uid || ours.gid !== gid
  // A group of ours may be given where the owner may not.
  if (isOther && !mayFail(() => fchownSync(fd, uid, gid))) mayFail(() => fchownSync(fd, ours.uid, gid))
  mayFail(() => fchmodSync(fd, withExecutable(Number(old.mode), executable)))
}

/** Whoever may read may execute, or nobody. */
export const withExecutable = (mode: number, executable: boolean): number =>
  executable ? (mode & 0o777) | ((mode & 0o444) >> 2) : mode & 0o666

function mayFail(change: () => void): boolean {
  try {
    change()
    return true
  } catch (error) {
    if (codeOf(error) === 'EPERM') return false
    throw error
  }
}

export const entryAt = (path: string, looks: Looks): DiskEntry => toEntry(basename(path), lookAgain(path), looks)

function lookAgain(path: string) {
  const stats = lookAt(path)
  if (stats === null) throw systemError('ENOENT', 'it is gone again')
  return stats
}
