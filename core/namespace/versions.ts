import { AppError } from '../errors.ts'
import type { NodeId } from '../ids.ts'
import type { LabelVersion, NodeState, Outcome, RestoreVersion, VersionFacts } from './model.ts'
import { requireActive, requireWritable, type Active } from './rules.ts'
import { contentState, isSameContent, requireSound, storeVersion } from './store-content.ts'
import { isDamaged, putNode, versionOf, type View } from './view.ts'

export const LABEL_MAX_CHARACTERS = 100

/**
 * An old version becomes the newest again: a new version of the same content, so nothing of the history goes away (I24).
 * @throws session-revoked, not-found, forbidden, in-trash, not-a-file, chunk-unavailable, version-conflict
 */
export function restoreVersion(view: View, mutation: RestoreVersion): Outcome {
  const principal = requireActive(view, mutation)
  const node = requireContentNode(view, principal, mutation.node)
  if (mutation.revision === node.contentRevision) return { outcome: 'applied', seq: node.changedSeq, node }
  const version = requireVersion(view, node, mutation.revision)
  if (isPresent(view, node, version)) return { outcome: 'applied', seq: node.changedSeq, node }
  if (mutation.base !== null) requireBase(node, mutation.base)
  requireSound(version, 'revision')
  const restored = putNode(
    view,
    mutation,
    'updated',
    { ...node, ...contentState(version), contentRevision: node.contentRevision + 1 },
    0,
  )
  storeVersion(view, principal, restored, {
    content: version.content,
    baseRevision: node.contentRevision,
    conflictOf: null,
  })
  return { outcome: 'applied', seq: restored.changedSeq, node: restored }
}

/**
 * A labelled version outlives the retention.
 * @throws session-revoked, invalid-request, not-found, forbidden, in-trash, not-a-file
 */
export function labelVersion(view: View, mutation: LabelVersion): Outcome {
  const principal = requireActive(view, mutation)
  const { revision, label } = mutation
  if (label !== null) requireLabel(label)
  const node = requireContentNode(view, principal, mutation.node)
  requireVersion(view, node, revision)
  view.effects.labels.push({ nodeId: node.id, revision, label })
  // Nothing changes without an entry (I10): devices that show versions read them anew.
  const told = putNode(view, mutation, 'updated', node)
  return { outcome: 'applied', seq: told.changedSeq, node: told }
}

function requireContentNode(view: View, principal: Active, id: NodeId): NodeState {
  const node = requireWritable(view, principal, id, 'node')
  if (node.kind !== 'folder') return node
  throw new AppError('not-a-file', { field: 'node', detail: 'only files and symlinks have versions' })
}

function requireVersion(view: View, node: NodeState, revision: number): VersionFacts {
  const version = versionOf(view, node, revision)
  if (version) return version
  throw new AppError('not-found', { field: 'revision', detail: 'there is no such version, or it has expired' })
}

/** @throws version-conflict */
export function requireBase(node: NodeState, base: number): void {
  if (base === node.contentRevision) return
  throw new AppError('version-conflict', {
    field: 'base',
    detail: 'it has changed since the revision that you name',
    node: node.id,
    contentRevision: node.contentRevision,
  })
}

/** The present version is this one in all but its number, and its bytes are sound: a restore that was asked for twice. */
function isPresent(view: View, node: NodeState, version: VersionFacts): boolean {
  const isEqual =
    isSameContent(node, version) && node.mtimeNs === version.mtimeNs && node.executable === version.executable
  return isEqual && !isDamaged(view, node)
}

function requireLabel(label: string): void {
  const characters = label.isWellFormed() ? [...label].length : 0
  const isFit = characters >= 1 && characters <= LABEL_MAX_CHARACTERS
  if (isFit && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(label)) return
  throw new AppError('invalid-request', {
    field: 'label',
    detail: `a label has 1 to ${LABEL_MAX_CHARACTERS} characters, none of them control characters`,
  })
}
