import { AppError } from '../errors.ts'
import type { NodeId, SpaceId } from '../ids.ts'
import { findNameFault, nameFaultDetail } from '../names.ts'
import type { Mutation, NodeRef, NodeState, PrincipalFacts, SpaceRole } from './model.ts'
import { nodeOf, principalOf, type View } from './view.ts'

/** How many folders may lie above a folder (SC-04). A move does not look below what it moves, so what it carries along may lie deeper. */
export const MAX_DEPTH = 1_000

export type Active = PrincipalFacts & { standing: 'active' }

/** @throws session-revoked */
export function requireActive(view: View, mutation: Mutation): Active {
  const principal = principalOf(view, mutation)
  if (principal.standing === 'active') return principal
  throw new AppError('session-revoked', { detail: 'this session may no longer change anything' })
}

/**
 * A node that the principal may change, wherever it is; what it cannot see does not exist for it (T11: one answer for both).
 * @throws not-found, forbidden
 */
export function requireMine(view: View, principal: Active, id: NodeId, field: string): NodeState {
  const node = requireKnown(view, principal, id, field)
  if (roleIn(principal, node.spaceId) === 'reader')
    throw new AppError('forbidden', { field, detail: 'you may read here, not write' })
  return node
}

/** A node that lives and that the principal may read. @throws not-found, in-trash */
export function requireReadable(view: View, principal: Active, id: NodeId, field: string): NodeState {
  const node = requireKnown(view, principal, id, field)
  requireLive(view, node, field)
  return node
}

function requireKnown(view: View, principal: Active, id: NodeId, field: string): NodeState {
  const node = nodeOf(view, id)
  if (node && roleIn(principal, node.spaceId) && !isGone(view, node)) return node
  throw new AppError('not-found', { field, detail: 'no such node' })
}

/** The root of a space stays where it is, as long as there is the space. @throws forbidden */
export function requireNoRoot({ parentId }: NodeState): void {
  if (parentId === null) throw new AppError('forbidden', { field: 'node', detail: 'this is the root of a space' })
}

export const roleIn = ({ roles }: Active, space: SpaceId): SpaceRole | undefined =>
  roles === 'every-space' ? 'manager' : roles[space]

/**
 * The same, and it lives: neither it nor a folder above it is in the trash.
 * @throws not-found, forbidden, in-trash
 */
export function requireWritable(view: View, principal: Active, id: NodeId, field: string): NodeState {
  const node = requireMine(view, principal, id, field)
  requireLive(view, node, field)
  return node
}

function requireLive(view: View, node: NodeState, field: string): void {
  const dead = deadAbove(view, node)
  if (dead) throw inTrash(field, dead)
}

export const inTrash = (field: string, dead: NodeState): AppError =>
  new AppError('in-trash', { field, detail: 'it is in the trash: restore it, or make it anew', trashed: dead.id })

/**
 * The topmost node on the way up from `node`, itself included, that is in the trash; `null` when it lives. What was purged counts only
 * when there is no other: it will not be there for long.
 */
export function deadAbove(view: View, node: NodeState): NodeState | null {
  let dead: NodeState | null = null
  for (let at: NodeState | null = node; at; at = parentOf(view, at))
    if (at.trashedAt !== null && (dead === null || !view.facts.purged.has(at.id))) dead = at
  return dead
}

/**
 * Purged, itself or with a folder above it. A unit that was trashed by itself is not gone with a folder that is purged later: it stays in
 * the trash until its own time is over.
 */
export function isGone(view: View, node: NodeState): boolean {
  for (let at: NodeState | null = node; at; at = parentOf(view, at)) {
    if (view.facts.purged.has(at.id)) return true
    if (at.trashedAt !== null) return false
  }
  return false
}

const parentOf = (view: View, { parentId }: NodeState): NodeState | null =>
  parentId === null ? null : nodeOf(view, parentId)

/** The nearest folder above `node` that is not gone: its parent, as it will be when the collector has been there. */
export function folderAbove(view: View, node: NodeState): NodeState | null {
  let above = parentOf(view, node)
  for (let at = above; at; at = parentOf(view, at)) {
    if (view.facts.purged.has(at.id)) above = parentOf(view, at)
    else if (at.trashedAt !== null) break
  }
  return above
}

export const isLive = (view: View, node: NodeState): boolean => deadAbove(view, node) === null

/** Whether `folder` is `node` itself or lies below it. */
export function isWithin(view: View, folder: NodeState, node: NodeId): boolean {
  for (let at: NodeState | null = folder; at; at = parentOf(view, at)) if (at.id === node) return true
  return false
}

/** That `levels` levels of folders may be put into `parent`. @throws too-large */
export function requireRoom(view: View, parent: NodeState, levels: number): void {
  let depth = levels
  for (let at = parentOf(view, parent); at; at = parentOf(view, at)) depth++
  if (depth > MAX_DEPTH)
    throw new AppError('too-large', { field: 'parent', detail: `at most ${MAX_DEPTH} folders inside one another` })
}

export const nameTaken = (there: NodeState): AppError =>
  new AppError('name-taken', {
    field: 'name',
    detail: `a ${there.kind} of this name is here already`,
    node: there.id,
  })

/** @throws not-found, forbidden, in-trash, not-a-folder */
export function requireFolder(view: View, principal: Active, ref: NodeRef, field: string): NodeState {
  const node = requireWritable(view, principal, resolveRef(view, ref, field), field)
  if (node.kind !== 'folder') throw new AppError('not-a-folder', { field, detail: 'the parent is no folder' })
  return node
}

/** @throws not-found: the mutation that should have made it made nothing */
export function resolveRef(view: View, ref: NodeRef, field: string): NodeId {
  if (typeof ref === 'string') return ref
  const made = view.decided.get(ref.madeBy) ?? view.facts.priors.get(ref.madeBy)
  if (made && made.outcome.outcome !== 'rejected') return made.outcome.node.id
  throw new AppError('not-found', { field, detail: 'the folder that should hold this was not made' })
}

/** @throws name-invalid @returns the name as it is kept: NFC */
export function requireName(name: string, field: string): string {
  const fault = findNameFault(name)
  if (fault) throw new AppError('name-invalid', { field, detail: nameFaultDetail(fault), fault })
  return name.normalize('NFC')
}
