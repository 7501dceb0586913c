import { AppError } from '../errors.ts'
import type { Outcome, Purge } from './model.ts'
import { isLive, requireActive, requireMine, requireNoRoot, roleIn } from './rules.ts'
import { markPurged, putNode, wake, type View } from './view.ts'

/**
 * Out of the trash for good, with what went there with it; only for managers. Units below it that were trashed by themselves stay in the trash
 * (`isGone`). Whatever is purged is marked as trashed by itself, so that it stays dead when the unit that it lay in is restored.
 * @throws session-revoked, not-found, forbidden, version-conflict: it lives
 */
export function purge(view: View, mutation: Purge): Outcome {
  const principal = requireActive(view, mutation)
  const node = requireMine(view, principal, mutation.node, 'node')
  if (roleIn(principal, node.spaceId) !== 'manager')
    throw new AppError('forbidden', { field: 'node', detail: 'only managers of its space delete for good' })
  requireNoRoot(node)
  if (isLive(view, node))
    throw new AppError('version-conflict', {
      field: 'node',
      detail: 'it is not in the trash: it was restored, or never deleted',
      node: node.id,
    })
  if (mutation.trashedUntil !== undefined && (node.trashedAt ?? Infinity) > mutation.trashedUntil)
    throw new AppError('version-conflict', {
      field: 'node',
      detail: 'it went into the trash again since',
      node: node.id,
    })
  markPurged(view, node.id)
  const purged = putNode(view, mutation, 'purged', {
    ...node,
    trashedAt: node.trashedAt ?? view.now,
    trashedBy: node.trashedBy ?? principal.userId,
  })
  wake(view, 'node.purged', { nodeId: node.id }, mutation.traceparent)
  return { outcome: 'applied', seq: purged.changedSeq, node: purged }
}
