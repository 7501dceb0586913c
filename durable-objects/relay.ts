import type { Faults } from '../core/fault-points.ts'
import type { TenantId } from '../core/ids.ts'
import { relay, type QueueProducer } from '../bus/cloudflare-queues/relay.ts'
import { asTenant, type Db } from '../db/connect.ts'

/**
 * Gets a tenant's outbox to its consumers. With a Queue (Cloudflare) this object drains the rows into it by alarm, so that the
 * commit waits for nothing and a crash in between is made good by the alarm. Without one the table itself is the queue, and the
 * pump that consumes it is woken.
 */
export type Relay = {
  /** Call after a commit that wrote to the outbox. Costs nothing when an alarm is set already. */
  wake(): void
  /** What the alarm does. */
  drain(): Promise<void>
}

export type RelayDeps = { ctx: DurableObjectState; env: Env; tenant: TenantId; db: Db; faults: Faults }

export function relayOf({ ctx, env, tenant, db, faults }: RelayDeps): Relay {
  const queue = (env as unknown as { EVENT_QUEUE?: QueueProducer }).EVENT_QUEUE
  let isArmed = false
  const arm = (atMs: number): Promise<void> => {
    isArmed = true
    return ctx.storage.setAlarm(atMs)
  }
  return {
    wake() {
      if (isArmed) return
      ctx.waitUntil(arm(Date.now()))
    },
    async drain() {
      isArmed = false
      if (!queue) {
        await env.OUTBOX_PUMP.getByName('pump').poke()
        return
      }
      const run = <T>(work: Parameters<typeof asTenant<T>>[2]) => asTenant(db, tenant, work)
      const { nextDueMs } = await relay({ run, tenant, queue, now: () => Date.now(), faults })
      if (nextDueMs !== null) await arm(nextDueMs)
    },
  }
}
