import type { ChunkLocation, ChunkRef } from '../content.ts'
import { AppError } from '../errors.ts'
import type { MutationId, NodeId, UploadId, UserId } from '../ids.ts'
import type { NodeState, VersionFacts, WriteFile } from './model.ts'
import type { Active } from './rules.ts'
import { heldOf, wake, type View } from './view.ts'

type Source = { location: ChunkLocation; verified: boolean; fresh: boolean }
/** Where each chunk of a content comes from, by its SHA-256. */
export type Sources = Map<string, Source>

/**
 * Every chunk must have been uploaded here or be readable by the actor; knowing its hash is no ticket (T6).
 * @throws chunk-unavailable
 */
export function findSources(view: View, mutation: WriteFile): Sources {
  const sources: Sources = new Map()
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

/** The row of a content and of its chunks, named by the mutation that brought it. */
export function storeContent(
  view: View,
  { id, content, actor, uploadId, traceparent }: WriteFile,
  sources: Sources,
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

/** What a version is made of: a content that this mutation brought, or one that is there and is referred to once more. */
export type Origin = { content: MutationId; baseRevision: number; conflictOf: NodeId | null }

/** The row of the version that `node` has now. */
export function storeVersion(view: View, principal: Active, node: NodeState, origin: Origin): void {
  view.effects.versions.push({
    nodeId: node.id,
    revision: node.contentRevision,
    ...origin,
    mtimeNs: node.mtimeNs,
    executable: node.executable,
    createdBy: principal.userId,
    device: principal.device,
    seq: node.changedSeq,
  })
}

/** The part of a node that comes with its content. */
export type ContentState = Omit<VersionFacts, 'content' | 'isDamaged'>

export const contentState = (version: ContentState): ContentState => ({
  size: version.size,
  sha256: version.sha256,
  contentId: version.contentId,
  codec: version.codec,
  mtimeNs: version.mtimeNs,
  executable: version.executable,
  linkTarget: version.linkTarget,
})

/** A version that is there, as the content of another: its bytes must be sound. @throws chunk-unavailable */
export function requireSound(version: VersionFacts, field: string): void {
  if (version.isDamaged)
    throw new AppError('chunk-unavailable', { field, detail: 'the bytes of this version are damaged' })
}

export const isSameContent = (a: Pick<ContentState, 'sha256' | 'size'>, b: Pick<ContentState, 'sha256' | 'size'>) =>
  a.sha256 === b.sha256 && a.size === b.size
