import { AppError } from '../errors.ts'
import type { NodeId } from '../ids.ts'
import { findNameFault, nameFaultDetail } from '../names.ts'
import type { Mutation, NodeState, PrincipalFacts } from './model.ts'
import { nodeOf, principalOf, type View } from './view.ts'

type Active = PrincipalFacts & { standing: 'active' }

/** @throws session-revoked */
export function requireActive(view: View, mutation: Mutation): Active {
  const principal = principalOf(view, mutation)
  if (principal.standing === 'active') return principal
  throw new AppError('session-revoked', { detail: 'this session may no longer change anything' })
}

/**
 * A node that the principal can see; what it cannot see does not exist for it (T11: one answer for both).
 * @throws not-found, forbidden
 */
export function requireWritable(view: View, principal: Active, id: NodeId, field: string): NodeState {
  const node = nodeOf(view, id)
  const role = node && principal.roles[node.spaceId]
  if (!node || !role) throw new AppError('not-found', { field, detail: 'no such node' })
  if (role === 'reader') throw new AppError('forbidden', { field, detail: 'you may read here, not write' })
  return node
}

/** @throws not-found, forbidden, not-a-folder */
export function requireFolder(view: View, principal: Active, id: NodeId, field: string): NodeState {
  const node = requireWritable(view, principal, id, field)
  if (node.kind !== 'folder') throw new AppError('not-a-folder', { field, detail: 'the parent is a file' })
  return node
}

/** @throws name-invalid @returns the name as it is kept: NFC */
export function requireName(name: string, field: string): string {
  const fault = findNameFault(name)
  if (fault) throw new AppError('name-invalid', { field, detail: nameFaultDetail(fault), fault })
  return name.normalize('NFC')
}
