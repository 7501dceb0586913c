import type { NodeId } from '../../core/ids.ts'
import { AppError } from '../../core/errors.ts'
import type { SignedRequest } from '../../core/object-store.ts'
import { metrics } from '../../durable-objects/metrics.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import type { StoredChunk, StoredContent } from '../../db/tenant/reads.ts'
import { CONTENTS_MAX_BYTES, contentsBody, type ContentReply, type ContentsReply } from '../../protocol/files.ts'
import { assemble } from './assemble.ts'
import { isWholeObject, runsOf } from './byte-runs.ts'
import { matchesEtag, parseRange } from './byte-range.ts'
import { idParam, json, reader, unwrapParam, type Call } from './call.ts'
import { readBody } from './read-body.ts'

export const CONTENT_TYPE_CHUNKS = 'application/vnd.bitvault.content+json'
/** A signed GET opens its object to anyone who holds it, so its life is short (T2). */
const SIGNED_GET_TTL_MS = 120_000

/**
 * GET /v1/files/{id}/content, three ways for three kinds of client:
 * our own ask for the chunk list and fetch directly; a whole file that is one raw object is a redirect to a signed URL; anything
 * else (compressed, several chunks, packs) is assembled here as a stream.
 */
export async function content(call: Call): Promise<Response> {
  const { revision } = call.query as { revision?: number }
  const stored = unwrapParam(
    'id',
    await reader(call).content(call.principal.sessionId, idParam(call, 'id') as NodeId, revision ?? null),
  )
  return serveContent(call, stored)
}

/** A stored content in the way that the request asks for. @throws content-mismatch, range-not-satisfiable, store-unavailable */
export async function serveContent(call: Call, stored: StoredContent): Promise<Response> {
  if (stored.chunks.some((chunk) => chunk.quarantined)) {
    throw new AppError('content-mismatch', { detail: 'a part of this version is damaged and is not served' })
  }
  const { headers } = call.request
  if ((headers.get('accept') ?? '').includes(CONTENT_TYPE_CHUNKS))
    return json(await chunkList(call, stored), 200, { 'content-type': CONTENT_TYPE_CHUNKS, ...packed(call, stored) })
  const etag = `"${stored.sha256}"`
  if (matchesEtag(headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers: { etag } })
  return (await redirectTo(call, stored)) ?? (await streamed(call, stored, etag))
}

/** The runtime packs what says that it is: a list of thousands of hashes is less than half as long then. */
const PACKED_FROM_CHUNKS = 64

const packed = ({ request }: Call, { chunks }: StoredContent): Record<string, string> =>
  chunks.length >= PACKED_FROM_CHUNKS && /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')
    ? { 'content-encoding': 'gzip', vary: 'accept-encoding' }
    : {}

function redirectTo(call: Call, stored: StoredContent): Promise<Response> | null {
  const [only, second] = stored.chunks
  // With If-Range the store would compare with an ETag of its own.
  if (
    !only ||
    second ||
    stored.codec !== 'raw' ||
    only.offset !== 0 ||
    !isWholeObject(only) ||
    call.request.headers.has('if-range')
  )
    return null
  metrics().product.bytes.add({ way: 'direct', direction: 'out' }, only.length)
  const presentation = { fileName: stored.node.name, contentType: 'application/octet-stream' }
  return call.store.signGet(only.objectKey, { now: call.now, ttlMs: SIGNED_GET_TTL_MS, presentation }).then(
    ({ url }) =>
      new Response(null, {
        status: 302,
        headers: { location: url, 'cache-control': 'private, no-store', 'referrer-policy': 'no-referrer' },
      }),
  )
}

async function streamed(call: Call, stored: StoredContent, etag: string): Promise<Response> {
  const { headers } = call.request
  const ifRange = headers.get('if-range')
  const range = ifRange !== null && ifRange !== etag ? null : parseRange(headers.get('range'), stored.size)
  const { first, last } = range ?? { first: 0, last: stored.size - 1 }
  const length = last - first + 1
  const answer: Record<string, string> = {
    etag,
    'content-type': 'application/octet-stream',
    'content-disposition': attachment(stored.node.name),
    'content-length': String(length),
    'accept-ranges': 'bytes',
    'last-modified': new Date(stored.at).toUTCString(),
    'cache-control': 'private, no-cache',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
    ...(range ? { 'content-range': `bytes ${first}-${last}/${stored.size}` } : {}),
  }
  metrics().product.bytes.add({ way: stored.inline === null ? 'gateway' : 'inline', direction: 'out' }, length)
  const body = length === 0 ? null : await assemble(call.store, stored, { first, last })
  return new Response(body, { status: range ? 206 : 200, headers: answer })
}

/** RFC 6266 with the extended form of RFC 8187: any name, nothing that could break out of the header. */
function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const extended = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${extended}`
}

/** Chunks in one answer: signing is quick, but a signed request is only good for two minutes. */
const CHUNKS_PER_REPLY = 2_000

/** A window of the chunks, and one signed request for each run of bytes that they need. */
async function chunkList(call: Call, stored: StoredContent): Promise<ContentReply> {
  const { from = 0 } = call.query as { from?: number }
  const window = stored.chunks.slice(from, from + CHUNKS_PER_REPLY)
  const { chunks, objects } = await signChunks(call, window)
  const { node, revision, codec, size, sha256, inline } = stored
  const end = from + window.length
  return {
    node,
    revision,
    codec,
    size,
    sha256,
    inline,
    from,
    next: end < stored.chunks.length ? end : null,
    chunks,
    objects,
  }
}

/** Where each chunk lies in the answers of a few signed requests. */
async function signChunks(
  call: Call,
  stored: readonly StoredChunk[],
): Promise<Pick<ContentReply, 'chunks' | 'objects'>> {
  const { runs, runOf } = runsOf(stored)
  const objects: SignedRequest[] = []
  for (const run of runs) {
    const slice = run.whole ? {} : { slice: { offset: run.offset, length: run.length } }
    objects.push(await call.store.signGet(run.objectKey, { now: call.now, ttlMs: SIGNED_GET_TTL_MS, ...slice }))
  }
  const chunks = stored.map(({ sha256, size, plain, offset }, at) => {
    const object = runOf[at]!
    return { sha256, size, plain, object, offset: offset - runs[object]!.offset }
  })
  metrics().product.bytes.add(
    { way: 'direct', direction: 'out' },
    runs.reduce((all, run) => all + run.length, 0),
  )
  return { chunks, objects }
}

/** POST /v1/files/contents: the chunk lists of many small files. Files that were sent in one pack come in one GET. */
export async function contents(call: Call): Promise<Response> {
  const { files } = await readBody(call.request, contentsBody)
  const wanted = files.map(({ id, revision }) => ({ id: id as NodeId, revision }))
  const found = unwrap(await reader(call).contents(call.principal.sessionId, wanted, CONTENTS_MAX_BYTES))
  const { chunks, objects } = await signChunks(
    call,
    found.flatMap((content) => content.chunks),
  )
  let at = 0
  const listed = found.map(({ chunks: own, ...content }) => ({
    ...content,
    chunks: chunks.slice(at, (at += own.length)),
  }))
  return json({ contents: listed, objects } satisfies ContentsReply)
}
