import { AppError } from '../errors.ts'
import type { NodeId, SpaceId } from '../ids.ts'
import { findNameFault, nameFaultDetail } from '../names.ts'
import type { Mutation, NodeRef, NodeState, PrincipalFacts, SpaceRole } from './model.ts'
import { nodeOf, principalOf, type View } from './view.ts'

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
  const node = nodeOf(view, id)
  const role = node && roleIn(principal, node.spaceId)
  if (!node || !role || view.facts.purged.has(id)) throw new AppError('not-found', { field, detail: 'no such node' })
  if (role === 'reader') throw new AppError('forbidden', { field, detail: 'you may read here, not write' })
  return node
}

export const roleIn = ({ roles }: Active, space: SpaceId): SpaceRole | undefined =>
  roles === 'every-space' ? 'manager' : roles[space]

/**
 * The same, and it lives: neither it nor a folder above it is in the trash.
 * @throws not-found, forbidden, in-trash
 */
export function requireWritable(view: View, principal: Active, id: NodeId, field: string): NodeState {
  const node = requireMine(view, principal, id, field)
  const dead = deadAbove(view, node)
  if (dead) throw inTrash(field, dead)
  return node
}

export const inTrash = (field: string, dead: NodeState): AppError =>
  new AppError('in-trash', { field, detail: 'it is in the trash: restore it, or make it anew', trashed: dead.id })

/** The topmost node on the way up from `node`, itself included, that is in the trash; `null` when it lives. */
export function deadAbove(view: View, node: NodeState): NodeState | null {
  let dead: NodeState | null = null
  for (let at: NodeState | null = node; at; at = at.parentId === null ? null : nodeOf(view, at.parentId))
    if (at.trashedAt !== null) dead = at
  return dead
}

export const isLive = (view: View, node: NodeState): boolean => deadAbove(view, node) === null

/** Whether `folder` is `node` itself or lies below it. */
export function isWithin(view: View, folder: NodeState, node: NodeId): boolean {
  for (let at: NodeState | null = folder; at; at = at.parentId === null ? null : nodeOf(view, at.parentId))
    if (at.id === node) return true
  return false
}

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
