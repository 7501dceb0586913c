import { nameKey } from '../names.ts'
import type { LocalChange, PlacementChange, RemoteChange } from './item-table.ts'
import type { Item, ItemContent, ItemId, Placement } from './item.ts'
import { isParkedName } from './parked-name.ts'

/** What happened to an item on each side since both agreed (RC-1, docs/spec/reconcile.md). */

/** The executable bit is no byte: it is compared apart (RC-7). */
export function isSameBytes(a: ItemContent, b: ItemContent): boolean {
  switch (a.kind) {
    case 'folder':
      return b.kind === 'folder'
    case 'file':
      return b.kind === 'file' && a.sha256 === b.sha256 && a.size === b.size
    case 'symlink':
      return b.kind === 'symlink' && a.target === b.target
  }
}

export function localChange({ local, synced }: Item): LocalChange {
  if (!local) return synced ? 'gone' : 'never'
  if (!local.content) return 'unknown'
  if (!synced) return 'new'
  return isSameBytes(local.content, synced.content) ? 'same' : 'edited'
}

export function remoteChange({ remote, synced }: Item): RemoteChange {
  if (!remote) return synced ? 'gone' : 'never'
  if (!synced) return 'new'
  return isSameBytes(remote.content, synced.content) ? 'same' : 'edited'
}

/** Other bytes than both sides had, with an earlier time: a backup was put back, or the like (DB-02). Only times of this disk are compared. */
export function isGoneBack({ remote, local, synced }: Item): boolean {
  if (!remote || local?.content?.kind !== 'file' || synced?.content.kind !== 'file') return false
  const { mtimeNs } = local.stamp
  return !isSameBytes(local.content, synced.content) && BigInt(mtimeNs) < BigInt(synced.stamp.mtimeNs)
}

export const isExecutable = (content: ItemContent): boolean => content.kind === 'file' && content.executable

/** @param there the id under which the server has what is this folder here */
export type There = (folder: ItemId) => ItemId

/** Spelling apart: the decomposed twin of a name is that name. */
export const isSamePlaceOnBoth = (local: Placement, remote: Placement, there: There): boolean =>
  there(local.parent) === remote.parent && nameKey(local.name) === nameKey(remote.name)

/** @returns moved by a person: not when it only stands aside for others */
export function localPlacement({ id, local, synced }: Item, there: There): PlacementChange {
  if (!local || !synced || isParkedName(id, local.place.name)) return 'same'
  const isThere = there(local.place.parent) === there(synced.place.parent)
  return isThere && nameKey(local.place.name) === nameKey(synced.place.name) ? 'same' : 'moved'
}

export function remotePlacement({ id, remote, local, synced }: Item, there: There): PlacementChange {
  if (!remote) return 'same'
  if (!synced || (local && isParkedName(id, local.place.name))) return 'moved'
  const isThere = there(remote.place.parent) === there(synced.place.parent)
  return isThere && remote.place.name === synced.place.name ? 'same' : 'moved'
}
