import { Buffer } from 'node:buffer'
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { ByteSlice, SignedRequest } from '../../core/object-store.ts'

/** What a request to the memory store holds: enough of HTTP for the rules of a signed request to be tested. */
export type MemoryRequest = { method: string; url: string; headers: Record<string, string> }

const SIGNATURE = 'x-memory-signature'
const EXPIRES = 'x-memory-expires'

/** Signs a request whole: method, URL, every header, and its end. One secret an instance. */
export class MemorySigner {
  readonly #secret: string
  constructor(secret: string) {
    this.#secret = secret
  }

  sign(method: SignedRequest['method'], url: URL, headers: Record<string, string>, expiresAt: number): SignedRequest {
    if (method === 'GET') {
      url.searchParams.set(EXPIRES, String(expiresAt))
      url.searchParams.set('signed', Object.keys(headers).join(';'))
      const signature = this.#mac({ method, url: url.href, headers })
      url.searchParams.set(SIGNATURE, signature)
      return { method, url: url.href, headers, expiresAt }
    }
    const dated = { ...headers, [EXPIRES]: String(expiresAt) }
    const signature = this.#mac({ method, url: url.href, headers: dated })
    return { method, url: url.href, headers: { ...dated, [SIGNATURE]: signature }, expiresAt }
  }

  /** Whether `request` is, header for header, one that this signer made and whose time is not over. */
  holds(request: MemoryRequest, now: number): boolean {
    const url = new URL(request.url)
    const headers = { ...request.headers }
    const isQuerySigned = url.searchParams.has(SIGNATURE)
    const given = isQuerySigned ? url.searchParams.get(SIGNATURE) : headers[SIGNATURE]
    const expires = isQuerySigned ? url.searchParams.get(EXPIRES) : headers[EXPIRES]
    url.searchParams.delete(SIGNATURE)
    delete headers[SIGNATURE]
    if (isQuerySigned) keepOnly(headers, url.searchParams.get('signed') ?? '')
    if (given == null || !(now <= Number(expires))) return false
    const expected = this.#mac({ method: request.method, url: url.href, headers })
    return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
  }

  #mac({ method, url, headers }: MemoryRequest): string {
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`)
    return createHmac('sha256', this.#secret)
      .update([method, url, ...lines.toSorted()].join('\n'))
      .digest('hex')
  }
}

/** A query-signed URL lets further headers be sent: only those that it names are covered. */
function keepOnly(headers: Record<string, string>, signed: string): void {
  const names = new Set(signed.split(';'))
  for (const name of Object.keys(headers)) if (!names.has(name)) delete headers[name]
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The slice as a `range` header, and back. */
export const rangeOf = ({ offset, length }: ByteSlice): string => `bytes=${offset}-${offset + length - 1}`

export function sliceOf(range: string | undefined): ByteSlice | undefined {
  const match = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')
  return match === null ? undefined : { offset: Number(match[1]), length: Number(match[2]) - Number(match[1]) + 1 }
}
