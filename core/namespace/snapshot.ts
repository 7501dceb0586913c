import type { NodeId } from '../ids.ts'
import type { NodeState } from './model.ts'

/** Rows of a page of a snapshot, and every folder above them, as they were at one moment. */
export type SnapshotRows = { nodes: readonly NodeState[]; above: readonly NodeState[]; purged: readonly NodeId[] }

/** Where the snapshot stands: after which node the page begins, and the entry at which its first page was read. */
export type SnapshotPlace = { after: NodeId | null; seq: number }

/**
 * What a page of a snapshot tells of its rows (docs/spec/feed.md, FD-7). Left out is what was purged and what went with it, though its rows
 * may be there still; a unit that was trashed by itself below it has its place in the nearest folder above that is left. A folder above comes
 * along unless an earlier page had it, parents first. However deep the tree is, nothing here calls itself (SC-04).
 */
export function snapshotNodes({ nodes, above, purged }: SnapshotRows, { after, seq }: SnapshotPlace): NodeState[] {
  const known = new Map([...above, ...nodes].map((node) => [node.id, node]))
  const isPurged = new Set(purged)
  const parentOf = ({ parentId }: NodeState): NodeState | undefined =>
    parentId === null ? undefined : known.get(parentId)
  const gone = new Map<NodeId, boolean>()
  const isGone = (node: NodeState): boolean => {
    const way: NodeState[] = []
    for (let at: NodeState | undefined = node; at && !gone.has(at.id); at = parentOf(at)) {
      way.push(at)
      gone.set(at.id, false)
    }
    for (const at of way.toReversed()) {
      const parent = parentOf(at)
      const isBelow = at.trashedAt === null && parent !== undefined && gone.get(parent.id) === true
      gone.set(at.id, isPurged.has(at.id) || isBelow)
    }
    return gone.get(node.id)!
  }
  const leftAbove = (node: NodeState): NodeState | undefined => {
    let parent = parentOf(node)
    while (parent && isGone(parent)) parent = parentOf(parent)
    return parent
  }
  const isNews = ({ id, changedSeq }: NodeState): boolean => after === null || id > after || changedSeq > seq
  const told = new Map<NodeId, NodeState>()
  for (const node of nodes) {
    if (isGone(node)) continue
    const way = new Set<NodeState>()
    for (let at: NodeState | undefined = node; at && !told.has(at.id) && !way.has(at); at = leftAbove(at)) {
      if (at !== node && !isNews(at)) break
      way.add(at)
    }
    for (const at of [...way].toReversed()) told.set(at.id, { ...at, parentId: leftAbove(at)?.id ?? at.parentId })
  }
  return [...told.values()]
}
