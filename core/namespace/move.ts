import { AppError } from '../errors.ts'
import { freeCopyName } from './free-name.ts'
import type { Move, NodeState, Outcome } from './model.ts'
import {
  isWithin,
  nameTaken,
  requireActive,
  requireFolder,
  requireName,
  requireNoRoot,
  requireRoom,
  requireWritable,
  type Active,
} from './rules.ts'
import { childOf, putNode, type View } from './view.ts'

type Target = { parent: NodeState; name: string }

/**
 * Moves, renames, or both: one row and one entry, whatever lies below. Server order wins (P5): who had not seen where it is now is refused,
 * unless it is already where it should go (MV-18).
 * @throws session-revoked, name-invalid, not-found, forbidden, in-trash, not-a-folder, other-space, version-conflict, would-cycle,
 *   too-large, name-taken
 */
export function move(view: View, mutation: Move): Outcome {
  const principal = requireActive(view, mutation)
  const name = requireName(mutation.to.name, 'to/name')
  const node = requireWritable(view, principal, mutation.node, 'node')
  requireNoRoot(node)
  const parent = requireFolder(view, principal, mutation.to.parent, 'to/parent')
  if (parent.spaceId !== node.spaceId)
    throw new AppError('other-space', { field: 'to/parent', detail: 'a move stays within its space' })
  if (node.parentId === parent.id && node.name === name) return applied(node)
  requirePlacement(node, mutation)
  if (isWithin(view, parent, node.id))
    throw new AppError('would-cycle', { field: 'to/parent', detail: 'a folder cannot go into itself or below itself' })
  if (node.kind === 'folder') requireRoom(view, parent, 1)
  const there = childOf(view, parent.id, name)
  return there
    ? meetOther(view, mutation, principal, { node, there, to: { parent, name } })
    : applied(place(view, mutation, node, { parent, name }))
}

const applied = (node: NodeState): Outcome => ({ outcome: 'applied', seq: node.changedSeq, node })

function requirePlacement(node: NodeState, { base }: Move): void {
  if (base === null || base === node.placementRevision) return
  throw new AppError('version-conflict', {
    field: 'base',
    detail: 'it was moved or renamed since you looked',
    node: node.id,
    placementRevision: node.placementRevision,
  })
}

const place = (view: View, mutation: Move, node: NodeState, { parent, name }: Target): NodeState =>
  putNode(view, mutation, 'moved', {
    ...node,
    parentId: parent.id,
    name,
    placementRevision: node.placementRevision + 1,
  })

type Meeting = { node: NodeState; there: NodeState; to: Target }

function meetOther(view: View, mutation: Move, principal: Active, { node, there, to }: Meeting): Outcome {
  switch (mutation.ifExists) {
    case 'fail':
      throw nameTaken(there)
    case 'keep-both': {
      const name = freeCopyName(view, principal, to.parent, to.name)
      const moved = place(view, mutation, node, { ...to, name })
      return { outcome: 'conflict', seq: moved.changedSeq, node: moved, original: there.id }
    }
    case 'replace':
      if (there.kind === 'folder') throw nameTaken(there)
      requireSeen(there, mutation)
      putNode(view, mutation, 'trashed', { ...there, trashedAt: view.now, trashedBy: principal.userId })
      return applied(place(view, mutation, node, to))
  }
}

/** Nobody replaces what he has not seen (P1, RN-09): also what got this name by a rename is another thing than the one that was meant. */
function requireSeen(there: NodeState, { seen }: Move): void {
  if (seen === null || there.changedSeq <= seen) return
  throw new AppError('version-conflict', {
    field: 'seen',
    detail: 'what is to be replaced came or changed since you looked',
    node: there.id,
    contentRevision: there.contentRevision,
  })
}
