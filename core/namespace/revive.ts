import { invariant } from '../errors.ts'
import { freeCopyName } from './free-name.ts'
import type { Mutation, NodeState } from './model.ts'
import { folderAbove, type Active } from './rules.ts'
import { standIn } from './stand-in.ts'
import type { ContentState } from './store-content.ts'
import { childOf, putNode, type View } from './view.ts'

/** A new version for a node that comes back to life. */
export type Renewal = { content: ContentState; writtenBytes: number }

/**
 * An edit beats a delete (P3): the node lives again under its own id, in the stand-in of its folder, under its name or, when that was
 * taken meanwhile, that of a conflicted copy (ED-01, ED-08).
 * @param renewal `null`: with the bytes that it has
 */
export function revive(
  view: View,
  mutation: Mutation,
  principal: Active,
  dead: NodeState,
  renewal: Renewal | null,
): NodeState {
  const above = folderOf(view, dead)
  const folder = standIn(view, mutation, above)
  const name = childOf(view, folder.id, dead.name) ? freeCopyName(view, principal, folder, dead.name) : dead.name
  const moved = folder.id !== above.id || name !== dead.name
  const state = {
    ...dead,
    ...(renewal && { ...renewal.content, contentRevision: dead.contentRevision + 1 }),
    parentId: folder.id,
    name,
    placementRevision: dead.placementRevision + (moved ? 1 : 0),
    trashedAt: null,
    trashedBy: null,
  }
  return putNode(view, mutation, 'restored', state, renewal && renewal.writtenBytes)
}

/** The folder that a node lies in, alive or not; of what was purged, the nearest above. */
export function folderOf(view: View, node: NodeState): NodeState {
  const folder = folderAbove(view, node)
  invariant(folder !== null, 'a folder above a node is there')
  return folder
}
