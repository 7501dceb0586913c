import { AppError } from '../../core/errors.ts'
import { isSameStamp, type Stamp } from '../../core/reconcile/item.ts'
import { OWN_FOLDER, TRASH_FOLDER } from '../../client/sync/own-folder.ts'
import type { DiskEntry, FinishedTemp, LocalPath } from '../../client/sync/ports.ts'
import { diskEntryOf, keyOfName, type Inode } from './inode.ts'
import type { Found } from './inode-tree.ts'
import { errnoOf } from './life.ts'
import type { VirtualDisk } from './virtual-disk.ts'

/** After the last look, right before the name is taken: whoever has the old file open may write into it still. */
export const AFTER_LOOK = 'replace-rename'

/** The same bytes as far as anybody can tell: a link or a rename of ours changes the ctime. */
const isSameFile = (a: Stamp, b: Stamp): boolean => a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs

const conflict = (): AppError => new AppError('version-conflict', { detail: 'it is not what it was' })

const bytesOf = ({ kind, bytes, target }: Inode): Uint8Array | string => (kind === 'symlink' ? target : bytes)

/** A link to the old file in the trash, one more look, then the new file over the name: somebody may write into the old one all the while. */
export function replaceFile(
  disk: VirtualDisk,
  temp: FinishedTemp,
  { path, expected }: { path: LocalPath; expected: Stamp },
): { placed: DiskEntry; displaced: Stamp; kept: LocalPath } {
  const { tree, watch } = disk
  const inode = disk.temps.held(temp)
  const found = tree.find(path)
  if (!found.entry) throw errnoOf('ENOENT')
  disk.requireWritable(found.folder)
  const old = requireUnlocked(found.entry.inode)
  if (old.kind !== 'file' || !isSameStamp(tree.stamp(old), expected)) throw errnoOf('EEXIST')
  const checked = bytesOf(old)
  const kept = keep(disk, old, found.name)
  watch.gap({ path, what: 'replace-link' })
  if (
    found.folder.entries.get(keyOfName(found.name, tree.model))?.inode !== old ||
    !isSameFile(tree.stamp(old), expected)
  ) {
    tree.unlink(tree.folderAt(TRASH_FOLDER), kept.slice(TRASH_FOLDER.length + 1))
    throw errnoOf('EEXIST')
  }
  watch.displaces({ path, how: 'replace', inode: old, checked })
  watch.gap({ path, what: AFTER_LOOK })
  tree.unlink(found.folder, found.name)
  tree.link(found.folder, found.name, inode)
  disk.temps.release(temp)
  return { placed: disk.placed(path, inode), displaced: tree.stamp(old), kept }
}

function keep({ tree }: VirtualDisk, inode: Inode, name: string): LocalPath {
  const folder = tree.folderAt(TRASH_FOLDER)
  let count = folder.entries.size
  while (folder.entries.has(`${count}-${name}`.toLowerCase()) || folder.entries.has(`${count}-${name}`)) count++
  const own = `${count}-${name}`.slice(0, 80).replace(/[. ]$/, '_')
  tree.link(folder, own, inode)
  return `${TRASH_FOLDER}/${own}`
}

function requireUnlocked(inode: Inode): Inode {
  if (inode.trouble === 'locked') throw errnoOf('EBUSY')
  return inode
}

/** A folder's times move with what is in it: only its identity is compared. */
function isExpected(disk: VirtualDisk, inode: Inode, expected: Stamp | null): boolean {
  if (expected === null) return true
  const stamp = disk.tree.stamp(inode)
  return inode.kind === 'folder' ? stamp.ino === expected.ino : isSameStamp(stamp, expected)
}

export function moveEntry(
  disk: VirtualDisk,
  { from, to, expected }: { from: LocalPath; to: LocalPath; expected: Stamp | null },
): DiskEntry {
  const { tree, watch } = disk
  const [source, target] = [tree.find(from), tree.find(to)]
  if (!source.entry) throw errnoOf('ENOENT')
  const { inode } = source.entry
  if (!isExpected(disk, requireUnlocked(inode), expected)) throw conflict()
  for (const { folder } of [source, target]) disk.requireWritable(folder)
  if (target.entry && !isOtherSpelling(source, target)) throw errnoOf('EEXIST')
  if (isBelow(target.folder, inode)) throw errnoOf('EINVAL')
  if (inode.kind === 'folder' || target.entry) renameAtOnce(disk, source, target)
  else linkAndUnlink(disk, { from, source, target })
  disk.commit()
  if (from.startsWith(`${OWN_FOLDER}/`)) watch.places({ path: to, inode })
  const moved = tree.at(to)
  // Somebody has given a folder on the way another name.
  if (!moved) throw errnoOf('ENOENT')
  return diskEntryOf(moved, tree.model)
}

function renameAtOnce({ tree }: VirtualDisk, source: Found, target: Found): void {
  const { inode, name } = source.entry!
  tree.asOne(() => {
    tree.unlink(source.folder, source.name)
    try {
      tree.link(target.folder, target.name, inode)
    } catch (error) {
      tree.link(source.folder, name, inode)
      throw error
    }
  })
}

/** For a moment it has both names. What somebody puts at the old one meanwhile stays there. */
function linkAndUnlink(
  disk: VirtualDisk,
  { from, source, target }: { from: LocalPath; source: Found; target: Found },
): void {
  const { tree, watch } = disk
  const { inode } = source.entry!
  tree.asOne(() => tree.link(target.folder, target.name, inode))
  watch.gap({ path: from, what: 'move-rename' })
  if (source.folder.entries.get(keyOfName(source.name, tree.model))?.inode === inode)
    tree.unlink(source.folder, source.name)
}

/** Two spellings that this disk takes for one name (RN-05): it cannot displace anything but itself. */
const isOtherSpelling = (source: Found, target: Found): boolean =>
  source.folder === target.folder && source.entry?.inode === target.entry?.inode && source.name !== target.name

function isBelow(folder: Inode, above: Inode): boolean {
  for (let at: Inode | null = folder; at; at = at.parent) if (at === above) return true
  return false
}

/** Into the trash; there it is compared again, and goes back when somebody has written into it meanwhile. */
export function discardEntry(disk: VirtualDisk, path: LocalPath, expected: Stamp | null): void {
  const { tree, watch } = disk
  const found = tree.find(path)
  if (!found.entry) throw errnoOf('ENOENT')
  disk.requireWritable(found.folder)
  const { inode } = found.entry
  if (!isExpected(disk, requireUnlocked(inode), expected)) throw conflict()
  if (inode.kind === 'folder') {
    if (inode.isMount) throw errnoOf('EBUSY')
    if (inode.entries.size > 0) throw errnoOf('ENOTEMPTY')
    tree.unlink(found.folder, found.name)
    return disk.commit()
  }
  const before = tree.stamp(inode)
  const checked = bytesOf(inode)
  watch.gap({ path, what: 'discard-take' })
  takeAway(disk, path, before)
  watch.displaces({ path, how: 'discard', inode, checked })
  disk.commit()
}

/** Whatever has the name by now. */
function takeAway(disk: VirtualDisk, path: LocalPath, expected: Stamp): void {
  const { tree, watch } = disk
  const { folder, name, entry } = tree.find(path)
  if (!entry || entry.inode.kind === 'folder') throw conflict()
  const { inode } = entry
  const kept = keep(disk, inode, name)
  tree.unlink(folder, name)
  watch.gap({ path: kept, what: 'discard-compare' })
  if (isSameFile(tree.stamp(inode), expected)) return
  tree.unlink(tree.folderAt(TRASH_FOLDER), kept.slice(TRASH_FOLDER.length + 1))
  tree.link(folder, entry.name, inode)
  throw conflict()
}
