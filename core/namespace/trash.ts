import { AppError, invariant } from '../errors.ts'
import type { NodeId } from '../ids.ts'
import { freeName } from './free-name.ts'
import type { NodeState, Outcome, Trash } from './model.ts'
import { isLive, requireActive, requireMine, requireNoRoot, type Active } from './rules.ts'
import { standIn } from './stand-in.ts'
import { nodeOf, nodesOf, putNode, survivorsOf, type View } from './view.ts'

/** Folders that one delete may make anew for what survives it. */
export const STAND_INS_MAX = 2_000

/**
 * Into the trash, as a unit: one row, whatever lies below. An edit beats it (P3), and it takes only what the deleter had seen (P4).
 * What is in the trash already stays as it is (ED-05).
 * @throws session-revoked, not-found, forbidden, version-conflict, too-large
 */
export function trash(view: View, mutation: Trash): Outcome {
  const principal = requireActive(view, mutation)
  const node = requireMine(view, principal, mutation.node, 'node')
  requireNoRoot(node)
  if (!isLive(view, node)) return applied(node)
  if (node.kind !== 'folder') requireSeenContent(node, mutation)
  else if (mutation.seen !== null) return trashSeen(view, mutation, principal, node, mutation.seen)
  return applied(putAway(view, mutation, principal, node))
}

const applied = (node: NodeState): Outcome => ({ outcome: 'applied', seq: node.changedSeq, node })

const putAway = (view: View, mutation: Trash, principal: Active, node: NodeState): NodeState =>
  putNode(view, mutation, 'trashed', { ...node, trashedAt: view.now, trashedBy: principal.userId })

/** Edit beats delete (P3, ED-02). A move does not: it may have gone elsewhere since (MD-01). */
function requireSeenContent(node: NodeState, { base, seen }: Trash): void {
  const hasSeen = base === null ? seen === null || node.contentSeq <= seen : base === node.contentRevision
  if (hasSeen) return
  throw new AppError('version-conflict', {
    field: base === null ? 'seen' : 'base',
    detail: 'it has changed since you looked',
    node: node.id,
    contentRevision: node.contentRevision,
  })
}

/**
 * The folder goes under its own id, with all that lies below it; then what the deleter had not seen comes back, each thing
 * into a folder that stands where its own stood (FD-01).
 */
function trashSeen(view: View, mutation: Trash, principal: Active, folder: NodeState, seen: number): Outcome {
  const survivors = survivorsOf(view, folder.id, seen, mutation.actor.sessionId)
  if (survivors === 'too-many') throw tooLarge()
  // In one order, whoever gathered them.
  const nodes = nodesOf(view, survivors.toSorted())
  const trashed = putAway(view, mutation, principal, folder)
  if (nodes.length === 0) return applied(trashed)
  const standIns = new Map<NodeId, NodeState>()
  for (const node of nodes) {
    bringBack(view, mutation, node, standIns)
    if (standIns.size > STAND_INS_MAX) throw tooLarge()
  }
  const inPlace = standIns.get(folder.id)
  invariant(inPlace, 'what survives lies below the folder')
  return { outcome: 'conflict', seq: inPlace.changedSeq, node: inPlace, original: folder.id }
}

function bringBack(view: View, mutation: Trash, survivor: NodeState, standIns: Map<NodeId, NodeState>): void {
  const above = survivor.parentId === null ? null : nodeOf(view, survivor.parentId)
  invariant(above, 'a folder above a node is there')
  const parent = standIn(view, mutation, above, standIns)
  putNode(view, mutation, 'restored', {
    ...survivor,
    parentId: parent.id,
    name: freeName(view, parent, survivor.name),
    placementRevision: survivor.placementRevision + 1,
  })
}

const tooLarge = (): AppError =>
  new AppError('too-large', {
    field: 'seen',
    detail: 'too much below it came or changed since you looked: read the changes, then delete again',
  })
