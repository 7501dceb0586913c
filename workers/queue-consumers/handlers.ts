import { consumeQueueBatch } from '../../bus/cloudflare-queues/consume-queue.ts'
import { relay, type QueueProducer } from '../../bus/cloudflare-queues/relay.ts'
import type { Delivery } from '../../core/event-bus.ts'
import type { Db, Tx } from '../../db/connect.ts'
import { rescheduleMissed } from '../../db/system/garbage.ts'
import { buryDelivery } from '../../db/system/outbox.ts'
import { scheduleRetention } from '../../db/system/retention.ts'
import { openConsumers, type OpenConsumers } from './open-consumers.ts'

const MEND_LIMIT = 1_000

/** The `queue` handler, on Cloudflare. */
export async function onQueue(batch: MessageBatch, env: Env, ctx: ExecutionContext): Promise<void> {
  const world = openConsumers(env)
  const { db, consume, faults } = world
  const bury = (delivery: Delivery, reason: string) => buryDelivery(db, delivery, reason)
  await consumeQueueBatch(batch.messages, { consume, bury, dice: Math.random, faults })
  // Consumers leave messages too, and nobody else is told of them.
  await relayAll(world, env)
  close(world, ctx)
}

/** The `scheduled` handler, on Cloudflare: what alarms and messages should have seen to, in case one was lost. */
export async function onScheduled(env: Env, ctx: ExecutionContext): Promise<void> {
  const world = openConsumers(env)
  const { db, graceMs, retentionEveryMs: everyMs } = world
  await rescheduleMissed(db, { nowMs: Date.now(), graceMs, limit: MEND_LIMIT })
  await scheduleRetention(db, { nowMs: Date.now(), everyMs, limit: MEND_LIMIT })
  await relayAll(world, env)
  close(world, ctx)
}

async function relayAll({ db, faults }: OpenConsumers, env: Env): Promise<void> {
  const queue = (env as unknown as { EVENT_QUEUE?: QueueProducer }).EVENT_QUEUE
  if (!queue) return
  const run = <T>(work: (tx: Tx) => Promise<T>) => db.begin(work) as Promise<T>
  await relay({ run, tenant: null, queue, now: Date.now, faults })
}

function close({ db, flush }: OpenConsumers, ctx: ExecutionContext): void {
  ctx.waitUntil(Promise.all([flush(), endQuietly(db)]))
}

const endQuietly = (db: Db): Promise<void> => db.end({ timeout: 1 }).catch(() => undefined)
