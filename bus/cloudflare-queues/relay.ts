import type { BusMessage } from '../../core/event-bus.ts'
import type { Faults } from '../../core/fault-points.ts'
import type { TenantId } from '../../core/ids.ts'
import type { Tx } from '../../db/connect.ts'
import { claimForRelay, deleteRelayed, relayDueMs } from '../../db/tenant/relay.ts'

/** What of a Cloudflare Queue's producer is needed. */
export type QueueProducer = {
  sendBatch(messages: { body: BusMessage; contentType: 'json' }[]): Promise<unknown>
}

export type RelayOptions = {
  /** The door: `asTenant` for one tenant's rows, a transaction of the system role for those of all. */
  run: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  /** `null`: of all tenants; needs the system role. */
  tenant: TenantId | null
  queue: QueueProducer
  /** Unix milliseconds. */
  now: () => number
  faults: Faults
}

export type Relayed = {
  sent: number
  /** When to call again, Unix milliseconds; `null`: when something is written. */
  nextDueMs: number | null
}

/** Cloudflare's limits of one `sendBatch`, with room for what surrounds a message. */
const BATCH_MAX_MESSAGES = 100
const BATCH_MAX_BYTES = 200_000
/** While a row is being sent nobody else sends it; afterwards it is due again. */
const SEND_LEASE_MS = 30_000
const MAX_BATCHES = 20

/**
 * Moves rows that are due from the outbox to a Queue: sent first, deleted then, so a crash between the two sends them
 * again and never loses one. Rows of later stay in the table, since a Queue delays by 12 hours at most.
 * Throws what Postgres or the Queue throws; the rows then come back after the send lease.
 */
export async function relay({ run, tenant, queue, now, faults }: RelayOptions): Promise<Relayed> {
  let sent = 0
  for (let batches = 0; batches < MAX_BATCHES; batches++) {
    const claim = { nowMs: now(), leaseMs: SEND_LEASE_MS, limit: BATCH_MAX_MESSAGES }
    const messages = await run((tx) => claimForRelay(tx, tenant, claim))
    if (messages.length === 0) break
    await faults('outbox.before-send')
    for (const batch of splitByBytes(messages)) {
      await queue.sendBatch(batch.map((body) => ({ body, contentType: 'json' })))
    }
    await faults('outbox.after-send')
    const ids = messages.map(({ id }) => id)
    await run((tx) => deleteRelayed(tx, tenant, ids))
    sent += messages.length
  }
  return { sent, nextDueMs: await run((tx) => relayDueMs(tx, tenant)) }
}

/** Parts of at most `BATCH_MAX_BYTES`; a message is ids and numbers, far below that. */
export function splitByBytes(messages: readonly BusMessage[], maxBytes = BATCH_MAX_BYTES): BusMessage[][] {
  const batches: BusMessage[][] = []
  let bytes = Infinity
  for (const message of messages) {
    // Ids and numbers are ASCII, so that characters are bytes.
    const size = JSON.stringify(message).length
    if (bytes + size > maxBytes) {
      batches.push([])
      bytes = 0
    }
    batches.at(-1)!.push(message)
    bytes += size
  }
  return batches
}
