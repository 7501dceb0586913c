import { findManifestFault, type ChunkLocation, type ChunkRef } from '../content.ts'
import { AppError } from '../errors.ts'
import type { NodeId, UploadId, UserId } from '../ids.ts'
import { freeCopyName } from './free-name.ts'
import type { NodeState, Outcome, WriteFile } from './model.ts'
import { requirePrecondition } from './precondition.ts'
import { requireActive, requireFolder, requireName, requireWritable, type Active } from './rules.ts'
import { childOf, heldOf, isDamaged, putNode, wake, type View } from './view.ts'

type Found = { parent: NodeState; name: string; existing: NodeState | null }

/**
 * A new file, a new version, or - when the base is stale - a conflicted copy beside the original (P2): never an overwrite.
 * @throws session-revoked, upload-expired, name-invalid, not-found, forbidden, not-a-folder, not-a-file, content-mismatch, chunk-unavailable
 */
export function writeFile(view: View, mutation: WriteFile): Outcome {
  const principal = requireActive(view, mutation)
  requireOpenUpload(view, mutation)
  const place = findPlace(view, principal, mutation)
  requireContent(mutation)
  const { existing } = place
  if (mutation.precondition) requirePrecondition(mutation.precondition, existing)
  const isSame = existing !== null && holdsSameBytes(existing, mutation)
  // Bytes that are in quarantine are not there: whoever sends them again mends the file, however old the base is.
  if (isSame && !isDamaged(view, existing)) return keepBytes(view, mutation, existing)
  const sources = findSources(view, mutation)
  if (!existing) return addFile(view, mutation, principal, place, sources, null)
  if (isSame || (existing.kind === 'file' && isCurrent(mutation, existing)))
    return addVersion(view, mutation, principal, existing, sources)
  return addConflictedCopy(view, mutation, principal, place, existing, sources)
}

function requireOpenUpload(view: View, { uploadId, actor }: WriteFile): void {
  if (uploadId === null) return
  const upload = view.facts.uploads.get(uploadId)
  if (!upload || upload.userId !== actor.userId)
    throw new AppError('not-found', { field: 'uploadId', detail: 'no such upload' })
  if (upload.state === 'expired' || upload.expiresAt <= view.now)
    throw new AppError('upload-expired', { field: 'uploadId' })
}

function findPlace(view: View, principal: Active, { target }: WriteFile): Found {
  if ('node' in target) {
    const existing = requireWritable(view, principal, target.node, 'target/node')
    if (existing.kind !== 'file' || existing.parentId === null)
      throw new AppError('not-a-file', { field: 'target/node', detail: 'only files have content' })
    return { parent: requireFolder(view, principal, existing.parentId, 'target/node'), name: existing.name, existing }
  }
  const name = requireName(target.name, 'target/name')
  const parent = requireFolder(view, principal, target.parent, 'target/parent')
  return { parent, name, existing: childOf(view, parent.id, name) }
}

function requireContent({ content }: WriteFile): void {
  const fault = findManifestFault(content)
  if (fault) throw new AppError('content-mismatch', fault)
}

/** The writer has seen the present content: it says so by its base, or by an entity tag that was just found to hold. */
const isCurrent = ({ base, precondition }: WriteFile, existing: NodeState): boolean =>
  base === existing.contentRevision || (precondition !== undefined && 'ifMatch' in precondition)

const holdsSameBytes = (existing: NodeState, { content }: WriteFile): boolean =>
  existing.kind === 'file' && existing.sha256 === content.sha256 && existing.size === content.size

/** The bytes are there already: nothing to store, and no conflict however old the base is (I21). */
function keepBytes(view: View, mutation: WriteFile, existing: NodeState): Outcome {
  const asked = { mtimeNs: mutation.mtimeNs ?? existing.mtimeNs, executable: mutation.executable }
  const unchanged = asked.mtimeNs === existing.mtimeNs && asked.executable === existing.executable
  if (unchanged || !isCurrent(mutation, existing))
    return { outcome: 'applied', seq: existing.changedSeq, node: existing }
  const node = putNode(view, mutation, 'updated', { ...existing, ...asked })
  return { outcome: 'applied', seq: node.changedSeq, node }
}

type Source = { location: ChunkLocation; verified: boolean; fresh: boolean }

/** Every chunk must have been uploaded here or be readable by the actor; knowing its hash is no ticket (T6). */
function findSources(view: View, mutation: WriteFile): Map<string, Source> {
  const sources = new Map<string, Source>()
  if (mutation.content.held === 'inline') return sources
  for (const [at, chunk] of mutation.content.chunks.entries()) {
    if (sources.has(chunk.sha256)) continue
    const staged = mutation.staged[chunk.sha256]
    const found = staged
      ? { location: staged, verified: staged.verified, fresh: true }
      : asHeld(heldOf(view, mutation.actor.userId, chunk.sha256))
    if (!found || found.location.length !== chunk.size) throw unavailable(at, chunk)
    sources.set(chunk.sha256, found)
  }
  return sources
}

const asHeld = (location: ChunkLocation | null): Source | null => location && { location, verified: true, fresh: false }

const unavailable = (at: number, chunk: ChunkRef) =>
  new AppError('chunk-unavailable', {
    field: `content/chunks/${at}`,
    detail: 'this chunk was not uploaded here with this size',
    sha256: chunk.sha256,
  })

function addFile(
  view: View,
  mutation: WriteFile,
  principal: Active,
  place: Found,
  sources: Map<string, Source>,
  conflictOf: NodeId | null,
): Outcome & { outcome: 'applied' } {
  const node = putNode(view, mutation, 'created', {
    id: view.takeId(),
    spaceId: place.parent.spaceId,
    parentId: place.parent.id,
    kind: mutation.nodeKind,
    name: place.name,
    contentRevision: 1,
    placementRevision: 1,
    ...contentOf(mutation),
    properties: null,
    conflictPolicy: null,
    createdAt: view.now,
    trashedAt: null,
    trashedBy: null,
  }, mutation.content.size)
  storeContent(view, mutation, sources)
  storeVersion(view, mutation, principal, node, conflictOf)
  return { outcome: 'applied', seq: node.changedSeq, node }
}

function addVersion(
  view: View,
  mutation: WriteFile,
  principal: Active,
  existing: NodeState,
  sources: Map<string, Source>,
): Outcome {
  const node = putNode(view, mutation, 'updated', {
    ...existing,
    ...contentOf(mutation),
    contentRevision: existing.contentRevision + 1,
  }, mutation.content.size)
  storeContent(view, mutation, sources)
  storeVersion(view, mutation, principal, node, null)
  return { outcome: 'applied', seq: node.changedSeq, node }
}

function addConflictedCopy(
  view: View,
  mutation: WriteFile,
  principal: Active,
  place: Found,
  existing: NodeState,
  sources: Map<string, Source>,
): Outcome {
  const name = freeCopyName(view, principal, place.parent, place.name)
  const { seq, node } = addFile(view, mutation, principal, { ...place, name }, sources, existing.id)
  return { outcome: 'conflict', seq, node, original: existing.id }
}

const contentOf = ({ content, mtimeNs, executable }: WriteFile) => ({
  size: content.size,
  sha256: content.sha256,
  contentId: content.contentId,
  codec: content.codec,
  mtimeNs,
  executable,
  linkTarget: null,
})

function storeContent(
  view: View,
  { id, content, actor, uploadId, traceparent }: WriteFile,
  sources: Map<string, Source>,
): void {
  const { effects } = view
  if (uploadId !== null) effects.uploads.set(uploadId, (effects.uploads.get(uploadId) ?? 0) + 1)
  const { contentId, codec, size, sha256 } = content
  if (content.held === 'inline') {
    effects.contents.push({ id, contentId, codec, size, sha256, inline: content.inline, chunkCount: 0 })
    return
  }
  effects.contents.push({ id, contentId, codec, size, sha256, inline: null, chunkCount: content.chunks.length })
  for (const [hash, source] of sources) {
    storeChunk(view, hash as ChunkRef['sha256'], source, actor.userId, uploadId)
    if (!source.verified) wake(view, 'pack.uploaded', { objectKey: source.location.objectKey }, traceparent)
  }
  for (const [ordinal, chunk] of content.chunks.entries()) {
    const { objectKey } = sources.get(chunk.sha256)!.location
    effects.contentChunks.push({
      content: id,
      ordinal,
      sha256: chunk.sha256,
      objectKey,
      size: chunk.size,
      plain: chunk.plain,
    })
  }
}

function storeChunk(
  view: View,
  sha256: ChunkRef['sha256'],
  source: Source,
  uploadedBy: UserId,
  uploadId: UploadId | null,
): void {
  const { objectKey, offset, length } = source.location
  if (source.fresh && uploadId !== null) {
    view.effects.chunks.push({ sha256, objectKey, offset, length, verified: source.verified, uploadedBy, uploadId })
  } else view.effects.reused.push({ sha256, objectKey })
}

function storeVersion(
  view: View,
  mutation: WriteFile,
  principal: Active,
  node: NodeState,
  conflictOf: NodeId | null,
): void {
  view.effects.versions.push({
    nodeId: node.id,
    revision: node.contentRevision,
    content: mutation.id,
    mtimeNs: mutation.mtimeNs,
    executable: mutation.executable,
    createdBy: principal.userId,
    device: principal.device,
    seq: node.changedSeq,
    conflictOf,
    baseRevision: mutation.base,
  })
}
