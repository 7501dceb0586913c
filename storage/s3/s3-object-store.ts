import { createHash } from 'node:crypto'
import { AppError, invariant } from '../../core/errors.ts'
import type { ByteSlice, ObjectPage, ObjectStore, ReadableByteStream } from '../../core/object-store.ts'
import { s3Multipart } from './multipart.ts'
import type { S3Call, S3Send } from './s3-calls.ts'
import { errorCode, s3Calls, unexpected } from './s3-calls.ts'
import type { S3StoreConfig, StoreGap } from './s3-config.ts'
import { s3Settings } from './s3-config.ts'
import { s3Signer } from './sign.ts'
import { rangeHeader, signedRequests } from './signed-requests.ts'
import { elements, elementText, escapeXml } from './xml.ts'

const MAX_KEYS = 1000

/** What this endpoint cannot do although S3 can; a caller that needs it takes its other way. */
export type S3ObjectStore = ObjectStore & { readonly lacks: ReadonlySet<StoreGap> }

/**
 * The object store over S3's own protocol: R2, S3, and what speaks it. Runs in workerd and in Node, holds no
 * connection and no state but the derived signing key, so one instance may serve any number of requests.
 *
 * Every method throws `store-unavailable` (with `retryAfterMs`) when the store fails, is silent or cannot be reached,
 * after up to three attempts where repeating is safe; `internal` when it refuses us (credentials, bucket).
 */
export function s3ObjectStore(config: S3StoreConfig): S3ObjectStore {
  const settings = s3Settings(config)
  const signer = s3Signer(settings)
  const signed = signedRequests(settings, signer)
  const send = s3Calls(settings, signer)
  return {
    enforces: settings.enforces,
    lacks: new Set<StoreGap>(settings.isLocalR2 ? ['list-parts', 'presentation'] : []),
    signPut: (target, now) => signed.put(target, now),
    signGet: (key, options) => signed.get(key, options),
    get: (key, slice) => get(send, key, slice),
    list: (prefix, after) => list(send, prefix, after),
    deleteMany: (keys) => deleteMany(send, keys),
    multipart: s3Multipart(send, signed),
  }
}

/**
 * Answers the store's own stream, so that a gateway can hand it on without touching a byte. The time limit covers
 * the wait for it; an error while reading it is the platform's. Throws `range-not-satisfiable` past the end.
 */
function get(send: S3Send, key: string, slice?: ByteSlice): Promise<ReadableByteStream | null> {
  const headers: Record<string, string> = slice === undefined ? {} : { range: rangeHeader(slice) }
  const call: S3Call = { operation: 'GetObject', method: 'GET', key, headers, isIdempotent: true }
  return send(call, async (response) => {
    if (response.status === 404) {
      const code = await errorCode(response)
      if (code === 'NoSuchKey') return null
      throw new AppError('internal', {}, { cause: new Error(`GetObject: 404 ${code ?? ''}`) })
    }
    if (response.status === 416) throw new AppError('range-not-satisfiable')
    if (response.status !== (slice === undefined ? 200 : 206)) throw await unexpected(call, response)
    if (slice !== undefined) await requireWhole(response, slice)
    invariant(response.body !== null, 'an answer to GetObject has a body')
    return response.body as unknown as ReadableByteStream // the same thing, by its WHATWG name
  })
}

/** S3 cuts a slice that runs past the end; we refuse it, rather than hand out fewer bytes than were asked for. */
async function requireWhole(response: Response, { offset, length }: ByteSlice): Promise<void> {
  const range = response.headers.get('content-range') ?? ''
  if (range.startsWith(`bytes ${offset}-${offset + length - 1}/`)) return
  await response.body?.cancel()
  throw new AppError('range-not-satisfiable')
}

/** Pages are continued by the last key, not by the store's token: a cursor that any later process can use. */
function list(send: S3Send, prefix: string, after?: string): Promise<ObjectPage> {
  const query: Record<string, string> = {
    'encoding-type': 'url',
    'list-type': '2',
    'max-keys': String(MAX_KEYS),
    prefix,
  }
  if (after !== undefined) query['start-after'] = after
  const call: S3Call = { operation: 'ListObjectsV2', method: 'GET', key: '', query, isIdempotent: true }
  return send(call, async (response) => {
    if (response.status !== 200) throw await unexpected(call, response)
    const xml = await response.text()
    invariant(xml.includes('<ListBucketResult'), 'ListObjectsV2 answers a ListBucketResult')
    const objects = elements(xml, 'Contents').map((item) => ({
      key: decodeURIComponent((elementText(item, 'Key') ?? '').replaceAll('+', '%20')),
      sizeBytes: Number(elementText(item, 'Size')),
      lastModifiedMs: Date.parse(elementText(item, 'LastModified') ?? ''),
    }))
    const isTruncated = elementText(xml, 'IsTruncated') === 'true'
    return { objects, next: isTruncated ? (objects.at(-1)?.key ?? null) : null }
  })
}

async function deleteMany(send: S3Send, keys: string[]): Promise<string[]> {
  invariant(keys.length <= MAX_KEYS, 'at most 1,000 keys are deleted at once')
  if (keys.length === 0) return []
  const items = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`)
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${items.join('')}</Delete>`
  const call: S3Call = {
    operation: 'DeleteObjects',
    method: 'POST',
    key: '',
    query: { delete: '' },
    // S3 wants a digest of this body; MD5 is the one that every implementation takes.
    headers: { 'content-type': 'application/xml', 'content-md5': createHash('md5').update(body).digest('base64') },
    body,
    isIdempotent: true,
  }
  return send(call, async (response) => {
    if (response.status !== 200) throw await unexpected(call, response)
    return elements(await response.text(), 'Error').map((error) => elementText(error, 'Key') ?? '')
  })
}
