import type { TenantId } from '../../core/ids.ts'
import type { Tx } from '../connect.ts'

/**
 * Lets go of contents whose versions and conflicts were removed. Why the system's: a collector acts for no user and for any tenant.
 *
 * A content may be shared: a copy and a restored version refer to the row that is there. So it goes only when nothing refers to
 * it, and that is looked at again under its lock:
 *
 *     remover: delete versions ──► lock the contents ──► any other reference? (a new statement, so a new snapshot) ──► delete
 *     commit:  insert a version (its foreign key locks the content)
 *
 * Whoever has the lock first wins: after the commit the remover sees the reference; after the remover the commit's foreign key
 * fails and it gathers anew. Two removers at once could each see the other's last reference and both leave the content, or a
 * chunk of it, behind: so of each tenant there is one at a time.
 */
export const lockReleases = (tx: Tx, tenantId: TenantId): Promise<unknown> =>
  // What was planned while a table was small must not read all of it later: see `enter` in db/connect.ts.
  tx`select pg_advisory_xact_lock(hashtextextended(${`release ${tenantId}`}, 0)), set_config('enable_seqscan', 'off', true),
    set_config('enable_bitmapscan', 'off', true)`

export type Release = { nowMs: number; graceMs: number; traceparent: string | null }

/** Chunks of one upload that are orphaned within this time share one message. */
const GATHER_MAX_MS = 60_000

/**
 * Removes those of `contents` that nothing refers to, marks the chunks that then nothing refers to, and leaves the messages that
 * collect them after the grace. Within the transaction that removed the references, which holds `lockReleases`.
 */
export async function releaseContents(
  tx: Tx,
  tenantId: TenantId,
  contents: readonly string[],
  { nowMs, graceMs, traceparent }: Release,
): Promise<void> {
  if (contents.length === 0) return
  const asked = JSON.stringify([...new Set(contents)])
  await tx.unsafe(LOCK, [tenantId, asked])
  const rows = await tx.unsafe<{ id: string }[]>(UNUSED, [tenantId, asked])
  if (rows.length === 0) return
  const unused = JSON.stringify(rows.map(({ id }) => id))
  const marked = await tx.unsafe<{ upload: string }[]>(DROP_CHUNK_LISTS, [tenantId, unused, nowMs])
  await tx.unsafe(DROP_CONTENTS, [tenantId, unused])
  const uploads = JSON.stringify(marked.map(({ upload }) => upload))
  const dueMs = nowMs + graceMs + Math.min(graceMs, GATHER_MAX_MS)
  if (marked.length > 0) await tx.unsafe(LEAVE_ORPHANS, [tenantId, uploads, traceparent, dueMs, nowMs + graceMs])
}

const ASKED = `(select r::uuid as id from jsonb_array_elements_text($2::text::jsonb) r)`

/** In one order, so that no two wait for each other. */
const LOCK = `
select 1 from contents c where c.tenant_id = $1 and c.id in ${ASKED} order by c.id for update`

const UNUSED = `
select c.id from ${ASKED} asked
cross join lateral (select id from contents c where c.tenant_id = $1 and c.id = asked.id limit 1) c
left join lateral (select true as there from versions v where v.tenant_id = $1 and v.content_ref = c.id limit 1) v on true
left join lateral (select true as there from conflicts k where k.tenant_id = $1 and k.content_ref = c.id limit 1) k on true
where v.there is null and k.there is null`

/** The references that go with this statement are still in its snapshot: they do not count. */
const DROP_CHUNK_LISTS = `
with unused as materialized ${ASKED}, listed as materialized (
  select cc.place from unused u cross join lateral (
    select ctid as place from content_chunks cc where cc.tenant_id = $1 and cc.content_ref = u.id offset 0) cc),
gone as (
  delete from content_chunks cc using listed where cc.tenant_id = $1 and cc.ctid = listed.place returning cc.sha256, cc.object_key),
marked as (
  update chunks c set orphaned_at = to_timestamp($3::float8 / 1000) from (select distinct sha256, object_key from gone) g
  where c.tenant_id = $1 and c.sha256 = g.sha256 and c.object_key = g.object_key and c.orphaned_at is null and c.state <> 'deleting'
    and not exists (select 1 from content_chunks other
      where other.tenant_id = $1 and other.sha256 = c.sha256 and other.object_key = c.object_key
        and other.content_ref not in (select id from unused))
  returning c.upload_id)
select distinct upload_id as upload from marked`

const DROP_CONTENTS = `delete from contents c where c.tenant_id = $1 and c.id in ${ASKED}`

/** A message that waits long enough does for these chunks too; one that was claimed may have looked already. */
const LEAVE_ORPHANS = `
insert into outbox (tenant_id, kind, payload, traceparent, available_at)
select $1, 'chunks.orphaned', jsonb_build_object('uploadId', u), $3, to_timestamp($4::float8 / 1000)
from jsonb_array_elements_text($2::text::jsonb) u
left join lateral (select true as there from outbox o where o.tenant_id = $1 and o.kind = 'chunks.orphaned' and o.payload->>'uploadId' = u
  and o.attempts = 0 and o.available_at >= to_timestamp($5::float8 / 1000) limit 1) waiting on true
where waiting.there is null`
