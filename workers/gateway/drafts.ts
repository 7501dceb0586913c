import type { z } from 'zod'
import { canonicalManifest, findManifestFault, type Content } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import type { MutationId, NodeId, Sha256, UploadId } from '../../core/ids.ts'
import type { StagedChunk, WriteFile } from '../../core/namespace/model.ts'
import type { Precondition } from '../../core/namespace/precondition.ts'
import { requireName } from '../../core/namespace/rules.ts'
import type { Draft } from '../../db/tenant/uploads.ts'
import type { commitFile, contentInput, FileInit } from '../../protocol/files.ts'
import { actorOf, type Call } from './call.ts'
import { sha256Hex } from './hash.ts'

/** What the client says of a content; inline bytes are kept apart from drafts, since they are committed at once. */
export type ContentInput = z.infer<typeof contentInput>

/** A file of an init, checked as far as it can be without the database. */
export type PlannedFile = { draft: Draft; inline: string | null }

/** @throws name-invalid, content-mismatch, invalid-request */
export function planFile(init: FileInit, mutationId: string): PlannedFile {
  if ('name' in init.target) requireName(init.target.name, 'target/name')
  const { target, base, size, mtimeNs = null, executable, content } = init
  const draft: Draft = {
    mutationId,
    target,
    base,
    size,
    sha256: init.sha256 ?? null,
    content: null,
    mtimeNs,
    executable,
  }
  if (content === undefined) return { draft, inline: null }
  if (draft.sha256 === null)
    throw new AppError('invalid-request', { field: 'sha256', detail: 'needed together with content' })
  const known = toContent(content, size, draft.sha256)
  if (known.held === 'inline') return { draft, inline: known.inline }
  return { draft: { ...draft, content: { codec: known.codec, chunks: known.chunks } }, inline: null }
}

/** A draft with what the commit adds to it. @throws content-mismatch, invalid-request */
export function completeDraft(draft: Draft, patch: z.infer<typeof commitFile> | undefined): PlannedFile {
  const base = patch?.base ?? draft.base
  const size = patch?.size ?? draft.size
  const hash = patch?.sha256 ?? draft.sha256
  const told = patch?.content ?? (draft.content as ContentInput | null)
  if (told === null)
    throw new AppError('invalid-request', {
      field: 'content',
      detail: 'the init left it out, so the commit must tell it',
    })
  if (hash === null)
    throw new AppError('invalid-request', {
      field: 'sha256',
      detail: 'the init left it out, so the commit must tell it',
    })
  const content = toContent(told, size, hash)
  const whole = { ...draft, base, size, sha256: hash }
  if (content.held === 'inline') return { draft: { ...whole, content: null }, inline: content.inline }
  return { draft: { ...whole, content: { codec: content.codec, chunks: content.chunks } }, inline: null }
}

/** @throws content-mismatch naming the field */
function toContent(input: ContentInput, size: number, hash: string): Content {
  const sha256 = hash as Sha256
  const content: Content =
    'inline' in input
      ? { codec: 'raw', size, sha256, held: 'inline', inline: input.inline }
      : {
          codec: input.codec,
          size,
          sha256,
          held: 'chunks',
          chunks: input.chunks as (Content & { held: 'chunks' })['chunks'],
        }
  const fault = findManifestFault(content)
  if (fault) {
    const field = fault.field.startsWith('chunks') ? `content/${fault.field}` : fault.field
    throw new AppError('content-mismatch', { ...fault, field })
  }
  if (content.held === 'inline' && sha256Hex(Buffer.from(content.inline, 'base64')) !== sha256) {
    throw new AppError('content-mismatch', { field: 'sha256', detail: 'the inline bytes have another SHA-256' })
  }
  return content
}

export type Staging = {
  uploadId: UploadId | null
  staged: Record<string, StagedChunk>
  /** Of the commit; the init's otherwise. */
  precondition?: Precondition | undefined
}

/**
 * The mutation that writes a planned file. Its fingerprint leaves the chunking out: the same bytes are the same change. It names
 * the user: the answer to a change is for whoever made it (T11).
 */
export function toWriteFile(
  call: Call,
  { draft, inline }: PlannedFile,
  { uploadId, staged, precondition = draft.precondition }: Staging,
): WriteFile {
  const { target, base, size, mtimeNs, executable } = draft
  const sha256 = draft.sha256 as Sha256
  const content: Content =
    inline !== null
      ? { codec: 'raw', size, sha256, held: 'inline', inline }
      : {
          codec: draft.content!.codec,
          size,
          sha256,
          held: 'chunks',
          chunks: draft.content!.chunks as (Content & { held: 'chunks' })['chunks'],
        }
  const own: Record<string, StagedChunk> = {}
  if (content.held === 'chunks') {
    for (const chunk of content.chunks) {
      const found = staged[chunk.sha256]
      if (found) own[chunk.sha256] = found
    }
  }
  // Members in an order of our own: a draft that comes back from the database has them in another than the request had.
  const place = 'node' in target ? [target.node] : [target.parent, target.name]
  const actor = actorOf(call)
  return {
    kind: 'write-file',
    nodeKind: 'file',
    id: draft.mutationId as MutationId,
    fingerprint: sha256Hex(
      JSON.stringify(['write-file', actor.userId, place, base, size, sha256, mtimeNs, executable]),
    ),
    actor,
    traceparent: call.span.traceparent(),
    uploadId,
    target: target as { parent: NodeId; name: string } | { node: NodeId },
    base,
    ...(precondition ? { precondition } : {}),
    content: { ...content, contentId: sha256Hex(canonicalManifest(content)) },
    staged: own,
    mtimeNs,
    executable,
  }
}
