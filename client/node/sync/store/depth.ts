import type { Item, ItemId } from '../../../../core/reconcile/item.ts'
import { DEPTH_MAX, type Side } from '../../../sync/store-rules.ts'

/** How deep items are (store-rules.ts). It remembers what it walked: made anew after every change of the trees. */
export type Depths = { of(item: Item): number }

export function depths(root: ItemId, find: (id: ItemId) => Item | null): Depths {
  const known = {
    remote: new Map<ItemId, number>(),
    local: new Map<ItemId, number>(),
    synced: new Map<ItemId, number>(),
  }

  function inTree(side: Side, id: ItemId): number {
    const way: ItemId[] = []
    let depth = 0
    for (let at = id; at !== root;) {
      const before = known[side].get(at)
      const parent = before === undefined ? find(at)?.[side]?.place.parent : undefined
      if (parent === undefined) {
        depth = before ?? 0
        break
      }
      way.push(at)
      // A circle: it can be there while a snapshot is read.
      if (way.length >= DEPTH_MAX) return DEPTH_MAX
      at = parent
    }
    for (const step of way.reverse()) {
      depth = Math.min(depth + 1, DEPTH_MAX)
      known[side].set(step, depth)
    }
    return depth
  }

  return {
    of({ id, remote, local, synced }) {
      if (!remote && !local) return synced ? inTree('synced', id) : 0
      return Math.max(remote ? inTree('remote', id) : 0, local ? inTree('local', id) : 0)
    },
  }
}
