import type { NodeState } from '../../core/namespace/model.ts'

/** What a folder has beside its id, name and place, before anything was done to it. */
export const blankFolder = (): Omit<NodeState, 'id' | 'spaceId' | 'parentId' | 'name'> => ({
  kind: 'folder',
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
  createdAt: 0,
  changedAt: 0,
  changedSeq: 0,
  contentSeq: 0,
  placedSeq: 0,
  trashedAt: null,
  trashedBy: null,
})
