import { isUnsettled, type ItemId } from '../../core/reconcile/item.ts'
import type { SyncStore } from './ports.ts'

/**
 * At rest, with all that the server says known: what was sent and never answered is of no more use where the three trees are one, or where nothing is
 * left of the item. The journal has shown what became of it.
 */
export function forgetSent(store: SyncStore): void {
  const settled: ItemId[] = []
  for (const id of store.unsettled()) {
    const item = store.item(id)
    if (item?.pending && !isUnsettled({ ...item, pending: null })) settled.push(id)
  }
  if (settled.length === 0) return
  store.write((to) => {
    for (const id of settled) to.setPending(id, null)
  })
}
