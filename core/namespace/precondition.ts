import { AppError } from '../errors.ts'
import type { NodeState } from './model.ts'

/**
 * What a client demands of the present state (RFC 9110, section 13.1): `if-match` lists entity tags, `if-none-match: *` demands that
 * there is nothing. Without one, a stale write becomes a conflicted copy; with one, it is refused and nothing is made.
 */
export type Precondition = { ifMatch: string } | { ifNoneMatch: '*' }

/** Changes with the content and with the placement of a node. */
export const entityTag = (node: Pick<NodeState, 'contentRevision' | 'placementRevision'>): string =>
  `"${node.contentRevision}.${node.placementRevision}"`

/** @throws precondition-failed */
export function requirePrecondition(precondition: Precondition, present: NodeState | null): void {
  const holds =
    'ifMatch' in precondition
      ? present !== null && listsTag(precondition.ifMatch, entityTag(present))
      : present === null
  if (holds) return
  const field = 'ifMatch' in precondition ? 'If-Match' : 'If-None-Match'
  const detail = present ? 'it has changed since you looked, or is there already' : 'it does not exist'
  throw new AppError('precondition-failed', {
    field,
    detail,
    ...(present ? { node: present.id, etag: entityTag(present) } : {}),
  })
}

const listsTag = (header: string, tag: string): boolean =>
  header.trim() === '*' || header.split(',').some((listed) => listed.trim() === tag)
