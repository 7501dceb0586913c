import { versionKey, type NodeState } from '../../core/namespace/model.ts'
import { putRow, removeRow } from './apply-effects.ts'
import { unitBelow, type NamespaceState } from './namespace-state.ts'

/**
 * What the collector does: what was purged goes, and everything below it; units that were trashed by themselves move up into the
 * nearest folder that was not purged. Conflicts go with either side; contents with their last version, unless a conflict holds them.
 */
export function collectPurged(state: NamespaceState): void {
  for (const id of state.purged) {
    const top = state.nodes.get(id)
    // An earlier one may have taken it along.
    if (top) removeUnit(state, top)
  }
  for (const id of state.purged) removeNode(state, state.nodes.get(id))
  state.purged.clear()
  for (const { id, original, copy } of state.conflicts.values())
    if (!state.nodes.has(original) || (copy !== null && !state.nodes.has(copy))) state.conflicts.delete(id)
  const kept = new Set([...state.versions.values(), ...state.conflicts.values()].map(({ content }) => content))
  for (const id of state.contents.keys()) if (!kept.has(id)) state.contents.delete(id)
}

function removeUnit(state: NamespaceState, top: NodeState): void {
  const unit = [top, ...unitBelow(state, top.id)]
  for (const { id } of unit) {
    for (const child of state.below.get(id) ?? []) {
      const node = state.nodes.get(child)!
      if (node.trashedAt !== null && !state.purged.has(child))
        putRow(state, { ...node, parentId: lastingParent(state, top) })
    }
  }
  for (const node of unit) if (node !== top) removeNode(state, node)
}

function lastingParent(state: NamespaceState, node: NodeState): NodeState['parentId'] {
  let { parentId } = node
  while (parentId !== null && state.purged.has(parentId)) parentId = state.nodes.get(parentId)!.parentId
  return parentId
}

function removeNode(state: NamespaceState, node: NodeState | undefined): void {
  if (!node) return
  removeRow(state, node)
  for (let revision = 1; revision <= node.contentRevision; revision++)
    state.versions.delete(versionKey(node.id, revision))
  state.below.delete(node.id)
}
