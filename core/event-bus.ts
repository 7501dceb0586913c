import type { TenantId } from './ids.ts'

/**
 * The event bus. A message is a wake-up: it carries ids, never content, names or secrets, and its consumer
 * re-reads the present row. Delivered at least once, in no promised order; per-message acknowledgement.
 * Filled by Cloudflare Queues and by the Postgres outbox (bus/); one suite, test/contract, holds both.
 */
export type EventKind =
  | 'journal.appended' // the journal grew: each consumer goes on from its own watermark
  | 'upload.expired' // an upload's time and grace are over: collect what it left
  | 'chunks.orphaned' // chunks may have lost their last reference: re-check, then delete
  | 'pack.uploaded' // the chunk hashes inside a pack are claims: read and verify
  | 'node.purged' // nodes were purged: remove their rows, and what lies below
  | 'retention.due' // a tenant is to be tended: trash, versions and journal entries may have passed their time

export type BusMessage = {
  /** Unique: names the message in logs and among the dead letters. */
  id: string
  tenantId: TenantId
  kind: EventKind
  /** Ids and numbers only. */
  payload: Record<string, string | number>
  /** W3C trace context of the mutation that caused it. */
  traceparent: string | null
}

export type Delivery = { message: BusMessage; attempt: number }

export type Verdict =
  | { do: 'ack' }
  | { do: 'retry'; afterMs: number; reason: string }
  | { do: 'dead-letter'; reason: string }

/** Handles one delivery. Throwing means retry; after `MAX_ATTEMPTS` deliveries the message is a dead letter. */
export type Consume = (delivery: Delivery) => Promise<Verdict>

export const MAX_ATTEMPTS = 8

/** 1 s, 2 s, 4 s … at most 5 min. Jitter is the caller's dice in [0, 1). */
export const retryDelayMs = (attempt: number, dice: number): number =>
  Math.round(Math.min(300_000, 1000 * 2 ** Math.min(attempt - 1, 10)) * (0.5 + dice / 2))
