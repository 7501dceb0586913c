import { AppError, isRetryable } from '../core/errors.ts'
import { ConnectionError } from './connection-error.ts'

/**
 * The one retry layer of the client. A repeat may succeed only where the code says so, or where no answer came;
 * the wait doubles with full jitter, so that many clients do not come back at once, and a server's Retry-After is honoured.
 */
export type RetryLimits = {
  tries: number
  /** No new attempt begins later than this after the first. */
  budgetMs: number
  baseMs: number
  capMs: number
}
export const RETRY_LIMITS: RetryLimits = { tries: 8, budgetMs: 30_000, baseMs: 250, capMs: 8_000 }

export type RetryWorld = {
  /** Unix milliseconds. */
  clock: () => number
  random: (length: number) => Uint8Array
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  signal?: AbortSignal | undefined
}

export const mayRetry = (error: unknown): error is AppError | ConnectionError =>
  error instanceof ConnectionError || (error instanceof AppError && isRetryable(error.code))

/**
 * Runs `work` until it succeeds, fails for good, or the limits are reached; then throws what it threw last.
 * @param work gets the number of the attempt, from 1
 */
export async function withRetry<T>(
  work: (attempt: number) => Promise<T>,
  world: RetryWorld,
  limits: RetryLimits = RETRY_LIMITS,
): Promise<T> {
  const startedMs = world.clock()
  for (let attempt = 1; ; attempt++) {
    world.signal?.throwIfAborted()
    try {
      return await work(attempt)
    } catch (error) {
      world.signal?.throwIfAborted()
      if (!mayRetry(error)) throw error
      const delayMs = retryDelayMs(error, attempt, world.random, limits)
      if (attempt >= limits.tries || world.clock() + delayMs > startedMs + limits.budgetMs)
        throw counted(error, attempt)
      await world.sleep(delayMs, world.signal)
    }
  }
}

/** Full jitter between 0 and `base · 2^(attempt-1)`, above what the server asked for. */
export function retryDelayMs(
  error: AppError | ConnectionError,
  attempt: number,
  random: (length: number) => Uint8Array,
  limits: RetryLimits = RETRY_LIMITS,
): number {
  const asked = error instanceof AppError ? (error.facts.retryAfterMs ?? 0) : 0
  const ceiling = Math.min(limits.capMs, limits.baseMs * 2 ** (attempt - 1))
  const [high = 0, low = 0] = random(2)
  return asked + Math.round((ceiling * (high * 256 + low)) / 65_535)
}

const counted = (error: AppError | ConnectionError, attempts: number): Error =>
  error instanceof ConnectionError ? new ConnectionError(error.message, attempts, { cause: error.cause }) : error

/** A timer that an abort ends early, by rejecting with the signal's reason. */
export const timerSleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
