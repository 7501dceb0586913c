import type { StoreWriter, SyncStore } from '../../client/sync/ports.ts'
import type { Item, ItemId } from '../../core/reconcile/item.ts'

export type StoreUnderTest = {
  store: SyncStore
  /** As after the end of the process. */
  reopen(): SyncStore
  dispose(): void
}

export const putItem = (to: StoreWriter, id: ItemId, states: Partial<Omit<Item, 'id'>>): void => {
  if (states.remote !== undefined) to.setRemote(id, states.remote)
  if (states.local !== undefined) to.setLocal(id, states.local)
  if (states.synced !== undefined) to.setSynced(id, states.synced)
  if (states.blocked !== undefined) to.setBlocked(id, states.blocked)
  if (states.pending !== undefined) to.setPending(id, states.pending)
}

export const sorted = (ids: Iterable<ItemId>): ItemId[] => [...ids].sort()

export type Ask = () => {
  store: SyncStore
  put(id: ItemId, states: Partial<Omit<Item, 'id'>>): void
  reopen(): SyncStore
}
