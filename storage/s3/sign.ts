import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'

/**
 * AWS Signature Version 4, in the two forms that we hand out or use ourselves.
 *
 * The algorithm is the AWS SDK's own package (14 KiB in the bundle; the whole S3 client is 265 KiB and, bundled for
 * workerd, parses XML with a DOMParser that workerd does not have). Hashes come from node:crypto, which is native and
 * synchronous in Node and in workerd: one signature costs about 20 microseconds, the derived key is cached by day.
 */
export type S3Credentials = { region: string; accessKeyId: string; secretAccessKey: string }

export type ToSign = {
  method: string
  /** Without a query; its path must already be percent-encoded as it will be sent. */
  url: URL
  query?: Record<string, string>
  headers: Record<string, string>
}

export interface S3Signer {
  /** Adds `host`, `x-amz-date` and `authorization`; every header given is covered by the signature. */
  signHeaders(request: ToSign, dateMs: number): Promise<Record<string, string>>
  /** The URL with the signature in its query; it covers the headers given, and holds for `expiresInSeconds`. */
  signQuery(request: ToSign, options: { dateMs: number; expiresInSeconds: number }): Promise<string>
}

const PAYLOAD_HASH = 'x-amz-content-sha256'

/** SHA-256, or HMAC-SHA-256 when made with a secret: the shape that the signer asks for. */
class NodeSha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(data: Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {
    throw new Error('one instance hashes one message')
  }
}

function bytesOf(secret: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof secret === 'string') return secret
  return ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret)
}

/** A signer for one account; it holds the secret and never shows it. */
export function s3Signer({ region, accessKeyId, secretAccessKey }: S3Credentials): S3Signer {
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: NodeSha256,
    uriEscapePath: false, // S3 alone signs the path as sent, encoded once
    applyChecksum: false,
  })
  return {
    async signHeaders(request, dateMs) {
      const signed = await signer.sign(plainRequest(request), { signingDate: new Date(dateMs) })
      return signed.headers
    },
    async signQuery(request, { dateMs, expiresInSeconds }) {
      // The payload hash is part of what is signed, but neither a header nor a query field of the request.
      const aside = new Set([PAYLOAD_HASH])
      const unsigned = plainRequest({ ...request, headers: { ...request.headers, [PAYLOAD_HASH]: 'UNSIGNED-PAYLOAD' } })
      const signed = await signer.presign(unsigned, {
        signingDate: new Date(dateMs),
        expiresIn: expiresInSeconds,
        unhoistableHeaders: aside,
        unsignableHeaders: aside,
      })
      return withQuery(request.url, (signed.query ?? {}) as Record<string, string>)
    },
  }
}

function plainRequest({ method, url, query, headers }: ToSign) {
  return {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: { ...query },
    headers: { host: url.host, ...headers },
  }
}

/** RFC 3986: everything but letters, digits and `-._~` is percent-encoded. Signatures need exactly this form. */
export const encodeRfc3986 = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** `url` with the query written in the one encoding that the signature was made over. */
export function withQuery(url: URL, query: Record<string, string>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`)
  return pairs.length === 0 ? url.href : `${url.href}?${pairs.join('&')}`
}
