import type { NodeState } from '../../core/namespace/model.ts'
import type { Cloud } from './cloud.ts'
import type { Device } from './device.ts'

/** The path of a node below the root of a device; `null`: it is not below that. */
export function shownAt({ server, rootId }: Cloud, { root }: Device, { id }: NodeState): string | null {
  if (root === rootId) return server.path(id)
  const above = `${server.path(root)}/`
  return server.path(id).startsWith(above) ? server.path(id).slice(above.length) : null
}

/** The device has been told of everything that makes it live. */
export function isKnownLive({ state }: Cloud, { store }: Device, node: NodeState): boolean {
  for (let at: NodeState | undefined = node; at; at = at.parentId === null ? undefined : state.nodes.get(at.parentId))
    if (at.changedSeq > store.cursor.seen) return false
  return true
}

/** Its person does not want it there, or a folder that it is in. */
export function isUnselectedBy({ state }: Cloud, { unselected }: Device, node: NodeState): boolean {
  for (let at: NodeState | undefined = node; at; at = at.parentId === null ? undefined : state.nodes.get(at.parentId))
    if (unselected.has(at.id)) return true
  return false
}
