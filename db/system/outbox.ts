import type { BusMessage, Delivery, EventKind, Verdict } from '../../core/event-bus.ts'
import type { TenantId } from '../../core/ids.ts'
import type { Db, Tx } from '../connect.ts'

/**
 * The outbox as a queue. Why it crosses tenants: one pump serves all of them, and takes what is due first.
 *
 *     due ──claim──► claimed (available_at = now + lease, attempts + 1) ──► ack: gone
 *      ▲                │ lease over: its consumer died                 ──► retry: due later
 *      └────────────────┘                                              ──► dead letter, with the reason
 *
 * SKIP LOCKED lets any number of pumps claim at once. `attempts` names the claim: a pump that comes back after its lease
 * cannot put off or bury what another has claimed since.
 */
export type Claim = {
  /** Unix milliseconds by the pump's clock. */
  nowMs: number
  /** How long the claimed rows are ours. */
  leaseMs: number
  limit: number
}

type ClaimedRow = BusMessage & { attempts: number }

const CLAIM = `
with due as (
  select id from outbox where available_at <= to_timestamp($1::float8 / 1000) order by available_at limit $3::int
  for update skip locked)
update outbox o set attempts = o.attempts + 1, available_at = to_timestamp(($1::float8 + $2::float8) / 1000)
from due where o.id = due.id
returning o.id, o.tenant_id as "tenantId", o.kind, o.payload, o.traceparent, o.attempts`

/** Takes what is due, at most `limit`, for `leaseMs`. In no order. */
export async function claimDue(db: Db | Tx, { nowMs, leaseMs, limit }: Claim): Promise<Delivery[]> {
  const rows = await db.unsafe<ClaimedRow[]>(CLAIM, [nowMs, leaseMs, limit], { prepare: true })
  return rows.map(({ attempts, ...message }) => ({ message, attempt: attempts }))
}

export type Settlement = { delivery: Delivery; verdict: Verdict }

const SETTLE = `
with s as (select * from jsonb_to_recordset($1::text::jsonb) as s(id uuid, attempt int, verdict text, "dueMs" float8, reason text)),
acked as (delete from outbox o using s where o.id = s.id and s.verdict = 'ack'),
retried as (
  update outbox o set available_at = to_timestamp(s."dueMs" / 1000) from s
  where o.id = s.id and o.attempts = s.attempt and s.verdict = 'retry'),
died as (
  delete from outbox o using s where o.id = s.id and o.attempts = s.attempt and s.verdict = 'dead-letter'
  returning o.id, o.tenant_id, o.kind, o.payload, o.traceparent, o.attempts, s.reason)
insert into dead_letters (id, tenant_id, kind, payload, traceparent, attempts, reason)
select id, tenant_id, kind, payload, traceparent, attempts, reason from died on conflict (id) do nothing`

/** Carries the verdicts on claimed rows out, all in one statement. */
export async function settleClaims(db: Db | Tx, settlements: readonly Settlement[], nowMs: number): Promise<void> {
  if (settlements.length === 0) return
  const rows = settlements.map(({ delivery: { message, attempt }, verdict }) => ({
    id: message.id,
    attempt,
    verdict: verdict.do,
    dueMs: verdict.do === 'retry' ? nowMs + verdict.afterMs : null,
    reason: verdict.do === 'ack' ? null : verdict.reason,
  }))
  await db.unsafe(SETTLE, [JSON.stringify(rows)], { prepare: true })
}

const RELEASE = `
with s as (select * from jsonb_to_recordset($1::text::jsonb) as s(id uuid, attempt int))
update outbox o set available_at = to_timestamp($2::float8 / 1000), attempts = o.attempts - 1
from s where o.id = s.id and o.attempts = s.attempt`

/** Gives back rows that were claimed and not begun, as if they had not been. */
export async function releaseClaims(db: Db | Tx, deliveries: readonly Delivery[], nowMs: number): Promise<void> {
  if (deliveries.length === 0) return
  const rows = deliveries.map(({ message, attempt }) => ({ id: message.id, attempt }))
  await db.unsafe(RELEASE, [JSON.stringify(rows), nowMs], { prepare: true })
}

/** When the earliest row is due, Unix milliseconds; claimed rows count when their lease ends. */
export async function nextDueMs(db: Db | Tx): Promise<number | null> {
  const [row] = await db<{ due: number | null }[]>`
    select (extract(epoch from min(available_at)) * 1000)::float8 as due from outbox`
  return row?.due ?? null
}

export type NewEvent = {
  tenantId: TenantId
  kind: EventKind
  payload: Record<string, string | number>
  traceparent: string | null
  /** Unix milliseconds. */
  dueMs: number
}

/** Leaves a message; give it the transaction of what it tells of. */
export async function leaveEvent(tx: Db | Tx, event: NewEvent): Promise<void> {
  await tx`insert into outbox (tenant_id, kind, payload, traceparent, available_at)
    values (${event.tenantId}, ${event.kind}, ${JSON.stringify(event.payload)}::text::jsonb, ${event.traceparent},
      to_timestamp(${event.dueMs}::float8 / 1000))`
}

/** Buries a message that came over another bus than the table. Repeating it is no error. */
export async function buryDelivery(db: Db | Tx, { message, attempt }: Delivery, reason: string): Promise<void> {
  await db`insert into dead_letters (id, tenant_id, kind, payload, traceparent, attempts, reason)
    values (${message.id}, ${message.tenantId}, ${message.kind}, ${JSON.stringify(message.payload)}::text::jsonb,
      ${message.traceparent}, ${attempt}, ${reason})
    on conflict (id) do nothing`
}

/**
 * Puts dead letters back into the outbox, oldest first, with all attempts before them. For the operator.
 * @returns how many
 */
export async function replayDeadLetters(db: Db, { limit, nowMs }: { limit: number; nowMs: number }): Promise<number> {
  const rows = await db`
    with dead as (
      delete from dead_letters where id in (
        select id from dead_letters order by died_at limit ${limit} for update skip locked)
      returning id, tenant_id, kind, payload, traceparent)
    insert into outbox (id, tenant_id, kind, payload, traceparent, available_at)
    select id, tenant_id, kind, payload, traceparent, to_timestamp(${nowMs}::float8 / 1000) from dead
    on conflict (id) do nothing returning 1`
  return rows.length
}
