import type { ItemId } from '../../core/reconcile/item.ts'
import type { SyncStore } from './ports.ts'

/** Before the last thing that this disk was seen to do. */
const RECENT_NS = 10n * 60n * 1_000_000_000n

/**
 * After a stop that was none. What was written shortly before may have lost its bytes and kept its stamp, so it is read anew. And when it was the machine that
 * fell, what was made shortly before may have lost its name: that is no delete, whoever has it on the server. Until everything was looked at once, that is
 * remembered; a fall before that begins anew.
 */
export class AfterFall {
  readonly #store: SyncStore
  /** What may have lost its name; `null`: nothing has fallen, or all was looked at. */
  #doubted: ItemId[] | null

  /**
   * @param how.bootId which start of the machine this is; `null`: it does not say, so it may have fallen
   * @param how.nowNs by the clock of the disk
   */
  constructor(store: SyncStore, how: { wasStoppedCleanly: boolean; bootId: string | null; nowNs: bigint }) {
    const { wasStoppedCleanly, bootId, nowNs } = how
    this.#store = store
    const isSameBoot = bootId !== null && store.meta('boot') === bootId
    const hasFallen = store.meta('fallen') !== null || !(wasStoppedCleanly || isSameBoot)
    const recent = wasStoppedCleanly && !hasFallen ? [] : recentIn(store, nowNs)
    if (!wasStoppedCleanly) readAnew(store, recent)
    this.#doubted = hasFallen ? recent : null
    store.write((to) => {
      to.setMeta('boot', bootId)
      to.setMeta('fallen', hasFallen ? 'yes' : null)
    })
  }

  /** Everything was looked at: what was not found is fetched again. Only times of this disk are compared with one another. */
  settle(): void {
    if (this.#doubted === null) return
    const lost = this.#doubted.filter((id) => {
      const item = this.#store.item(id)
      return item !== null && item.local === null && item.remote !== null && item.synced !== null
    })
    this.#doubted = null
    this.#store.write((to) => {
      for (const id of lost) to.setSynced(id, null)
      to.setMeta('fallen', null)
    })
  }
}

/** What seems to be of the future was changed before somebody set the clock back: nobody knows how long before. */
function recentIn(store: SyncStore, nowNs: bigint): ItemId[] {
  let newest = 0n
  for (const { ctimeNs } of localStamps(store)) if (ctimeNs > newest && ctimeNs <= nowNs) newest = ctimeNs
  const recent: ItemId[] = []
  for (const { id, ctimeNs } of localStamps(store)) if (ctimeNs >= newest - RECENT_NS) recent.push(id)
  return recent
}

function readAnew(store: SyncStore, recent: readonly ItemId[]): void {
  if (recent.length === 0) return
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
      yield { id, ctimeNs: BigInt(state.stamp.ctimeNs) }
    }
  }
}
