import type { BusMessage } from '../../core/event-bus.ts'
import type { TenantId } from '../../core/ids.ts'
import type { Tx } from '../connect.ts'

/**
 * The outbox as the source of another bus: rows are claimed, sent, deleted. With a tenant, for its own journal (the app's
 * role is held to it anyway); with `null`, for the safety net that sends what any tenant left behind, by the system role.
 */
export type RelayClaim = { nowMs: number; leaseMs: number; limit: number }

const CLAIM = `
with due as (
  select id from outbox
  where available_at <= to_timestamp($2::float8 / 1000) and ($1::uuid is null or tenant_id = $1)
  order by available_at limit $4::int for update skip locked)
update outbox o set available_at = to_timestamp(($2::float8 + $3::float8) / 1000)
from due where o.id = due.id
returning o.id, o.tenant_id as "tenantId", o.kind, o.payload, o.traceparent`

export const claimForRelay = async (tx: Tx, tenant: TenantId | null, claim: RelayClaim): Promise<BusMessage[]> =>
  tx.unsafe<BusMessage[]>(CLAIM, [tenant, claim.nowMs, claim.leaseMs, claim.limit], { prepare: true })

export async function deleteRelayed(tx: Tx, tenant: TenantId | null, ids: readonly string[]): Promise<void> {
  await tx`delete from outbox where (${tenant}::uuid is null or tenant_id = ${tenant}::uuid)
    and id in (select i::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::text::jsonb) i)`
}

/** When the earliest row is due, Unix milliseconds. */
export async function relayDueMs(tx: Tx, tenant: TenantId | null): Promise<number | null> {
  const [row] = await tx<{ due: number | null }[]>`
    select (extract(epoch from min(available_at)) * 1000)::float8 as due from outbox
    where ${tenant}::uuid is null or tenant_id = ${tenant}::uuid`
  return row?.due ?? null
}
