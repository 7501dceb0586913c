import type { NodeId } from '../ids.ts'
import type { NodeState } from './model.ts'

/** Rows of a page of a snapshot, and every folder above them, as they were at one moment. */
export type SnapshotRows = { nodes: readonly NodeState[]; above: readonly NodeState[]; purged: readonly NodeId[] }

/** Where the snapshot stands: after which node the page begins, and the entry at which its first page was read. */
export type SnapshotPlace = { after: NodeId | null; seq: number }

/**
 * What a page of a snapshot tells of its rows (docs/spec/feed.md, FD-7). Left out is what was purged and what went with it, though its rows
 * may be there still; a unit that was trashed by itself below it has its place in the nearest folder above that is left. A folder above comes
 * along unless an earlier page had it, parents first.
 */
export function snapshotNodes({ nodes, above, purged }: SnapshotRows, { after, seq }: SnapshotPlace): NodeState[] {
  const known = new Map([...above, ...nodes].map((node) => [node.id, node]))
  const isPurged = new Set(purged)
  const gone = new Map<NodeId, boolean>()
  const parentOf = ({ parentId }: NodeState): NodeState | undefined =>
    parentId === null ? undefined : known.get(parentId)
  const isGone = (node: NodeState): boolean => {
    const told = gone.get(node.id)
    if (told !== undefined) return told
    const parent = parentOf(node)
    const is = isPurged.has(node.id) || (node.trashedAt === null && parent !== undefined && isGone(parent))
    gone.set(node.id, is)
    return is
  }
  const told = new Map<NodeId, NodeState>()
  const tell = (node: NodeState): void => {
    if (isGone(node) || told.has(node.id)) return
    let parent = parentOf(node)
    while (parent && isGone(parent)) parent = parentOf(parent)
    if (parent && isNews(parent)) tell(parent)
    told.set(node.id, { ...node, parentId: parent?.id ?? node.parentId })
  }
  const isNews = ({ id, changedSeq }: NodeState): boolean => after === null || id > after || changedSeq > seq
  for (const node of nodes) tell(node)
  return [...told.values()]
}
