import { AppError } from '../errors.ts'
import type { NodeId } from '../ids.ts'
import type { CreateFolder, Outcome } from './model.ts'
import { requireActive, requireFolder, requireName } from './rules.ts'
import { childOf, putNode, type View } from './view.ts'

/** @throws session-revoked, name-invalid, not-found, forbidden, not-a-folder, name-taken */
export function createFolder(view: View, mutation: CreateFolder): Outcome {
  const principal = requireActive(view, mutation)
  const name = requireName(mutation.name, 'name')
  const parent = requireFolder(view, principal, parentId(view, mutation), 'parent')
  const existing = childOf(view, parent.id, name)
  if (existing) {
    if (mutation.ifExists === 'keep' && existing.kind === 'folder') {
      return { outcome: 'applied', seq: existing.changedSeq, node: existing }
    }
    throw new AppError('name-taken', {
      field: 'name',
      detail: `a ${existing.kind} of this name is here already`,
      node: existing.id,
    })
  }
  const node = putNode(view, mutation, 'created', {
    id: view.takeId(),
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
    createdAt: view.now,
  })
  return { outcome: 'applied', seq: node.changedSeq, node }
}

function parentId(view: View, mutation: CreateFolder): NodeId {
  if (typeof mutation.parent === 'string') return mutation.parent
  const { madeBy } = mutation.parent
  const made = view.decided.get(madeBy) ?? view.facts.priors.get(madeBy)
  if (made && made.outcome.outcome === 'applied') return made.outcome.node.id
  throw new AppError('not-found', { field: 'parent', detail: 'the folder that should hold this one was not made' })
}
