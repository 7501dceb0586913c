import { Buffer } from 'node:buffer'
import { invariant } from '../../core/errors.ts'
import type { ByteSlice, GetPresentation, PutTarget, SignedRequest } from '../../core/object-store.ts'
import { attachment, safeMediaType } from './content-disposition.ts'
import type { S3Settings } from './s3-config.ts'
import { HEADER_SIGNATURE_LIFE_MS, objectUrl } from './s3-config.ts'
import type { S3Signer } from './sign.ts'
import { withQuery } from './sign.ts'

/** The requests that clients send to the store themselves. SECURITY: one method, one key, one SHA-256, one length. */
export interface SignedRequests {
  put(target: PutTarget, now: number): Promise<SignedRequest>
  part(part: PutTarget & { multipartId: string; partNumber: number }, now: number): Promise<SignedRequest>
  get(key: string, options: SignGetOptions): Promise<SignedRequest>
}

export type SignGetOptions = { now: number; ttlMs: number; slice?: ByteSlice; presentation?: GetPresentation }

const COPY_SOURCE = 'x-amz-copy-source'

export function signedRequests(settings: S3Settings, signer: S3Signer): SignedRequests {
  const { publicEndpoint, bucket, isLocalR2 } = settings

  async function signPut(put: PutTarget, query: Record<string, string>, more: Record<string, string>, now: number) {
    const { dateMs, expiresAt } = headerDate(now, settings.signedPutTtlMs)
    const url = objectUrl(publicEndpoint, bucket, put.key)
    const headers: Record<string, string> = {
      'content-length': String(put.sizeBytes),
      'x-amz-content-sha256': put.sha256,
      ...more,
    }
    // The local endpoint takes unsigned x-amz headers (S3 refuses them), so that whoever holds a signed PUT could
    // turn it into a copy of another object. Signed as empty, it can no longer be added.
    if (isLocalR2) headers[COPY_SOURCE] = ''
    const signed = await signer.signHeaders({ method: 'PUT', url, query, headers }, dateMs)
    const { host: _, [COPY_SOURCE]: __, ...sent } = signed
    return { method: 'PUT' as const, url: withQuery(url, query), headers: sent, expiresAt }
  }

  return {
    put: (target, now) => signPut(target, {}, onceOnly(target), now),
    part: (part, now) => {
      const inRange = Number.isInteger(part.partNumber) && part.partNumber >= 1 && part.partNumber <= 10_000
      invariant(inRange, 'a part number lies between 1 and 10,000')
      // No x-amz-checksum-sha256 here: S3 takes it only for uploads begun with that algorithm, R2 only as a composite.
      return signPut(part, { partNumber: String(part.partNumber), uploadId: part.multipartId }, {}, now)
    },
    async get(key, { now, ttlMs, slice, presentation }) {
      const expiresInSeconds = Math.floor(ttlMs / 1000)
      invariant(expiresInSeconds >= 1, 'a signed GET lives for at least 1 s')
      const dateMs = floorToSecond(now)
      // The range is signed too: a pack may hold chunks of others, and this request is for one slice of it.
      const headers: Record<string, string> = slice === undefined ? {} : { range: rangeHeader(slice) }
      const query = presentation === undefined ? {} : presentationQuery(presentation)
      const request = { method: 'GET', url: objectUrl(publicEndpoint, bucket, key), query, headers }
      const url = await signer.signQuery(request, { dateMs, expiresInSeconds })
      return { method: 'GET', url, headers, expiresAt: dateMs + expiresInSeconds * 1000 }
    },
  }
}

/** Of an object only, not of a part: the type that nothing interprets, the checksum kept with it, and no overwrite. */
const onceOnly = ({ sha256 }: PutTarget): Record<string, string> => ({
  'content-type': 'application/octet-stream',
  'if-none-match': '*',
  'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
})

/**
 * A header-signed request carries no expiry: the store takes it until 15 min after its date. So the date is set back,
 * which leaves exactly `ttlMs` of those 15 min. Dates are whole seconds: rounded down, never up.
 *
 *     dateMs ──────── 15 min ────────▶ refused
 *               now ────── ttlMs ────▶
 */
function headerDate(now: number, ttlMs: number): { dateMs: number; expiresAt: number } {
  const dateMs = floorToSecond(now + ttlMs - HEADER_SIGNATURE_LIFE_MS)
  return { dateMs, expiresAt: dateMs + HEADER_SIGNATURE_LIFE_MS }
}

const floorToSecond = (ms: number): number => Math.floor(ms / 1000) * 1000

/** RFC 9110, section 14.1.2: both ends are part of the range. */
export function rangeHeader({ offset, length }: ByteSlice): string {
  invariant(
    Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length > 0,
    'a slice has bytes',
  )
  return `bytes=${offset}-${offset + length - 1}`
}

/** S3 has no such field for `nosniff`: `attachment` and a separate host are what keeps these bytes from running. */
const presentationQuery = ({ fileName, contentType }: GetPresentation): Record<string, string> => ({
  'response-cache-control': 'private, no-store',
  'response-content-disposition': attachment(fileName),
  'response-content-type': safeMediaType(contentType),
})
