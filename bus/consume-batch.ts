import { AppError } from '../core/errors.ts'
import { MAX_ATTEMPTS, retryDelayMs, type Consume, type Delivery, type Verdict } from '../core/event-bus.ts'
import type { Faults } from '../core/fault-points.ts'

export type Settled = { delivery: Delivery; verdict: Verdict }

export type ConsumeBatchOptions = {
  consume: Consume
  /** Deliveries handled at once. */
  concurrency: number
  /** Dice in [0, 1), for the jitter of retries. */
  dice: () => number
  faults: Faults
  /** Asked before each delivery; once `true`, the rest is not begun and not in the answer. */
  shouldStop?: () => boolean
}

/**
 * Runs the consumer over deliveries, in their order, a few at a time. What a verdict means is the same on every bus;
 * how it is carried out is the bus's own. Never throws: an error of the consumer is a retry.
 */
export async function consumeBatch(deliveries: readonly Delivery[], options: ConsumeBatchOptions): Promise<Settled[]> {
  const settled: Settled[] = []
  let next = 0
  const work = async () => {
    for (;;) {
      const delivery = deliveries[next]
      if (delivery === undefined || options.shouldStop?.()) return
      next += 1
      settled.push({ delivery, verdict: await judge(delivery, options) })
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.concurrency, deliveries.length) }, work))
  return settled
}

/** One delivery, and what the bus does with it then. */
async function judge(delivery: Delivery, { consume, dice, faults }: ConsumeBatchOptions): Promise<Verdict> {
  // Delivered too often without ever being settled: its consumer dies of it, so it is not tried again.
  if (delivery.attempt > MAX_ATTEMPTS) return { do: 'dead-letter', reason: 'never settled' }
  try {
    await faults('outbox.before-consume')
    return boundedRetry(delivery, await consume(delivery))
  } catch (error) {
    const afterMs = retryDelayMs(delivery.attempt, dice())
    return boundedRetry(delivery, { do: 'retry', afterMs, reason: reasonOf(error) })
  }
}

function boundedRetry({ attempt }: Delivery, verdict: Verdict): Verdict {
  if (verdict.do !== 'retry' || attempt < MAX_ATTEMPTS) return verdict
  return { do: 'dead-letter', reason: verdict.reason }
}

/** A code or a class; never a message, which may quote what it was given (T23). */
function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.code
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string' && /^[A-Za-z0-9_-]{1,40}$/.test(code)) return code
  return error instanceof Error ? error.name : 'unknown'
}
