import type { ItemId } from '../../core/reconcile/item.ts'
import type { SyncStore } from './ports.ts'

/** Before the last thing that this disk was seen to do. */
const RECENT_NS = 10n * 60n * 1_000_000_000n

/**
 * After a stop that was none: what was written shortly before may have lost its bytes and kept its stamp, so it is read anew. Only times of this disk are
 * compared with one another.
 */
export function distrustRecent(store: SyncStore): void {
  let newest = 0n
  for (const { ctimeNs } of localStamps(store)) if (ctimeNs > newest) newest = ctimeNs
  const recent: ItemId[] = []
  for (const { id, ctimeNs } of localStamps(store)) if (ctimeNs >= newest - RECENT_NS) recent.push(id)
  store.write((to) => {
    for (const id of recent) {
      const local = store.item(id)?.local
      if (local?.kind === 'file') to.setLocal(id, { ...local, isSettled: false })
    }
  })
}

function* localStamps(store: SyncStore): Iterable<{ id: ItemId; ctimeNs: bigint }> {
  const folders: ItemId[] = [store.root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { id, state } of store.localIn(folder)) {
      if (state.kind === 'folder') folders.push(id)
      if (state.kind === 'file') yield { id, ctimeNs: BigInt(state.stamp.ctimeNs) }
    }
  }
}
