import { AppError } from '../../core/errors.ts'
import type { S3Settings } from './s3-config.ts'
import { objectUrl } from './s3-config.ts'
import type { S3Signer } from './sign.ts'
import { withQuery } from './sign.ts'
import { elementText } from './xml.ts'

/** The one place that talks to the store: signs, bounds the time, maps failures, and repeats what may be repeated. */
export type S3Call = {
  /** The S3 operation, for error causes. */
  operation: string
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  /** Empty: the bucket itself. */
  key: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: string
  /** Repeated after a failure of the store or of the network. */
  isIdempotent: boolean
  timeoutMs?: number
}

/** Sends the call and lets `read` make a value of the answer; 5xx, 408, 429 and silence are `store-unavailable`. */
export type S3Send = <T>(call: S3Call, read: (response: Response) => Promise<T>) => Promise<T>

const ATTEMPTS = 3
const FIRST_DELAY_MS = 100
const RETRY_AFTER_MS = 1000
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
/** Overloaded or broken for now. 501 is not among them: what is not implemented stays so. */
const PASSING = new Set([408, 429, 500, 502, 503, 504])

export function s3Calls(settings: S3Settings, signer: S3Signer): S3Send {
  return async (call, read) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await attemptOnce(settings, signer, call, read)
      } catch (error) {
        const mayRepeat = error instanceof AppError && error.code === 'store-unavailable' && call.isIdempotent
        if (!mayRepeat || attempt === ATTEMPTS) throw error
        await settings.sleep(FIRST_DELAY_MS * 4 ** (attempt - 1) * (0.5 + settings.dice() / 2))
      }
    }
  }
}

async function attemptOnce<T>(
  settings: S3Settings,
  signer: S3Signer,
  call: S3Call,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const { url, headers } = await signedCall(settings, signer, call)
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), call.timeoutMs ?? settings.timeoutMs)
  try {
    const init: RequestInit = { method: call.method, headers, redirect: 'manual', signal: deadline.signal }
    if (call.body !== undefined) init.body = call.body
    const response = await settings.fetch(url, init)
    if (PASSING.has(response.status)) throw await passingFailure(call, response)
    return await read(response)
  } catch (error) {
    if (error instanceof AppError) throw error
    // A transport error may quote the URL that it failed on; these are header-signed, so it holds no signature.
    throw new AppError('store-unavailable', { retryAfterMs: RETRY_AFTER_MS }, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function signedCall(settings: S3Settings, signer: S3Signer, call: S3Call) {
  const url = objectUrl(settings.endpoint, settings.bucket, call.key)
  const query = call.query ?? {}
  const payloadHash = call.body === undefined ? EMPTY_SHA256 : await sha256Hex(call.body)
  const given = { 'x-amz-content-sha256': payloadHash, ...call.headers }
  const signed = await signer.signHeaders({ method: call.method, url, query, headers: given }, settings.now())
  const { host: _, ...headers } = signed // fetch writes it from the URL, and no runtime lets us
  return { url: withQuery(url, query), headers }
}

async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function passingFailure(call: S3Call, response: Response): Promise<AppError> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retryAfterMs = seconds > 0 && seconds <= 60 ? seconds * 1000 : RETRY_AFTER_MS
  return new AppError('store-unavailable', { retryAfterMs }, { cause: new Error(await refusalText(call, response)) })
}

/** For an answer that should not happen: wrong credentials, no such bucket, a request that the store does not know. */
export async function unexpected(call: S3Call, response: Response): Promise<AppError> {
  const cause = new Error(await refusalText(call, response))
  return new AppError('internal', { detail: 'the object store refused a request of ours' }, { cause })
}

/** Operation, status and S3's error code only: S3 quotes the whole canonical request in the rest. */
async function refusalText(call: S3Call, response: Response): Promise<string> {
  return `${call.operation}: ${response.status} ${(await errorCode(response)) ?? ''}`.trim()
}

/** S3's own name of the error, as in `NoSuchKey`; `null` when the body has none. Consumes the body. */
export async function errorCode(response: Response): Promise<string | null> {
  const code = elementText(await response.text(), 'Code')
  return code !== null && /^[A-Za-z0-9.]{1,80}$/.test(code) ? code : null
}
