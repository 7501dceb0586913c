import type { CreateFolder, NodeState, Outcome } from './model.ts'
import { nameTaken, requireActive, requireFolder, requireName, requireRoom } from './rules.ts'
import { childOf, putNode, type NewState, type View } from './view.ts'

/** @throws session-revoked, name-invalid, not-found, forbidden, in-trash, not-a-folder, name-taken, too-large */
export function createFolder(view: View, mutation: CreateFolder): Outcome {
  const principal = requireActive(view, mutation)
  const name = requireName(mutation.name, 'name')
  const parent = requireFolder(view, principal, mutation.parent, 'parent')
  const existing = childOf(view, parent.id, name)
  if (existing) {
    if (mutation.ifExists === 'keep' && existing.kind === 'folder') {
      return { outcome: 'applied', seq: existing.changedSeq, node: existing }
    }
    throw nameTaken(existing)
  }
  requireRoom(view, parent, 1)
  const node = putNode(view, mutation, 'created', {
    id: view.takeId(),
    ...newFolder(view, parent, name),
  })
  return { outcome: 'applied', seq: node.changedSeq, node }
}

/** An empty folder in `parent`. */
export const newFolder = (view: View, parent: NodeState, name: string): Omit<NewState, 'id'> => ({
  spaceId: parent.spaceId,
  parentId: parent.id,
  kind: 'folder',
  name,
  contentRevision: 0,
  placementRevision: 1,
  size: null,
  sha256: null,
  contentId: null,
  codec: null,
  mtimeNs: null,
  executable: false,
  linkTarget: null,
  properties: null,
  conflictPolicy: null,
  createdAt: view.now,
  trashedAt: null,
  trashedBy: null,
})
