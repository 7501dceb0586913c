import { isSameContent, type ItemId } from '../../core/reconcile/item.ts'
import type { StoreWriter, SyncStore } from './ports.ts'

/**
 * The server was restored from a backup: what both sides agreed on in the old epoch it may have lost, and its revisions count anew. What is
 * here and not there was lost, not deleted, and is sent again; of what differs both are kept. Nothing is deleted on either side for it (SV-05).
 */
export function forgetOldEpoch(store: SyncStore, to: StoreWriter): void {
  const wanted: ItemId[] = [...store.children('synced', store.root)]
  for (let id = wanted.pop(); id !== undefined; id = wanted.pop()) {
    wanted.push(...store.children('synced', id))
    const { remote = null, synced = null } = store.item(id) ?? {}
    if (synced === null) continue
    to.setPending(id, null)
    if (remote === null || !isSameContent(remote.content, synced.content)) to.setSynced(id, null)
    else {
      const { contentRevision, placementRevision } = remote
      to.setSynced(id, { ...synced, contentRevision, placementRevision })
    }
  }
}
