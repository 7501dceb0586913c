import { z } from 'zod'
import { objectKey } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import type { Sha256, UploadId } from '../../core/ids.ts'
import type { SignedRequest } from '../../core/object-store.ts'
import type { Draft, MultipartDraft } from '../../db/tenant/uploads.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import {
  fileInit,
  initUploadBody,
  type InitUploadBody,
  type InitUploadReply,
  type MutationResult,
} from '../../protocol/files.ts'
import { asAppError } from '../../protocol/problem.ts'
import { commitChanges, freshUuid, json, mutationIds, reader, type Call } from './call.ts'
import { planFile, toWriteFile, type PlannedFile } from './drafts.ts'
import { readPrecondition } from './read-precondition.ts'
import { parseWith, readBody } from './read-body.ts'
import { rejected, requireDone, toResult } from './results.ts'

/** Signed requests in one answer; a client asks for further ones with `POST /v1/uploads/{id}/objects`. */
const SIGN_MAX = 1_000
/** S3: every part but the last. */
const PART_MIN_BYTES = 5 * 1024 * 1024

type Entry = { index: number; mutationId: string; planned: PlannedFile }
type Results = Map<number, { mutationId: string; result: MutationResult }>
/** The body with its files as a list, and where in the body as it was sent the file of an index stands. */
type Init = { body: InitUploadBody; isLone: boolean; at: (index: number) => string }

/**
 * POST /v1/files. What needs no transfer is committed at once; for the rest an upload is opened and the missing chunks are signed.
 *
 *     init ──► inline or already held ──────────────► journal ──► done
 *         └──► chunks are missing ──► upload row ──► signed PUTs ──► pending
 */
export async function initUpload(call: Call): Promise<Response> {
  const init = parseInit(await readBody(call.request, z.unknown()))
  const { body } = init
  const results: Results = new Map()
  const entries = planAll(call, init, results)
  const chunked = entries.filter((entry) => entry.planned.draft.content !== null)
  const missing = await findMissing(call, chunked)
  const pending = entries.filter((entry) => isPending(entry, missing))
  const ready = entries.filter((entry) => !pending.includes(entry))
  await commitNow(call, init, ready, results)
  if (init.isLone) for (const { result } of results.values()) requireDone(result)
  const upload = pending.length > 0 ? await openUpload(call, body, pending) : null
  const requests =
    upload && body.requests === 'each' && !upload.multipart ? await signEach(call, upload.id, missing, pending) : []
  await call.faults('init.after-sign')
  const reply: InitUploadReply = {
    uploadId: upload?.id ?? null,
    expiresAt: upload?.expiresAt ?? null,
    files: body.files.map((_, index) => fileReply(index, results, entries)),
    missing: [...missing.keys()],
    requests,
    ...(upload?.multipart ? { multipart: await signParts(call, upload.multipart) } : {}),
  }
  return json(reply, 201)
}

/** @throws invalid-request */
function parseInit(raw: unknown): Init {
  if (typeof raw !== 'object' || raw === null || !('files' in raw))
    return { body: { files: [parseWith(fileInit, raw)], requests: 'each' }, isLone: true, at: () => '' }
  const body = parseWith(initUploadBody, raw)
  if (body.multipart) checkParts(body.multipart, body.files.length)
  return { body, isLone: body.multipart !== undefined, at: (index) => `files/${index}/` }
}

/** @throws invalid-request */
function checkParts(parts: NonNullable<InitUploadBody['multipart']>, files: number): void {
  if (files !== 1) throw new AppError('invalid-request', { field: 'multipart', detail: 'belongs to exactly one file' })
  const small = parts.findIndex((part, i) => part.size < PART_MIN_BYTES && i < parts.length - 1)
  if (small === -1) return
  const detail = `every part but the last has at least ${PART_MIN_BYTES} bytes`
  throw new AppError('invalid-request', { field: `multipart/${small}/size`, detail })
}

function planAll(call: Call, { body, at }: Init, results: Results): Entry[] {
  const idOf = mutationIds(call)
  const precondition = readPrecondition(call.request.headers, body.files.length)
  const entries: Entry[] = []
  for (const [index, init] of body.files.entries()) {
    const mutationId = idOf(init.mutationId, index)
    try {
      const planned = planFile(withParts(init, body.multipart), mutationId)
      if (precondition) planned.draft.precondition = precondition
      entries.push({ index, mutationId, planned })
    } catch (error) {
      results.set(index, { mutationId, result: rejected(mutationId, asAppError(error), at(index)) })
    }
  }
  return entries
}

/** The parts of a multipart upload are the chunks of its file. @throws invalid-request */
function withParts(
  init: InitUploadBody['files'][number],
  parts: InitUploadBody['multipart'],
): InitUploadBody['files'][number] {
  if (!parts) return init
  if (init.content)
    throw new AppError('invalid-request', { field: 'content', detail: 'the parts are the content: leave it out' })
  return {
    ...init,
    content: { codec: 'raw', chunks: parts.map(({ sha256, size }) => ({ sha256, size, plain: size })) },
  }
}

const isPending = ({ planned }: Entry, missing: Map<string, number>): boolean => {
  if (planned.inline !== null) return false
  return planned.draft.content === null || planned.draft.content.chunks.some((chunk) => missing.has(chunk.sha256))
}

/** Chunks, with their sizes, that the caller must upload: it neither uploaded them before nor can it read them. */
async function findMissing(call: Call, chunked: Entry[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const { planned } of chunked)
    for (const chunk of planned.draft.content!.chunks) sizes.set(chunk.sha256, chunk.size)
  if (sizes.size === 0) return sizes
  const held = unwrap(await reader(call).held(call.principal.sessionId, [...sizes.keys()]))
  for (const hash of held) sizes.delete(hash)
  return sizes
}

async function commitNow(call: Call, { at }: Init, ready: Entry[], results: Results): Promise<void> {
  const mutations = ready.map(({ planned }) => toWriteFile(call, planned, { uploadId: null, staged: {} }))
  const outcomes = await commitChanges(call, mutations)
  for (const [i, { index, mutationId }] of ready.entries())
    results.set(index, { mutationId, result: toResult(mutationId, outcomes[i]!, at(index)) })
}

type Opened = { id: UploadId; expiresAt: number; multipart: MultipartDraft | null }

async function openUpload(call: Call, body: InitUploadBody, pending: Entry[]): Promise<Opened> {
  const { config, now } = call
  const id = freshUuid(now) as UploadId
  const drafts = new Array<Draft | null>(body.files.length).fill(null)
  for (const { index, planned } of pending) drafts[index] = planned.draft
  const multipart = body.multipart ? await beginMultipart(call, id, body.multipart) : null
  const expiresAt = now + config.uploadTtlMs
  const sweepAt = expiresAt + config.gcGraceMs
  const upload = { id, drafts, multipart, createdAt: now, expiresAt, sweepAt, traceparent: call.span.traceparent() }
  unwrap(await reader(call).openUpload(call.principal.sessionId, upload))
  return { id, expiresAt, multipart }
}

async function beginMultipart(
  call: Call,
  id: UploadId,
  parts: NonNullable<InitUploadBody['multipart']>,
): Promise<MultipartDraft> {
  const key = objectKey(call.principal.tenantId, id, 'multipart')
  const { multipartId } = await call.store.multipart.begin(key)
  return { objectKey: key, multipartId, parts }
}

async function signEach(
  call: Call,
  uploadId: UploadId,
  missing: Map<string, number>,
  pending: Entry[],
): Promise<{ sha256: string; request: SignedRequest }[]> {
  const wanted = new Set(
    pending.flatMap(({ planned }) => planned.draft.content?.chunks.map((chunk) => chunk.sha256) ?? []),
  )
  const targets = [...missing].filter(([hash]) => wanted.has(hash)).slice(0, SIGN_MAX)
  return Promise.all(targets.map(([hash, size]) => signObject(call, uploadId, hash, size)))
}

export async function signObject(
  call: Call,
  uploadId: string,
  sha256: string,
  sizeBytes: number,
): Promise<{ sha256: string; request: SignedRequest }> {
  const key = objectKey(call.principal.tenantId, uploadId, sha256)
  return { sha256, request: await call.store.signPut({ key, sha256: sha256 as Sha256, sizeBytes }, call.now) }
}

const signParts = async (call: Call, multipart: MultipartDraft) => ({
  requests: await Promise.all(
    multipart.parts.map(async ({ sha256, size }, at) => {
      const { objectKey: key, multipartId } = multipart
      const part = { key, multipartId, partNumber: at + 1, sha256: sha256 as Sha256, sizeBytes: size }
      return { partNumber: at + 1, request: await call.store.multipart.signPart(part, call.now) }
    }),
  ),
})

function fileReply(index: number, results: Results, entries: Entry[]): InitUploadReply['files'][number] {
  const done = results.get(index)
  if (done) return { index, mutationId: done.mutationId, state: 'done', result: done.result }
  const entry = entries.find((e) => e.index === index)!
  return { index, mutationId: entry.mutationId, state: 'pending' }
}
