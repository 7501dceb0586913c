import { AppError, invariant } from '../errors.ts'
import type { MutationId } from '../ids.ts'
import { freeName } from './free-name.ts'
import type { ConflictFacts, NodeState, Outcome, ResolveConflict, VersionFacts } from './model.ts'
import { newContentNode } from './new-content-node.ts'
import { folderOf, revive } from './revive.ts'
import { isGone, isLive, requireActive, roleIn, type Active } from './rules.ts'
import { standIn } from './stand-in.ts'
import { contentState, isSameContent, requireSound, storeVersion } from './store-content.ts'
import { requireBase } from './versions.ts'
import { conflictOf, nodeOf, putNode, versionOf, type View } from './view.ts'

type Met = { conflict: ConflictFacts; original: NodeState }

/**
 * Ends a conflict, once for all devices. Whatever is chosen, no content goes away: what was not chosen is an older version, or in the trash.
 * @throws session-revoked, not-found, forbidden, version-conflict, not-a-file, chunk-unavailable, name-taken
 */
export function resolveConflict(view: View, mutation: ResolveConflict): Outcome {
  const principal = requireActive(view, mutation)
  const met = requireConflict(view, principal, mutation.conflict)
  const { conflict, original } = met
  if (conflict.resolution !== null) return again(mutation, met)
  if (mutation.base !== null) requireBase(original, mutation.base)
  const outcome = end(view, mutation, principal, met)
  view.effects.resolutions.push({
    id: conflict.id,
    resolution: mutation.choice,
    by: principal.userId,
    seq: view.effects.seq,
  })
  return outcome
}

/**
 * One answer for a conflict that is not there and for one that the principal may not see (T11). Who purges one of the two nodes ends their
 * conflict: there is nothing left to choose.
 */
function requireConflict(view: View, principal: Active, id: MutationId): Met {
  const conflict = conflictOf(view, id)
  const original = conflict && nodeOf(view, conflict.original)
  const role = original && roleIn(principal, original.spaceId)
  if (!conflict || !original || !role || isGone(view, original) || isCopyGone(view, conflict))
    throw new AppError('not-found', { field: 'conflict', detail: 'there is no such conflict' })
  if (role === 'reader') throw new AppError('forbidden', { field: 'conflict', detail: 'you may read here, not write' })
  return { conflict, original }
}

function isCopyGone(view: View, { copy }: ConflictFacts): boolean {
  const node = copy === null ? null : nodeOf(view, copy)
  return copy !== null && (node === null || isGone(view, node))
}

/** It was ended before: the same way is no matter, another way comes too late. */
function again({ choice }: ResolveConflict, { conflict, original }: Met): Outcome {
  const ended = conflict.resolution === 'newest-wins' ? 'mine' : conflict.resolution
  if (choice === ended) return applied(original)
  throw new AppError('version-conflict', {
    field: 'choice',
    detail: 'this conflict was ended in another way',
    resolution: conflict.resolution,
  })
}

const applied = (node: NodeState): Outcome => ({ outcome: 'applied', seq: node.changedSeq, node })

function end(view: View, mutation: ResolveConflict, principal: Active, met: Met): Outcome {
  switch (mutation.choice) {
    case 'mine':
      return takeMine(view, mutation, principal, met)
    case 'theirs':
      discardCopy(view, mutation, principal, met)
      return tell(view, mutation, met)
    case 'both':
      return keepBoth(view, mutation, principal, met)
    case 'merged':
      requireMerged(met)
      discardCopy(view, mutation, principal, met)
      return tell(view, mutation, met)
  }
}

/** The original is as it was; its entry tells all devices that the conflict is over: nothing changes without an entry (I10). */
const tell = (view: View, mutation: ResolveConflict, { original }: Met): Outcome =>
  applied(putNode(view, mutation, 'updated', original))

/** The content that came second becomes a version of the original, its conflicted copy goes to the trash. */
function takeMine(view: View, mutation: ResolveConflict, principal: Active, met: Met): Outcome {
  const { conflict, original } = met
  if (original.kind !== conflict.mine.nodeKind)
    throw new AppError('not-a-file', {
      field: 'choice',
      detail: 'the two are of different kinds: keep one of them, or both',
    })
  const copy = liveCopy(view, conflict)
  // People edit conflicted copies: what counts is what they see now.
  const mine = copy ? versionOf(view, copy, copy.contentRevision) : conflict.mine
  invariant(mine !== null, 'a node has its present version')
  const alive = isLive(view, original)
  if (alive && isSameContent(original, mine)) {
    discardCopy(view, mutation, principal, met)
    return tell(view, mutation, met)
  }
  requireSound(mine, 'conflict')
  discardCopy(view, mutation, principal, met)
  const node = alive
    ? addVersion(view, mutation, original, mine)
    : revive(view, mutation, principal, original, { content: contentState(mine), writtenBytes: 0 })
  storeVersion(view, principal, node, {
    content: mine.content,
    baseRevision: original.contentRevision,
    conflictOf: null,
  })
  return alive ? applied(node) : { outcome: 'applied', seq: node.changedSeq, node, notice: 'revived' }
}

function addVersion(view: View, mutation: ResolveConflict, original: NodeState, mine: VersionFacts): NodeState {
  const state = { ...original, ...contentState(mine), contentRevision: original.contentRevision + 1 }
  return putNode(view, mutation, 'updated', state, 0)
}

/** Side by side: the copy stays where it is; a content that only the conflict held becomes a node. */
function keepBoth(view: View, mutation: ResolveConflict, principal: Active, met: Met): Outcome {
  const { conflict, original } = met
  if (conflict.copy !== null) return tell(view, mutation, met)
  const { mine } = conflict
  requireSound(mine, 'conflict')
  const folder = standIn(view, mutation, folderOf(view, original))
  const name = freeName(view, folder, original.name)
  const state = newContentNode(view, folder, { kind: mine.nodeKind, name, content: contentState(mine) })
  const copy = putNode(view, mutation, 'created', { id: view.takeId(), ...state }, 0)
  storeVersion(view, principal, copy, {
    content: mine.content,
    baseRevision: conflict.baseRevision,
    conflictOf: original.id,
  })
  return applied(copy)
}

/** Somebody has written what holds both, as a version of the original, since the two met. */
function requireMerged({ conflict, original }: Met): void {
  if (original.contentRevision > conflict.theirRevision) return
  throw new AppError('version-conflict', {
    field: 'choice',
    detail: 'write the merged content as a version of the original first',
    node: original.id,
    contentRevision: original.contentRevision,
  })
}

function discardCopy(view: View, mutation: ResolveConflict, principal: Active, { conflict }: Met): void {
  const copy = liveCopy(view, conflict)
  if (copy) putNode(view, mutation, 'trashed', { ...copy, trashedAt: view.now, trashedBy: principal.userId })
}

function liveCopy(view: View, { copy }: ConflictFacts): NodeState | null {
  const node = copy === null ? null : nodeOf(view, copy)
  return node && isLive(view, node) ? node : null
}
