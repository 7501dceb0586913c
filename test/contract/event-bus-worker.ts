import { consumeQueueBatch } from '../../bus/cloudflare-queues/consume-queue.ts'
import { relay, type QueueProducer } from '../../bus/cloudflare-queues/relay.ts'
import type { Verdict } from '../../core/event-bus.ts'
import type { FaultPoint } from '../../core/fault-points.ts'
import type { TenantId } from '../../core/ids.ts'
import { asTenant, connect } from '../../db/connect.ts'
import { buryDelivery } from '../../db/system/outbox.ts'

/**
 * The adapters of Cloudflare Queues inside a Worker, for the contract suite: a request runs the relay, the queue handler asks
 * the suite what to do with each delivery.
 */
type TestEnv = {
  EVENT_QUEUE: QueueProducer
  CONSUMER: { fetch(url: string, init: { method: string; body: string }): Promise<{ json(): Promise<unknown> }> }
  APP_URL: string
  SYSTEM_URL: string
  TENANT_ID: string
}

/** What the suite answers: a verdict, an error of the consumer, or its death. */
export type Answer = Verdict | { do: 'throw' } | { do: 'die' }

type Batch = { messages: Parameters<typeof consumeQueueBatch>[0] }

// oxlint-disable-next-line import/no-default-export -- the handlers of a Worker
export default {
  async fetch(request: { url: string }, env: TestEnv): Promise<Response> {
    const db = connect(env.APP_URL)
    const tenant = env.TENANT_ID as TenantId
    const failAt = new URL(request.url).searchParams.get('fail')
    try {
      const run = <T>(work: Parameters<typeof asTenant<T>>[2]) => asTenant(db, tenant, work)
      const faults = failingAt((point) => point === failAt)
      const now = Number(new URL(request.url).searchParams.get('now'))
      return Response.json(await relay({ run, tenant, queue: env.EVENT_QUEUE, now: () => now, faults }))
    } catch (error) {
      return Response.json({ failed: String(error) }, { status: 500 })
    } finally {
      await db.end({ timeout: 1 })
    }
  },

  async queue(batch: Batch, env: TestEnv): Promise<void> {
    const db = connect(env.SYSTEM_URL)
    const ask = async (path: string, body: unknown) => {
      const answer = await env.CONSUMER.fetch(`http://suite/${path}`, { method: 'POST', body: JSON.stringify(body) })
      return (await answer.json()) as Answer
    }
    let isDead = false
    const consume = async (delivery: unknown): Promise<Verdict> => {
      const answer = await ask('consume', delivery)
      if (answer.do === 'throw') throw new Error('the consumer throws')
      if (answer.do !== 'die') return answer
      isDead = true
      return { do: 'ack' }
    }
    const faults = failingAt((point) => isDead && point === 'outbox.before-settle')
    const bury: Parameters<typeof consumeQueueBatch>[1]['bury'] = (delivery, reason) =>
      buryDelivery(db, delivery, reason)
    try {
      await consumeQueueBatch(batch.messages, { consume, bury, dice: () => 0, faults })
    } finally {
      await db.end({ timeout: 1 })
      await ask('settled', null)
    }
  },
}

const failingAt = (isHere: (point: FaultPoint) => boolean) => async (point: FaultPoint) => {
  if (isHere(point)) throw new Error(`killed at ${point}`)
}
