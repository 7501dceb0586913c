import type { TenantId } from '../../core/ids.ts'
import { nextHorizon } from '../../core/retention.ts'
import type { Db, Tx } from '../connect.ts'

/**
 * Removes the oldest entries of a journal. Why the system's: a collector acts for no user and for any tenant.
 *
 * The horizon moves in the transaction that removes the entries, and whoever reads entries reads the horizon in the same statement:
 * so a reader finds a run complete, or learns that it is gone. The meter is the only consumer of entries; what it has not counted stays.
 */
export type CompactionLimits = {
  nowMs: number
  /** Younger entries stay. */
  keepMs: number
  /** So many of the newest stay, however old. */
  keepEntries: number
  /** Entries of one transaction, and answers without an entry. */
  limit: number
}

export type Compacted = { entries: number; answers: number }

/**
 * Removes the next entries that have passed their time (RT-6), with the first answers that they hold; and first answers without an
 * entry of their own that are as old. At most `limit` of each.
 */
export const compactPage = (db: Db, tenantId: TenantId, limits: CompactionLimits): Promise<Compacted> =>
  db.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended(${`compact ${tenantId}`}, 0)), set_config('enable_seqscan', 'off', true),
      set_config('enable_bitmapscan', 'off', true)`
    const entries = await removeEntries(tx, tenantId, limits)
    const cutoffMs = limits.nowMs - limits.keepMs
    const answers = await tx.unsafe(REMOVE_LOOSE_ANSWERS, [tenantId, cutoffMs, limits.limit])
    return { entries, answers: answers.length }
  }) as Promise<Compacted>

async function removeEntries(
  tx: Tx,
  tenantId: TenantId,
  { nowMs, keepMs, keepEntries, limit }: CompactionLimits,
): Promise<number> {
  const [extent] = await tx.unsafe<{ head: number; horizon: number; consumed: number; firstYoung: number | null }[]>(
    EXTENT,
    [tenantId, nowMs - keepMs, limit],
  )
  if (!extent) return 0
  const horizon = nextHorizon(extent, { keepEntries, limit })
  if (horizon === extent.horizon) return 0
  await tx.unsafe(REMOVE_ENTRIES, [tenantId, extent.horizon, horizon])
  // Last, since the head is what every commit waits for.
  await tx`update tenant_head set horizon = ${horizon} where tenant_id = ${tenantId}`
  return horizon - extent.horizon
}

/** Entries are looked at no further than one step goes. */
const EXTENT = `
select h.seq::float8 as head, h.horizon::float8 as horizon, coalesce(u.through_seq, 0)::float8 as consumed,
  (select min(j.seq) from journal j where j.tenant_id = $1 and j.seq > h.horizon and j.seq <= h.horizon + $3::int
    and j.at > to_timestamp($2::float8 / 1000))::float8 as "firstYoung"
from tenant_head h left join usage u on u.tenant_id = h.tenant_id where h.tenant_id = $1`

/** An answer that made an entry goes with it: its node stands there. One by one, see `enter` in db/connect.ts. */
const REMOVE_ENTRIES = `
with gone as (
  delete from journal j where j.tenant_id = $1 and j.seq > $2::bigint and j.seq <= $3::bigint returning j.seq, j.mutation_id),
answers as materialized (
  select m.place from gone cross join lateral (
    select ctid as place, seq, node from mutations m where m.tenant_id = $1 and m.id = gone.mutation_id limit 1) m
  where m.seq = gone.seq and m.node is null)
delete from mutations m using answers where m.tenant_id = $1 and m.ctid = answers.place`

const REMOVE_LOOSE_ANSWERS = `
delete from mutations m where m.tenant_id = $1 and m.id in (
  select id from mutations where tenant_id = $1 and node is not null and at <= to_timestamp($2::float8 / 1000)
  order by at limit $3::int)
returning 1`
