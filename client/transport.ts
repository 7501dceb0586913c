import { AppError, invariant } from '../core/errors.ts'
import { uuidV7 } from '../core/ids.ts'
import { PROTOCOL_HEADER, PROTOCOL_VERSION } from '../protocol/version.ts'
import { silentSpan, type Span } from '../telemetry/tracer.ts'
import { type Attempt, attemptFetch } from './attempt.ts'
import { ConnectionError, connectionReason } from './connection-error.ts'
import { errorOfReply } from './problem-reply.ts'
import { RETRY_LIMITS, timerSleep, withRetry, type RetryWorld } from './retry.ts'

export type TransportOptions = {
  /** `https://host`; a path is kept, for a server behind a prefix. */
  baseUrl: string
  accessToken: () => Promise<string>
  /** Called once a request when the access token was refused as expired; afterwards the request is repeated. */
  onUnauthorized?: () => Promise<void>
  fetch: typeof fetch
  /** Unix milliseconds. */
  clock: () => number
  /** As many random bytes as asked. */
  random: (length: number) => Uint8Array
  /** Waits; rejects when `signal` aborts. Default: a timer. */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Calls are traced below it. */
  span?: Span
  signal?: AbortSignal
  /** For one attempt; default 60 s. */
  timeoutMs?: number
  /** Attempts a request; default 8 within 30 s. */
  tries?: number
}

export type Call<T> = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** `/v1/files/{id}`: for traces, which never carry the path itself. */
  route: string
  path: string
  body?: unknown
  /** Of thousands of hashes: packed, it is less than half as long. */
  isLong?: boolean
  accept?: string
  /** Reads the JSON of a successful answer; throws where it is not what was promised. */
  parse: (json: unknown) => T
}

/** HTTP as the client needs it: credentials, retries, time limits and traces, in this one place. */
export interface Transport {
  /** A JSON request to the API. Whatever it asks must be repeatable. */
  call<T>(call: Call<T>): Promise<T>
  /** One attempt at any address, the object store's too; no credentials are added. Throws `ConnectionError`. */
  attempt(url: string, init: RequestInit, timeoutMs?: number): Promise<Attempt>
  retry<T>(work: (attempt: number) => Promise<T>): Promise<T>
  newId(): string
  with(bindings: { span?: Span; signal?: AbortSignal }): Transport
  readonly span: Span
  readonly signal: AbortSignal | undefined
  readonly clock: () => number
}

const TIMEOUT_MS = 60_000
/** Shorter bodies are not worth it. */
const PACKED_FROM_CHARS = 2_048

const gzip = (text: string): Promise<ArrayBuffer> =>
  new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer()

/** Answers that no client of ours should meet are errors of ours: `internal`, never retried. */
const notUnderstood = (cause: unknown): AppError =>
  new AppError('internal', { detail: 'the server answered something that this version does not understand' }, { cause })

export function createTransport(options: TransportOptions): Transport {
  const { clock, random, signal, span = silentSpan } = options
  const base = options.baseUrl.replace(/\/+$/, '')
  const world: RetryWorld = { clock, random, signal, sleep: options.sleep ?? timerSleep }
  const limits = { ...RETRY_LIMITS, tries: options.tries ?? RETRY_LIMITS.tries }

  const attempt = (url: string, init: RequestInit, timeoutMs = options.timeoutMs ?? TIMEOUT_MS) =>
    attemptFetch(options.fetch, url, init, { signal, timeoutMs })
  const retry = <T>(work: (attempt: number) => Promise<T>): Promise<T> => withRetry(work, world, limits)

  const send = async (call: Call<unknown>, callSpan: Span): Promise<Attempt> => {
    const headers: Record<string, string> = {
      authorization: `Bearer ${await options.accessToken()}`,
      accept: call.accept ?? 'application/json',
      [PROTOCOL_HEADER]: String(PROTOCOL_VERSION),
    }
    const traceparent = callSpan.traceparent()
    if (traceparent !== null) headers['traceparent'] = traceparent
    const init: RequestInit = { method: call.method, headers, redirect: 'manual' }
    if (call.body !== undefined) {
      headers['content-type'] = 'application/json'
      const text = JSON.stringify(call.body)
      const isPacked = call.isLong === true && text.length > PACKED_FROM_CHARS
      if (isPacked) headers['content-encoding'] = 'gzip'
      init.body = isPacked ? await gzip(text) : text
    }
    const sent = await attempt(base + call.path, init)
    callSpan.set('http.response.status_code', sent.response.status)
    return sent
  }

  /** `null`: the access token was refused as expired, and there is another one now. */
  const once = async <T>(call: Call<T>, callSpan: Span, mayRefresh: boolean): Promise<{ value: T } | null> => {
    const { response, done } = await send(call, callSpan)
    try {
      if (response.ok) return { value: await readReply(response, call.parse) }
      const error = await errorOfReply(response)
      if (error.code !== 'token-expired' || !mayRefresh || options.onUnauthorized === undefined) throw error
    } finally {
      done()
    }
    await options.onUnauthorized()
    return null
  }
  const withFreshToken = async <T>(call: Call<T>, callSpan: Span): Promise<T> => {
    const first = (await once(call, callSpan, true)) ?? (await once(call, callSpan, false))
    invariant(first !== null, 'without a refresh there is an answer or an error')
    return first.value
  }

  return {
    span,
    signal,
    clock,
    attempt,
    retry,
    newId: () => uuidV7(clock(), random(10)),
    with: (bindings) => createTransport({ ...options, ...bindings }),
    call: (call) =>
      span.child(
        `${call.method} ${call.route}`,
        { kind: 'client', attributes: { 'http.request.method': call.method, 'http.route': call.route } },
        (callSpan) =>
          retry((attemptNumber) => {
            if (attemptNumber > 1) callSpan.set('bitvault.retries', attemptNumber - 1)
            return withFreshToken(call, callSpan)
          }),
      ),
  }
}

async function readReply<T>(response: Response, parse: (json: unknown) => T): Promise<T> {
  let text: string
  try {
    text = await response.text()
  } catch (error) {
    throw new ConnectionError(`the answer broke off (${connectionReason(error)})`, 1, { cause: error })
  }
  try {
    return parse(text === '' ? undefined : JSON.parse(text))
  } catch (error) {
    throw notUnderstood(error)
  }
}
