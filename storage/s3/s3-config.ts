import { invariant } from '../../core/errors.ts'
import { encodeRfc3986 } from './sign.ts'

export type S3StoreConfig = {
  /** Where this process reaches the store: `https://<account>.r2.cloudflarestorage.com`. Always path-style. */
  endpoint: string
  /** Where clients reach it, when that differs: signed requests name this host. */
  publicEndpoint?: string
  region: string
  bucket: string
  accessKeyId: string
  secretAccessKey: string
  /** The life of a signed PUT, at most 15 min. Default 5 min. */
  signedPutTtlMs?: number
  /** What this store does not enforce of a signed PUT (some S3 look-alikes ignore `if-none-match`). Default: all true. */
  enforces?: Partial<{ sha256: boolean; noOverwrite: boolean }>
  /** Time for an answer to begin, and for a control answer to end. Default 10 s. */
  timeoutMs?: number
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  now?: () => number
  /** In [0, 1): the jitter of retries. */
  dice?: () => number
  sleep?: (ms: number) => Promise<void>
}

/** Header-signed requests are taken by S3 and R2 (and the local endpoint) within 15 min of their date, either side. */
export const HEADER_SIGNATURE_LIFE_MS = 15 * 60_000
const DEFAULT_PUT_TTL_MS = 5 * 60_000
const LOCAL_R2_PATH = '/cdn-cgi/local/r2/s3'

/** What the S3 endpoint of the local R2 bucket leaves out (Miniflare 5). */
export type StoreGap =
  | 'list-parts' // ListParts answers 501
  | 'presentation' // response-content-disposition and response-content-type are signed, but not acted on

export type S3Settings = Required<Omit<S3StoreConfig, 'publicEndpoint' | 'enforces'>> & {
  publicEndpoint: string
  enforces: { sha256: boolean; noOverwrite: boolean }
  isLocalR2: boolean
}

/** Fills in what was left out; a setting out of its range is an invariant of ours that does not hold. */
export function s3Settings(config: S3StoreConfig): S3Settings {
  const signedPutTtlMs = config.signedPutTtlMs ?? DEFAULT_PUT_TTL_MS
  const inRange = signedPutTtlMs >= 1000 && signedPutTtlMs <= HEADER_SIGNATURE_LIFE_MS
  invariant(inRange, 'signedPutTtlMs lies between 1 s and 15 min')
  return {
    ...config,
    publicEndpoint: config.publicEndpoint ?? config.endpoint,
    signedPutTtlMs,
    enforces: { sha256: true, noOverwrite: true, ...config.enforces },
    timeoutMs: config.timeoutMs ?? 10_000,
    fetch: config.fetch ?? ((url, init) => fetch(url, init)),
    now: config.now ?? Date.now,
    dice: config.dice ?? Math.random,
    sleep: config.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
    isLocalR2: new URL(config.endpoint).pathname.startsWith(LOCAL_R2_PATH),
  }
}

/** The address of an object, or of the bucket when `key` is empty, encoded as it is signed. */
export function objectUrl(endpoint: string, bucket: string, key: string): URL {
  const segments = key.split('/')
  // A URL parser would fold these away, and so name another object than the one that was signed.
  invariant(!segments.some((segment) => segment === '.' || segment === '..'), 'an object key has no dot segments')
  const path = key === '' ? bucket : `${bucket}/${segments.map(encodeRfc3986).join('/')}`
  return new URL(`${endpoint.replace(/\/+$/, '')}/${path}`)
}
