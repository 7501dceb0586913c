import { isGoneBack } from '../../core/reconcile/changes.ts'
import { isUnsettled, type Item, type ItemId, type LocalState } from '../../core/reconcile/item.ts'

/**
 * What every store of the three trees has in common: the one in SQLite and the one in memory.
 *
 * Depth. `unsettled` comes by depth, then by id (local ids by number, then node ids). An item is as deep as it is in the tree, remote or local, in
 * which it is deeper; the synced tree counts when it is in neither. So a new folder always comes before what is put into it. An item whose
 * way up ends before the root (its folder is not known yet) is as deep as that way is long.
 */
export const DEPTH_MAX = 4_096

export type Side = 'remote' | 'local' | 'synced'

export const blankItem = (id: ItemId): Item => ({
  id,
  remote: null,
  local: null,
  synced: null,
  blocked: null,
  pending: null,
})

/** There is nothing to keep. */
export const isBlank = ({ remote, local, synced, blocked, pending }: Item): boolean =>
  !remote && !local && !synced && !blocked && !pending

/** Its bytes are not known for certain: what `SyncStore.unread` lists. */
export const isUnread = (local: LocalState | null): boolean =>
  local !== null && (local.content === null || !local.isSettled)

/** The root itself is where it is on both sides: there is nothing to settle. */
export const isListedUnsettled = (item: Item, root: ItemId): boolean => item.id !== root && isUnsettled(item)

/** What one item adds to the sums that a store keeps. */
export type Tally = {
  items: number
  unsettled: number
  blocked: number
  synced: number
  goneLocal: number
  goneRemote: number
  /** See `isGoneBack`. */
  goneBack: number
}

export const NO_TALLY: Tally = {
  items: 0,
  unsettled: 0,
  blocked: 0,
  synced: 0,
  goneLocal: 0,
  goneRemote: 0,
  goneBack: 0,
}

/** @param sign 1: it came, -1: it went */
export function addToTally(sum: Tally, item: Item, options: { root: ItemId; sign: 1 | -1 }): void {
  if (isBlank(item)) return
  const { root, sign } = options
  sum.items += sign
  if (isListedUnsettled(item, root)) sum.unsettled += sign
  if (item.blocked) sum.blocked += sign
  if (!item.synced || item.id === root) return
  sum.synced += sign
  if (item.remote && !item.local) sum.goneLocal += sign
  if (item.local && !item.remote) sum.goneRemote += sign
  if (isGoneBack(item)) sum.goneBack += sign
}

/** See `StoreWriter.become`. */
export function handOver(from: Item, to: Item): { from: Item; to: Item } {
  return {
    from: { ...from, local: null, synced: null, blocked: null, pending: null },
    to: {
      ...to,
      local: from.local ?? to.local,
      synced: from.synced ?? to.synced,
      blocked: from.blocked ?? to.blocked,
      pending: from.pending ?? to.pending,
    },
  }
}
