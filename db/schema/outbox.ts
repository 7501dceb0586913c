import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import type { EventKind } from '../../core/event-bus.ts'
import { closedText, tenantId, time } from './columns.ts'
import { tenantPolicies } from './policies.ts'

/**
 * Written in the transaction of what it tells of. On Cloudflare it is drained into a Queue; embedded and self-hosted it
 * is the queue (FOR UPDATE SKIP LOCKED): `available_at` moves forward as a claim, so a consumer that dies gives it back by itself.
 */
export const outbox = pgTable(
  'outbox',
  {
    id: uuid('id')
      .primaryKey()
      .default(sql`gen_random_uuid()`),
    tenantId: tenantId(),
    kind: closedText<EventKind>('kind').notNull(),
    payload: jsonb('payload').$type<Record<string, string | number>>().notNull(),
    traceparent: text('traceparent'),
    attempts: integer('attempts').notNull().default(0),
    availableAt: time('available_at')
      .notNull()
      .default(sql`now()`),
    createdAt: time('created_at')
      .notNull()
      .default(sql`now()`),
  },
  (t) => [
    index('outbox_due').on(t.availableAt),
    index('outbox_tenant').on(t.tenantId, t.availableAt),
    // Whether a message for the orphans of an upload waits already.
    index('outbox_orphans')
      .on(t.tenantId, sql`(payload->>'uploadId')`)
      .where(sql`kind = 'chunks.orphaned'`),
    ...tenantPolicies('outbox'),
  ],
)

/** Messages given up after `MAX_ATTEMPTS`, with the reason; `bitvault admin` replays them. */
export const deadLetters = pgTable(
  'dead_letters',
  {
    id: uuid('id').primaryKey(),
    tenantId: tenantId(),
    kind: closedText<EventKind>('kind').notNull(),
    payload: jsonb('payload').$type<Record<string, string | number>>().notNull(),
    traceparent: text('traceparent'),
    attempts: integer('attempts').notNull(),
    reason: text('reason').notNull(),
    diedAt: time('died_at')
      .notNull()
      .default(sql`now()`),
  },
  () => tenantPolicies('dead_letters'),
)

/** What the meter has counted, and up to which entry of the journal: derived, can be rebuilt from 0. */
export const usage = pgTable(
  'usage',
  {
    tenantId: tenantId().primaryKey(),
    throughSeq: bigint('through_seq', { mode: 'number' }).notNull().default(0),
    /** Plaintext bytes of every version written. */
    writtenBytes: bigint('written_bytes', { mode: 'number' }).notNull().default(0),
    filesCreated: bigint('files_created', { mode: 'number' }).notNull().default(0),
    versionsWritten: bigint('versions_written', { mode: 'number' }).notNull().default(0),
  },
  () => tenantPolicies('usage'),
)
