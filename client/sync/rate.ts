import type { Clock } from './ports.ts'

/** Bandwidth: whoever is about to move bytes asks first. */
export type Rate = {
  /** Waits until so many more may move. @throws the signal's reason */
  take(bytes: number, signal?: AbortSignal): Promise<void>
  /** @param bytesPerSecond `null`: as fast as it goes */
  limit(bytesPerSecond: number | null): void
  /** Moved since the start. */
  total(): number
}

/** Shorter pauses are saved up: a timer costs more than they are worth. */
const PAUSE_MIN_MS = 20
/** What was not used is not saved up for longer. */
const SAVED_MS = 1_000

/** Of more, others who share the limit get their turn in between. */
const TURN_BYTES = 256 * 1024

/** One limit for all who share it, in the order in which they ask. */
export function createRate(clock: Clock, bytesPerSecond: number | null = null): Rate {
  let limit = bytesPerSecond
  let total = 0
  /** How far the bytes that were let through are ahead of the clock. */
  let aheadMs = 0
  let lastMs = clock.now()
  let turn = Promise.resolve()
  const pass = async (bytes: number, signal: AbortSignal | undefined): Promise<void> => {
    if (limit === null) return
    const now = clock.now()
    // A clock that was set back, or jumped, gives nothing and takes nothing.
    const passedMs = Math.min(SAVED_MS, Math.max(0, now - lastMs))
    lastMs = now
    aheadMs = Math.max(-SAVED_MS, aheadMs - passedMs) + (bytes * 1_000) / limit
    if (aheadMs < PAUSE_MIN_MS) return
    const pauseMs = aheadMs
    await clock.sleep(pauseMs, signal)
    aheadMs -= pauseMs
    lastMs = clock.now()
  }
  const inTurn = (bytes: number, signal: AbortSignal | undefined): Promise<void> => {
    const mine = turn.then(() => pass(bytes, signal))
    turn = mine.catch(() => {})
    return mine
  }
  return {
    take: async (bytes, signal) => {
      total += bytes
      if (limit === null) return
      for (let left = bytes; left > 0; left -= TURN_BYTES) await inTurn(Math.min(left, TURN_BYTES), signal)
    },
    limit: (next) => {
      limit = next
      aheadMs = 0
    },
    total: () => total,
  }
}
