import { isOwnPath } from '../../client/sync/own-folder.ts'
import type { Device } from './device.ts'
import type { Inode } from './inode.ts'
import { keyOf } from './ledger.ts'

/** A person puts the whole root back as it was: the same names and bytes, in new inodes (DB-02). */
export function restoreFolder(device: Device, backup: Inode): void {
  const { tree, world } = device
  const account = world.ledger.account(device.index)
  for (const { path, entry } of tree.walk()) {
    if (isOwnPath(path)) continue
    if (entry.inode.kind === 'folder') account.folderGone(entry.inode, entry.name)
    else account.gone(entry.inode)
  }
  tree.root.entries.clear()
  const fresh = copyOf(backup, device)
  for (const [key, entry] of fresh.entries) {
    tree.root.entries.set(key, entry)
    if (entry.inode.kind === 'folder') entry.inode.parent = tree.root
  }
  tree.commitNames()
  tree.touch(tree.root)
  for (const { path, entry } of tree.walk())
    if (!isOwnPath(path) && entry.inode.kind !== 'folder') world.ledger.put(keyOf(entry.inode), device.index)
}

function copyOf(inode: Inode, device: Device): Inode {
  const fresh = device.tree.make(inode.kind, 'person')
  const { bytes, target, executable, mtimeNs } = inode
  Object.assign(fresh, { bytes, target, executable, mtimeNs, links: 1 })
  for (const [key, entry] of inode.entries) {
    const child = copyOf(entry.inode, device)
    fresh.entries.set(key, { ...entry, inode: child })
    if (child.kind === 'folder') child.parent = fresh
  }
  return fresh
}
