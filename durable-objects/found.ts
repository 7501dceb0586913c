import { AppError } from '../core/errors.ts'
import type { NodeState } from '../core/namespace/model.ts'
import type { Placed } from '../db/tenant/reads.ts'

/** @throws not-found */
export function found<T>(thing: T | null): T {
  if (thing === null) throw new AppError('not-found')
  return thing
}

/** @throws not-found; in-trash, which says what was deleted */
export function living(placed: Placed | null): NodeState {
  const { node, trashed } = found(placed)
  if (trashed === null) return node
  throw new AppError('in-trash', { field: 'id', detail: 'it is in the trash: restore it, or make it anew', trashed })
}

/** @throws not-a-file */
export function requireContent(node: NodeState): NodeState {
  if (node.kind === 'folder') throw new AppError('not-a-file', { detail: 'a folder has no content' })
  return node
}
