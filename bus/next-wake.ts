import { retryDelayMs } from '../core/event-bus.ts'

/** However quiet it is, the table is looked at this often: a poke that was lost costs no more than this. */
export const WAKE_FLOOR_MS = 30_000

export type WakeFacts = {
  /** Unix milliseconds. */
  nowMs: number
  /** When the earliest message is due, or `null` when there is none. */
  nextDueMs: number | null
  /** The last run ended by its limits, not for want of messages. */
  isBusy: boolean
  /** Runs that failed in a row: Postgres is away. */
  failures: number
  /** In [0, 1). */
  dice: number
}

/** When to look at the outbox again, Unix milliseconds. */
export function nextWakeMs({ nowMs, nextDueMs, isBusy, failures, dice }: WakeFacts): number {
  const floor = nowMs + WAKE_FLOOR_MS
  if (failures > 0) return Math.min(floor, nowMs + retryDelayMs(failures, dice))
  if (isBusy) return nowMs
  return nextDueMs === null ? floor : Math.min(floor, Math.max(nowMs, nextDueMs))
}
