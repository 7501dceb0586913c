import type { Span } from '../telemetry/tracer.ts'

/** No answer in spite of all retries: the network, the address, or a server that is down. */
export class ConnectionError extends Error {
  readonly attempts: number
  constructor(message: string, attempts: number, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'ConnectionError'
    this.attempts = attempts
  }
}

export type TransportOptions = {
  /** `https://host`, without a path. */
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
  span?: Span
  signal?: AbortSignal
  /** For one attempt; default 30 s. */
  timeoutMs?: number
}
export type Transport = { readonly options: TransportOptions }
export const createTransport = (options: TransportOptions): Transport => ({ options })
