import type { Consume, Delivery, Verdict } from '../../core/event-bus.ts'
import type { Faults } from '../../core/fault-points.ts'
import { consumeBatch, type Settled } from '../consume-batch.ts'
import { parseMessage } from '../parse-message.ts'

/** What of a Cloudflare `Message` is needed. */
export type QueueMessage = {
  readonly body: unknown
  readonly attempts: number
  ack(): void
  retry(options?: { delaySeconds?: number }): void
}

export type QueueConsumeOptions = {
  consume: Consume
  /** Keeps a message that is given up, with the reason; it is acknowledged only after that. */
  bury: (delivery: Delivery, reason: string) => Promise<void>
  /** In [0, 1). */
  dice: () => number
  faults: Faults
}

const CONCURRENCY = 4
/** Cloudflare's limit of a delay. */
const MAX_DELAY_SECONDS = 43_200
/** When a message can be neither handled nor buried. */
const BURY_AGAIN_SECONDS = 60

/**
 * A Queue's batch as deliveries: the same verdicts as on the Postgres bus, carried out message by message. A message that is
 * none of ours is left to the Queue, whose own dead-letter queue takes it.
 */
export async function consumeQueueBatch(
  messages: readonly QueueMessage[],
  { consume, bury, dice, faults }: QueueConsumeOptions,
): Promise<Settled[]> {
  const received = new Map<Delivery, QueueMessage>()
  for (const queued of messages) {
    const message = parseMessage(queued.body)
    if (message) received.set({ message, attempt: queued.attempts }, queued)
    else queued.retry({ delaySeconds: BURY_AGAIN_SECONDS })
  }
  const settled = await consumeBatch([...received.keys()], { consume, concurrency: CONCURRENCY, dice, faults })
  await faults('outbox.before-settle')
  for (const { delivery, verdict } of settled) await settle(received.get(delivery)!, delivery, verdict, bury)
  await faults('outbox.after-settle')
  return settled
}

async function settle(
  queued: QueueMessage,
  delivery: Delivery,
  verdict: Verdict,
  bury: QueueConsumeOptions['bury'],
): Promise<void> {
  switch (verdict.do) {
    case 'ack':
      return queued.ack()
    case 'retry':
      return queued.retry({ delaySeconds: Math.min(MAX_DELAY_SECONDS, Math.ceil(verdict.afterMs / 1000)) })
    case 'dead-letter':
      return bury(delivery, verdict.reason).then(
        () => queued.ack(),
        () => queued.retry({ delaySeconds: BURY_AGAIN_SECONDS }),
      )
  }
}
