import type { ItemId } from '../../../../core/reconcile/item.ts'
import { DEPTH_MAX, type Side } from '../../../sync/store-rules.ts'

/** `undefined`: in this tree it is not. */
export type ParentOf = (side: Side, id: ItemId) => ItemId | undefined

/** How deep items are (store-rules.ts). What was walked is remembered: to be made anew whenever the trees have changed. */
export function depths(root: ItemId, parentOf: ParentOf): (id: ItemId) => number {
  const known = {
    remote: new Map<ItemId, number>(),
    local: new Map<ItemId, number>(),
    synced: new Map<ItemId, number>(),
  }

  function inTree(side: Side, id: ItemId): number | null {
    const way: ItemId[] = []
    let depth = 0
    for (let at = id; at !== root;) {
      const before = known[side].get(at)
      const parent = before === undefined ? parentOf(side, at) : undefined
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
    return depth === 0 ? null : depth
  }

  return (id) => {
    const [remote, local] = [inTree('remote', id), inTree('local', id)]
    if (remote === null && local === null) return inTree('synced', id) ?? 0
    return Math.max(remote ?? 0, local ?? 0)
  }
}
