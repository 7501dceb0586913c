import { AppError } from '../../core/errors.ts'
import type { SignedRequest } from '../../core/object-store.ts'
import { ConnectionError, connectionReason } from '../connection-error.ts'
import type { Transport } from '../transport.ts'

/**
 * Bytes between this client and the object store by signed requests. A request is a secret: neither its address nor its headers
 * reach an error, a trace or a log.
 */
export type PutOutcome =
  | 'stored'
  /** 412: the store holds this object already; for a resumed upload that means done. */
  | 'already-there'
  /** The signature is past its time: ask for a new one. */
  | 'expired'
  /** The store says that these are not the bytes that were signed for. */
  | 'refused'

/** Slow lines may take this long for a byte more before an attempt is given up. */
const MIN_BYTES_PER_MS = 32
const LEAST_TIMEOUT_MS = 60_000
const timeoutFor = (bytes: number): number => LEAST_TIMEOUT_MS + Math.ceil(bytes / MIN_BYTES_PER_MS)

/** `fetch` sets these from the address and the body; given again, some platforms refuse them. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['host', 'content-length'])

function signedHeaders(request: SignedRequest): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers))
    if (!OWN_HEADERS.has(name.toLowerCase())) headers.set(name, value)
  return headers
}

/**
 * PUTs one object; network faults and 5xx are retried here.
 * @throws AppError `store-unavailable`, ConnectionError
 */
export function putObject(transport: Transport, request: SignedRequest, bytes: Uint8Array): Promise<PutOutcome> {
  const attributes = { 'http.request.method': 'PUT', 'http.request.body.size': bytes.byteLength } as const
  return transport.span.child('object put', { kind: 'client', component: 'object-store', attributes }, (span) =>
    transport.retry(async (attempt) => {
      if (attempt > 1) span.set('bitvault.retries', attempt - 1)
      if (transport.clock() >= request.expiresAt) return 'expired'
      const body = bytes as Uint8Array<ArrayBuffer>
      const init: RequestInit = { method: 'PUT', headers: signedHeaders(request), body, redirect: 'error' }
      const response = await transport.attempt(request.url, init, timeoutFor(bytes.byteLength))
      span.set('http.response.status_code', response.status)
      // The connection is only free for the next request when the answer was read.
      await response.arrayBuffer().catch(() => {})
      return putOutcome(response.status)
    }),
  )
}

function putOutcome(status: number): PutOutcome {
  if (status >= 200 && status < 300) return 'stored'
  if (status === 412) return 'already-there'
  if (status === 401 || status === 403) return 'expired'
  if (isPassing(status)) throw new AppError('store-unavailable', { status })
  return 'refused'
}

/** 409: S3 met another PUT of the same key in flight and asks to repeat. */
const isPassing = (status: number): boolean => status >= 500 || status === 408 || status === 409 || status === 429

export type GetOutcome = { is: 'bytes'; bytes: Uint8Array } | { is: 'expired' } | { is: 'missing' }

/**
 * Bytes `[offset, offset + length)` of an object, all of them; faults on the way are retried here.
 * @throws AppError `store-unavailable`, ConnectionError
 */
export function getObjectRange(
  transport: Transport,
  request: SignedRequest,
  slice: { offset: number; length: number },
): Promise<GetOutcome> {
  return transport.span.child('object get', { kind: 'client', component: 'object-store' }, (span) =>
    transport.retry(async (attempt) => {
      if (attempt > 1) span.set('bitvault.retries', attempt - 1)
      if (transport.clock() >= request.expiresAt) return { is: 'expired' }
      const headers = signedHeaders(request)
      headers.set('range', `bytes=${slice.offset}-${slice.offset + slice.length - 1}`)
      const response = await transport.attempt(request.url, { headers, redirect: 'error' }, timeoutFor(slice.length))
      span.set('http.response.status_code', response.status)
      if (response.status === 206 || response.status === 200)
        return { is: 'bytes', bytes: await readSlice(response, slice) }
      await response.arrayBuffer().catch(() => {})
      return failedGet(response.status)
    }),
  )
}

function failedGet(status: number): GetOutcome {
  if (status === 401 || status === 403) return { is: 'expired' }
  if (isPassing(status)) throw new AppError('store-unavailable', { status })
  return { is: 'missing' }
}

/** Reads exactly the slice: a store may ignore the range and answer 200 with the whole object, and may never send more than asked. */
async function readSlice(response: Response, slice: { offset: number; length: number }): Promise<Uint8Array> {
  const bytes = new Uint8Array(slice.length)
  let toSkip = response.status === 200 ? slice.offset : 0
  let filled = 0
  const reader = response.body?.getReader()
  try {
    while (reader !== undefined && filled < bytes.length) {
      const { done, value } = await reader.read()
      if (done) break
      const from = Math.min(toSkip, value.byteLength)
      toSkip -= from
      const piece = value.subarray(from, from + bytes.length - filled)
      bytes.set(piece, filled)
      filled += piece.byteLength
    }
  } catch (error) {
    throw new ConnectionError(`the object broke off (${connectionReason(error)})`, 1, { cause: error })
  }
  await reader?.cancel().catch(() => {})
  if (filled < bytes.length) throw new ConnectionError('the object broke off', 1)
  return bytes
}
