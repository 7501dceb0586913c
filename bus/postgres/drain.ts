import type { Consume, Delivery } from '../../core/event-bus.ts'
import type { Faults } from '../../core/fault-points.ts'
import type { Db } from '../../db/connect.ts'
import { claimDue, nextDueMs, releaseClaims, settleClaims } from '../../db/system/outbox.ts'
import { consumeBatch, type Settled } from '../consume-batch.ts'

/** A claim outlives any delivery that goes as it should; what takes longer may be delivered twice. */
export const CLAIM_LEASE_MS = 60_000
/** After this much of its lease a claim begins no further delivery. */
const BEGIN_WITHIN_MS = CLAIM_LEASE_MS / 2
const CLAIM_LIMIT = 100
const CONCURRENCY = 4
const MAX_CLAIMS = 50

export type DrainOptions = {
  /** Of the system role. */
  db: Db
  consume: Consume
  /** Unix milliseconds. */
  now: () => number
  /** In [0, 1). */
  dice: () => number
  faults: Faults
  /** No new claim after this time. */
  budgetMs?: number
}

export type Drained = {
  settled: Settled[]
  /** It ended by its limits: there may be more that is due. */
  isBusy: boolean
  nextDueMs: number | null
}

/**
 * The Postgres bus: claims what is due, has it consumed, settles it, until nothing is due or a limit is reached.
 * Any number of these may run at once, in any number of processes. Throws what Postgres throws; what was claimed then
 * comes back after its lease.
 */
export async function drain(options: DrainOptions): Promise<Drained> {
  const { db, now, budgetMs = 10_000 } = options
  const startedMs = now()
  const settled: Settled[] = []
  for (let claims = 0; ; claims++) {
    if (claims >= MAX_CLAIMS || now() - startedMs > budgetMs)
      return { settled, isBusy: true, nextDueMs: await nextDueMs(db) }
    const batch = await drainOnce(options)
    settled.push(...batch)
    if (batch.length === 0) return { settled, isBusy: false, nextDueMs: await nextDueMs(db) }
  }
}

async function drainOnce({ db, consume, now, dice, faults }: DrainOptions): Promise<Settled[]> {
  const claimedMs = now()
  const deliveries = await claimDue(db, { nowMs: claimedMs, leaseMs: CLAIM_LEASE_MS, limit: CLAIM_LIMIT })
  if (deliveries.length === 0) return []
  await faults('outbox.after-claim')
  const shouldStop = () => now() - claimedMs > BEGIN_WITHIN_MS
  const settled = await consumeBatch(deliveries, { consume, concurrency: CONCURRENCY, dice, faults, shouldStop })
  await faults('outbox.before-settle')
  await settleClaims(db, settled, now())
  if (settled.length < deliveries.length) await releaseClaims(db, notBegun(deliveries, settled), now())
  await faults('outbox.after-settle')
  return settled
}

function notBegun(deliveries: readonly Delivery[], settled: readonly Settled[]): Delivery[] {
  const begun = new Set(settled.map(({ delivery }) => delivery))
  return deliveries.filter((delivery) => !begun.has(delivery))
}
