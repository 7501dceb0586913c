import type { TenantId, UploadId } from '../../core/ids.ts'
import type { Db, Tx } from '../connect.ts'
import { leaveEvent } from './outbox.ts'

/**
 * What an upload left behind. Why it is the system's: a collector acts for no user and for any tenant.
 *
 * Rows say that an upload is closed before its prefix is swept, so no commit can name what the sweep deletes: the commit
 * and the closing update the same row, and whoever is first wins (db/tenant/write-effects.ts, TOUCH_UPLOADS).
 */
export type UploadRef = { tenantId: TenantId; uploadId: UploadId }

export type Closing =
  | { at: 'nothing-to-do' }
  /** Not due yet: look again then, Unix milliseconds. */
  | { at: 'early'; dueMs: number }
  | { at: 'closed'; multipart: { objectKey: string; multipartId: string } | null }

type UploadRow = {
  state: 'open' | 'committed' | 'expired'
  expiresMs: number
  isSwept: boolean
  multipart: { objectKey: string; multipartId: string } | null
}

/**
 * Closes an upload for good once its time and the grace are over, committed ones too: what was committed has its rows,
 * the rest of the prefix is nobody's. An upload that was given up is closed already and may be swept sooner.
 */
export const closeUpload = (db: Db, ref: UploadRef, nowMs: number, graceMs: number): Promise<Closing> =>
  db.begin(async (tx): Promise<Closing> => {
    const [upload] = await tx<UploadRow[]>`
      select state, (extract(epoch from expires_at) * 1000)::float8 as "expiresMs",
        swept_at is not null as "isSwept", multipart
      from uploads where tenant_id = ${ref.tenantId} and id = ${ref.uploadId} for update`
    if (!upload || upload.isSwept) return { at: 'nothing-to-do' }
    const dueMs = upload.expiresMs + graceMs
    if (upload.state !== 'expired') {
      if (dueMs > nowMs) return { at: 'early', dueMs }
      await tx`update uploads set state = 'expired' where tenant_id = ${ref.tenantId} and id = ${ref.uploadId}`
    }
    return { at: 'closed', multipart: upload.multipart }
  }) as Promise<Closing>

/** Of these object keys, those that a chunk row names: they stay. */
export async function namedObjects(db: Db | Tx, tenantId: TenantId, keys: readonly string[]): Promise<Set<string>> {
  const rows = await db<{ key: string }[]>`
    select distinct object_key as key from chunks where tenant_id = ${tenantId}
      and object_key in (select jsonb_array_elements_text(${JSON.stringify(keys)}::text::jsonb))`
  return new Set(rows.map(({ key }) => key))
}

/** Marks the chunks in these objects that no content refers to. A hint: who deletes looks again under a lock. */
export async function markOrphans(
  db: Db | Tx,
  tenantId: TenantId,
  keys: readonly string[],
  nowMs: number,
): Promise<void> {
  await db`
    update chunks c set orphaned_at = to_timestamp(${nowMs}::float8 / 1000)
    where c.tenant_id = ${tenantId} and c.orphaned_at is null and c.state <> 'deleting'
      and c.object_key in (select jsonb_array_elements_text(${JSON.stringify(keys)}::text::jsonb))
      and not exists (select 1 from content_chunks cc
        where cc.tenant_id = c.tenant_id and cc.sha256 = c.sha256 and cc.object_key = c.object_key)`
}

/**
 * The sweep is over: forgets the upload's packs and, when orphans were marked, leaves the message that collects them. It was the
 * last one if the upload's own time is over: when it was given up early, a PUT that was under way may still end.
 */
export const finishSweep = (
  db: Db,
  { tenantId, uploadId }: UploadRef,
  { nowMs, graceMs, traceparent }: { nowMs: number; graceMs: number; traceparent: string | null },
): Promise<void> =>
  db.begin(async (tx) => {
    await tx`update uploads set swept_at = to_timestamp(${nowMs}::float8 / 1000)
      where tenant_id = ${tenantId} and id = ${uploadId} and expires_at <= to_timestamp(${nowMs - graceMs}::float8 / 1000)`
    await tx`delete from upload_packs where tenant_id = ${tenantId} and upload_id = ${uploadId}`
    const orphans = await tx`select 1 from chunks
      where orphaned_at is not null and tenant_id = ${tenantId} and upload_id = ${uploadId} limit 1`
    if (orphans.length === 0) return
    const dueMs = nowMs + graceMs
    await leaveEvent(tx, { tenantId, kind: 'chunks.orphaned', payload: { uploadId }, traceparent, dueMs })
  }) as Promise<void>

/**
 * The safety net: uploads, orphans and purged nodes that are long past their time and that no message waits for (a dead letter, a
 * restored backup) get one again. At most `limit` of each.
 * @returns how many messages were left
 */
export async function rescheduleMissed(
  db: Db | Tx,
  { nowMs, graceMs, limit }: { nowMs: number; graceMs: number; limit: number },
): Promise<number> {
  const params = [nowMs, nowMs - 2 * graceMs, limit]
  const uploads = await db.unsafe(MISSED_UPLOADS, params, { prepare: true })
  const orphans = await db.unsafe(MISSED_ORPHANS, params, { prepare: true })
  const purged = await db.unsafe(MISSED_PURGES, params, { prepare: true })
  return uploads.length + orphans.length + purged.length
}

const isWaiting = (kind: string) => `exists (select 1 from outbox o
  where o.tenant_id = m.tenant_id and o.kind = '${kind}' and o.payload->>'uploadId' = m.id::text)`

const MISSED_UPLOADS = `
insert into outbox (tenant_id, kind, payload, available_at)
select m.tenant_id, 'upload.expired', jsonb_build_object('uploadId', m.id), to_timestamp($1::float8 / 1000)
from (select tenant_id, id from uploads
      where swept_at is null and expires_at < to_timestamp($2::float8 / 1000) order by expires_at limit $3::int) m
where not ${isWaiting('upload.expired')} returning 1`

/** Objects of which a chunk is still in use are no case: they stay until that one is an orphan too. */
const MISSED_ORPHANS = `
insert into outbox (tenant_id, kind, payload, available_at)
select m.tenant_id, 'chunks.orphaned', jsonb_build_object('uploadId', m.id), to_timestamp($1::float8 / 1000)
from (select distinct c.tenant_id, c.upload_id as id from chunks c
      where c.orphaned_at < to_timestamp($2::float8 / 1000) and not exists (
        select 1 from chunks used where used.tenant_id = c.tenant_id and used.object_key = c.object_key and used.orphaned_at is null)
      limit $3::int) m
where not ${isWaiting('chunks.orphaned')} returning 1`

const MISSED_PURGES = `
insert into outbox (tenant_id, kind, payload, available_at)
select m.tenant_id, 'node.purged', '{}', to_timestamp($1::float8 / 1000)
from (select tenant_id from nodes where purged_at < to_timestamp($2::float8 / 1000) group by 1 limit $3::int) m
where not exists (select 1 from outbox o where o.tenant_id = m.tenant_id and o.kind = 'node.purged') returning 1`
