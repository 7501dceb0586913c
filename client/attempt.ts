import { ConnectionError, connectionReason } from './connection-error.ts'

/** One attempt at a request, whose time limit and abort go on while its body is read. */
export type Attempt = {
  readonly response: Response
  /** The time limit starts again: the next bytes are waited for. */
  restartClock(): void
  /** Whoever reads takes their time; that is not the server's fault. */
  stopClock(): void
  /** The body was read or is not wanted. Must be called: until then a timer and a listener live. */
  done(): void
}

export type AttemptLimits = { signal: AbortSignal | undefined; timeoutMs: number }

/**
 * Sends one request. `AbortSignal.timeout` and `AbortSignal.any` would keep a timer and a listener for the whole time limit after each
 * request; thousands of requests a minute make that a leak.
 * @throws ConnectionError, or the signal's reason
 */
export async function attemptFetch(
  fetchIt: typeof fetch,
  url: string,
  init: RequestInit,
  { signal, timeoutMs }: AttemptLimits,
): Promise<Attempt> {
  signal?.throwIfAborted()
  const ending = new AbortController()
  const giveUp = () => ending.abort(signal?.reason)
  const timeOut = () => ending.abort(new DOMException('no answer in time', 'TimeoutError'))
  let timer = setTimeout(timeOut, timeoutMs)
  signal?.addEventListener('abort', giveUp, { once: true })
  const done = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
  const stopClock = () => clearTimeout(timer)
  const restartClock = () => {
    clearTimeout(timer)
    timer = setTimeout(timeOut, timeoutMs)
  }
  try {
    return { response: await fetchIt(url, { ...init, signal: ending.signal }), restartClock, stopClock, done }
  } catch (error) {
    done()
    signal?.throwIfAborted()
    throw new ConnectionError(`the server cannot be reached (${connectionReason(error)})`, 1, { cause: error })
  }
}
