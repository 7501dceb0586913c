/** No usable answer: the network, the address, or a server that is down. `attempts` says how often it was tried. */
export class ConnectionError extends Error {
  readonly attempts: number
  constructor(message: string, attempts = 1, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'ConnectionError'
    this.attempts = attempts
  }
}

/** The reason that a failed `fetch` gives, without the address: `ECONNREFUSED`, `ENOTFOUND`, … */
export function connectionReason(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
    if (at.name === 'TimeoutError') return 'timeout'
  }
  return 'no connection'
}
