import type { ItemId, Placement } from '../../../core/reconcile/item.ts'
import type { ScanRun } from './scan-run.ts'

/** Forgotten in one transaction. */
const BATCH = 512

/**
 * Forgets what is ignored on both sides, and all below it: nobody looks at it any more, so nothing may be concluded from what was known of it. When it is
 * not ignored any more, what is here is new, and compared with what the server has (SS-09); what is not here then is fetched, not deleted.
 */
export function leaveOut(run: ScanRun): void {
  for (const [id, place] of run.leftOut) if (isStillAt(run, id, place)) forgetTree(run, id)
}

/** Somebody may have given it a name that is not ignored. */
function isStillAt({ store }: ScanRun, id: ItemId, { parent, name }: Placement): boolean {
  const local = store.item(id)?.local
  return local?.place.parent === parent && local.place.name === name
}

/** From the leaves up, so that every folder that is still known is so with those above it, wherever it is cut off. */
function forgetTree(run: ScanRun, top: ItemId): void {
  const ids = [...below(run, top)].reverse()
  for (let from = 0; from < ids.length; from += BATCH)
    run.store.write((to) => {
      for (const id of ids.slice(from, from + BATCH)) {
        run.sums.changed++
        to.setLocal(id, null)
        to.setSynced(id, null)
        to.setPending(id, null)
        to.setBlocked(id, null)
      }
    })
}

/** Without what has left it here for another place. */
function below({ store }: ScanRun, top: ItemId): Set<ItemId> {
  const ids = new Set([top])
  for (const id of ids) {
    for (const child of store.children('local', id)) ids.add(child)
    for (const child of store.children('synced', id)) if (!store.item(child)?.local) ids.add(child)
  }
  return ids
}
