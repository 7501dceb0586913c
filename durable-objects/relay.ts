import type { Faults } from '../core/fault-points.ts'
import type { TenantId } from '../core/ids.ts'
import { relay, type QueueProducer } from '../bus/cloudflare-queues/relay.ts'
import type { HeldDatabase } from './held-database.ts'

/**
 * Gets a tenant's outbox to its consumers. With a Queue (Cloudflare) this object drains the rows into it by alarm, so that the
 * commit waits for nothing and a crash in between is made good by the alarm. Without one the table itself is the queue, and the
 * pump that consumes it is woken.
 */
export type Relay = {
  /** Call after a commit that wrote to the outbox. Costs nothing when an alarm is near already. */
  wake(): void
  /** What the alarm does. @returns when it must ring again; `null`: when it is woken */
  drain(): Promise<number | null>
}

/** Wake-ups of a busy tenant are gathered for this long: its consumers then read many entries at once. */
const GATHER_MS = 100

export type RelayDeps = {
  ctx: Pick<DurableObjectState, 'waitUntil'>
  env: Env
  tenant: TenantId
  db: HeldDatabase
  faults: Faults
  /** Has `drain` called not later than then. */
  arm: (atMs: number) => Promise<void>
}

export function relayOf({ ctx, env, tenant, db, faults, arm }: RelayDeps): Relay {
  const queue = (env as unknown as { EVENT_QUEUE?: QueueProducer }).EVENT_QUEUE
  let drainedAt = 0
  return {
    wake() {
      // At once when it was quiet; a stream of commits is served every `GATHER_MS`.
      ctx.waitUntil(arm(Math.max(Date.now(), drainedAt + GATHER_MS)))
    },
    async drain() {
      drainedAt = Date.now()
      if (!queue) {
        await env.OUTBOX_PUMP.getByName('pump').poke()
        return null
      }
      const { nextDueMs } = await relay({
        run: (work) => db.transact(work),
        tenant,
        queue,
        now: () => Date.now(),
        faults,
      })
      return nextDueMs
    },
  }
}
