import type { NodeId, SpaceId } from '../../core/ids.ts'
import type { JournalEntry } from '../../core/namespace/effects.ts'
import type { NodeState } from '../../core/namespace/model.ts'
import { childKey } from '../../core/namespace/view.ts'
import type { NamespaceState } from './namespace-state.ts'

/**
 * I7: one root a space, every parent is a folder of the same space, no cycle, sibling names unique.
 * @throws Error that names the node
 */
export function requireLawfulTree({ nodes, purged }: Pick<NamespaceState, 'nodes' | 'purged'>): void {
  const roots = new Set<SpaceId>()
  const names = new Map<string, NodeId>()
  const grounded = new Set<NodeId>()
  for (const node of nodes.values()) {
    requireGround(nodes, grounded, node)
    if (node.parentId === null) {
      if (roots.has(node.spaceId)) throw new Error(`space ${node.spaceId} has two roots`)
      if (node.trashedAt !== null) throw new Error(`the root ${node.id} is in the trash`)
      roots.add(node.spaceId)
    } else if (node.trashedAt === null && !purged.has(node.id)) {
      const key = childKey(node.parentId, node.name)
      if (names.has(key)) throw new Error(`${names.get(key)} and ${node.id} have one name`)
      names.set(key, node.id)
    }
  }
}

/** The way up ends at a root. `grounded` holds the nodes whose way is known. */
function requireGround(nodes: NamespaceState['nodes'], grounded: Set<NodeId>, node: NodeState): void {
  const way = new Set<NodeId>()
  for (let at = node; !grounded.has(at.id);) {
    if (way.has(at.id)) throw new Error(`${at.id} lies below itself`)
    way.add(at.id)
    if (at.parentId === null) break
    const parent = nodes.get(at.parentId)
    if (!parent) throw new Error(`the parent of ${at.id} is not there`)
    if (parent.kind !== 'folder') throw new Error(`the parent of ${at.id} is a ${parent.kind}`)
    if (parent.spaceId !== at.spaceId) throw new Error(`the parent of ${at.id} is in another space`)
    at = parent
  }
  for (const id of way) grounded.add(id)
}

/**
 * What a reader of the journal has after these entries (I10): the last state of each node. `purged` takes away the node and what lies
 * below it, but for units that were trashed by themselves: they move up into the folder that held it.
 */
export function foldJournal(entries: Iterable<JournalEntry>): Map<NodeId, NodeState> {
  const nodes = new Map<NodeId, NodeState>()
  for (const { kind, node } of entries) {
    if (kind === 'purged') forget(nodes, node)
    else nodes.set(node.id, node)
  }
  return nodes
}

function forget(nodes: Map<NodeId, NodeState>, top: NodeState): void {
  const { parentId } = nodes.get(top.id) ?? top
  nodes.delete(top.id)
  const gone = new Set([top.id])
  for (let before = -1; before !== gone.size;) {
    before = gone.size
    for (const node of nodes.values()) {
      if (node.parentId === null || !gone.has(node.parentId)) continue
      if (node.trashedAt !== null) nodes.set(node.id, { ...node, parentId })
      else if (nodes.delete(node.id)) gone.add(node.id)
    }
  }
}
