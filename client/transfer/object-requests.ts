import { AppError } from '../../core/errors.ts'
import type { SignedRequest } from '../../core/object-store.ts'
import type { Attempt } from '../attempt.ts'
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
      const init = {
        method: 'PUT',
        headers: putHeaders(request, bytes),
        body: streamOf(bytes),
        redirect: 'error',
        duplex: 'half',
      } as const
      const { response, done } = await transport.attempt(request.url, init, timeoutFor(bytes.byteLength))
      span.set('http.response.status_code', response.status)
      // The connection is only free for the next request when the answer was read.
      await response.arrayBuffer().catch(() => {})
      done()
      return putOutcome(response.status)
    }),
  )
}

/** As a stream, the body is sent from where it lies: given as bytes, `fetch` would first copy all of it. */
const BODY_PIECE_BYTES = 256 * 1024

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream(
    {
      pull: (controller) => {
        if (at >= bytes.length) return controller.close()
        controller.enqueue(bytes.subarray(at, at + BODY_PIECE_BYTES))
        at += BODY_PIECE_BYTES
      },
    },
    { highWaterMark: 0 },
  )
}

/** The length is signed; of a stream, `fetch` would not know it. */
function putHeaders(request: SignedRequest, bytes: Uint8Array): Headers {
  const headers = signedHeaders(request)
  headers.set('content-length', String(bytes.byteLength))
  return headers
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

export type GetOutcome = { is: 'open'; body: AsyncIterable<Uint8Array> } | { is: 'expired' } | { is: 'missing' }

/**
 * Sends a signed GET as it is, its range included, and answers its bytes as they come; faults before the first byte are retried here.
 * Leaving the iteration early gives the rest up. A body that breaks off throws ConnectionError.
 * @throws AppError `store-unavailable`, ConnectionError
 */
export function getObject(transport: Transport, request: SignedRequest): Promise<GetOutcome> {
  return transport.span.child('object get', { kind: 'client', component: 'object-store' }, (span) =>
    transport.retry(async (attempt): Promise<GetOutcome> => {
      if (attempt > 1) span.set('bitvault.retries', attempt - 1)
      const headers = signedHeaders(request)
      const isSlice = headers.has('range')
      const attempted = await transport.attempt(request.url, { headers, redirect: 'error' })
      const { response, done } = attempted
      span.set('http.response.status_code', response.status)
      if (response.status === (isSlice ? 206 : 200)) return { is: 'open', body: bodyOf(attempted) }
      await response.body?.cancel().catch(() => {})
      done()
      return failedGet(response.status)
    }),
  )
}

function failedGet(status: number): GetOutcome {
  if (status === 401 || status === 403) return { is: 'expired' }
  if (isPassing(status)) throw new AppError('store-unavailable', { status })
  return { is: 'missing' }
}

async function* bodyOf({
  response,
  restartClock,
  stopClock,
  done,
}: Attempt): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = response.body?.getReader()
  if (reader === undefined) return done()
  let isAtEnd = false
  try {
    for (;;) {
      restartClock()
      const step = await readOrThrow(reader)
      isAtEnd = step.done
      if (step.done) return
      stopClock()
      yield step.value
    }
  } finally {
    done()
    if (!isAtEnd) await reader.cancel().catch(() => {})
  }
}

async function readOrThrow(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read()
  } catch (error) {
    throw new ConnectionError(`the object broke off (${connectionReason(error)})`, 1, { cause: error })
  }
}
