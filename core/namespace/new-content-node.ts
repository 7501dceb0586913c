import type { NodeState } from './model.ts'
import type { ContentState } from './store-content.ts'
import type { NewState, View } from './view.ts'

/** A file or symlink that is not there yet: its first version, in `parent`. */
export const newContentNode = (
  view: View,
  parent: NodeState,
  { kind, name, content }: { kind: 'file' | 'symlink'; name: string; content: ContentState },
): Omit<NewState, 'id'> => ({
  spaceId: parent.spaceId,
  parentId: parent.id,
  kind,
  name,
  contentRevision: 1,
  placementRevision: 1,
  ...content,
  properties: null,
  conflictPolicy: null,
  createdAt: view.now,
  trashedAt: null,
  trashedBy: null,
})
