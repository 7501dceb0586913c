import { AppError, invariant } from '../errors.ts'
import { freeName } from './free-name.ts'
import type { NodeState, Notice, Outcome, Place, Restore } from './model.ts'
import { folderOf } from './revive.ts'
import {
  deadAbove,
  folderAbove,
  isLive,
  nameTaken,
  requireActive,
  requireFolder,
  requireMine,
  requireName,
  requireNoRoot,
  requireRoom,
  type Active,
} from './rules.ts'
import { childOf, putNode, type View } from './view.ts'

type Destination = { parent: NodeState; name: string; notice?: Notice }

/**
 * Out of the trash, with what went there with it; one thing out of a unit, too. What lives already stays as it is.
 * @throws session-revoked, name-invalid, not-found, forbidden, in-trash, not-a-folder, other-space, too-large, name-taken
 */
export function restore(view: View, mutation: Restore): Outcome {
  const principal = requireActive(view, mutation)
  const node = requireMine(view, principal, mutation.node, 'node')
  requireNoRoot(node)
  if (isLive(view, node)) return { outcome: 'applied', seq: node.changedSeq, node }
  const above = folderOf(view, node)
  const { parent, name, notice } = mutation.to
    ? askedPlace(view, principal, node, mutation.to)
    : ownPlace(view, node, above)
  const hasMoved = parent.id !== above.id || name !== node.name
  const restored = putNode(view, mutation, 'restored', {
    ...node,
    parentId: parent.id,
    name,
    placementRevision: node.placementRevision + (hasMoved ? 1 : 0),
    trashedAt: null,
    trashedBy: null,
  })
  return { outcome: 'applied', seq: restored.changedSeq, node: restored, ...(notice && { notice }) }
}

/**
 * Where it was, or the nearest folder above that lives; under its name, or one that is free. The notice says what is not as it was.
 * @param above where it has its place: that of what was purged is above it from then on, whether the collector has been there or not
 */
function ownPlace(view: View, node: NodeState, above: NodeState): Destination {
  const dead = deadAbove(view, above)
  const parent = dead ? folderAbove(view, dead) : above
  invariant(parent, 'the root of a space is never in the trash')
  const name = freeName(view, parent, node.name)
  if (parent.id !== above.id) return { parent, name, notice: 'parent-gone' }
  return name === node.name ? { parent, name } : { parent, name, notice: 'renamed' }
}

function askedPlace(view: View, principal: Active, node: NodeState, to: Place): Destination {
  const name = requireName(to.name, 'to/name')
  const parent = requireFolder(view, principal, to.parent, 'to/parent')
  if (parent.spaceId !== node.spaceId)
    throw new AppError('other-space', { field: 'to/parent', detail: 'it is restored within its space' })
  if (node.kind === 'folder') requireRoom(view, parent, 1)
  const there = childOf(view, parent.id, name)
  if (there) throw nameTaken(there)
  return { parent, name }
}
