import type { ItemId, Placement, Trees } from '../../core/reconcile/item.ts'
import type { LocalPath } from './ports.ts'

/** Deeper than any file system goes: a circle, which must not keep a loop for ever. */
const DEPTH_MAX = 10_000

/** Where an item is on the disk, as the last scan had it; `null`: it, or a folder above it, is not on the disk. */
export function localPath(trees: Trees, id: ItemId): LocalPath | null {
  const names: string[] = []
  for (let at = id; at !== trees.root;) {
    const local = trees.item(at)?.local
    if (!local || names.length > DEPTH_MAX) return null
    names.push(local.place.name)
    at = local.place.parent
  }
  return names.reverse().join('/')
}

/** Where an item is on the server, below the root; `null`: it, or a folder above it, is not there. */
export function remotePath(trees: Trees, id: ItemId): LocalPath | null {
  const names: string[] = []
  for (let at = id; at !== trees.root;) {
    const remote = trees.item(at)?.remote
    if (!remote || names.length > DEPTH_MAX) return null
    names.push(remote.place.name)
    at = remote.place.parent
  }
  return names.reverse().join('/')
}

/** Where something would be on the disk; `null`: its folder is not there. */
export function pathOfPlace(trees: Trees, { parent, name }: Placement): LocalPath | null {
  const folder = localPath(trees, parent)
  return folder === null ? null : joined(folder, name)
}

export const joined = (folder: LocalPath, name: string): LocalPath => (folder === '' ? name : `${folder}/${name}`)

/** The folder that a path lies in. */
export const folderOf = (path: LocalPath): LocalPath => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** What people are shown: where it is on the disk, else where it is on the server. */
export function shownPath(trees: Trees, id: ItemId): string {
  const names: string[] = []
  for (let at = id; at !== trees.root && names.length < DEPTH_MAX;) {
    const item = trees.item(at)
    const place = item?.local?.place ?? item?.remote?.place ?? item?.synced?.place
    if (!place) break
    names.push(place.name)
    at = place.parent
  }
  return names.reverse().join('/')
}
