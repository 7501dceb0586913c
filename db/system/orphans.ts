import { sortOrphans, type LockedChunk } from '../../core/orphans.ts'
import type { Db, Tx } from '../connect.ts'
import type { UploadRef } from './garbage.ts'

/**
 * Row before delete, and never a chunk that is in use. In one transaction, against a commit that refers to it again:
 *
 *     collector: lock the chunk rows ──► look for references (a new statement, so a new snapshot) ──► state = deleting
 *     commit:    orphaned_at = null where state = live (locks the row too), insert content_chunks (foreign key locks it)
 *
 * Whoever has the lock first wins: after the commit the collector sees the reference; after the collector the commit
 * finds no live chunk and gathers anew (BV002). The collector skips rows that another holds, so neither waits in a circle.
 */
export type OrphanPage = {
  /** Objects looked at, in key order; the last one is where the next page begins. */
  last: string | null
  claimed: number
  /** Objects that another transaction held, or that are not old enough: to be looked at again. */
  postponed: number
}

export const claimOrphans = (
  db: Db,
  { tenantId, uploadId }: UploadRef,
  { cutoffMs, after, limit }: { cutoffMs: number; after: string; limit: number },
): Promise<OrphanPage> =>
  db.begin(async (tx): Promise<OrphanPage> => {
    const keys = await candidates(tx, { tenantId, uploadId }, after, limit)
    const last = keys.at(-1)
    if (last === undefined) return { last: null, claimed: 0, postponed: 0 }
    const asked = [tenantId, JSON.stringify(keys)]
    const locked = await tx.unsafe<LockedChunk[]>(LOCK, asked)
    const counts = await tx.unsafe<{ objectKey: string; chunks: number }[]>(COUNT, asked)
    const used = await tx.unsafe<{ objectKey: string; sha256: string }[]>(USED, asked)
    const sorted = sortOrphans({ locked, counts, used, cutoffMs })
    await tx.unsafe(KEEP, [tenantId, JSON.stringify(sorted.keep)])
    await tx.unsafe(CLAIM, [tenantId, JSON.stringify(sorted.collect)])
    return { last, claimed: sorted.collect.length, postponed: sorted.postpone.length }
  }) as Promise<OrphanPage>

/** Only of a closed upload: an open one could still be sent the same chunk under the same key. */
async function candidates(tx: Tx, ref: UploadRef, after: string, limit: number): Promise<string[]> {
  const rows = await tx<{ key: string }[]>`
    select distinct c.object_key as key from chunks c
    join uploads u on u.tenant_id = c.tenant_id and u.id = c.upload_id and u.state = 'expired'
    where c.orphaned_at is not null and c.state <> 'deleting' and c.tenant_id = ${ref.tenantId}
      and c.upload_id = ${ref.uploadId} and c.object_key > ${after}
    order by c.object_key limit ${limit}`
  return rows.map(({ key }) => key)
}

const OF_THESE = `c.tenant_id = $1 and c.object_key in (select jsonb_array_elements_text($2::text::jsonb))`

const LOCK = `
select c.object_key as "objectKey", c.sha256, c.state, (extract(epoch from c.orphaned_at) * 1000)::float8 as "orphanedMs"
from chunks c where ${OF_THESE} for update of c skip locked`

const COUNT = `select c.object_key as "objectKey", count(*)::int as chunks from chunks c where ${OF_THESE} group by 1`

const USED = `select distinct c.object_key as "objectKey", c.sha256 from content_chunks cc
join chunks c on c.tenant_id = cc.tenant_id and c.sha256 = cc.sha256 and c.object_key = cc.object_key
where ${OF_THESE}`

const KEEP = `
update chunks c set orphaned_at = null from jsonb_to_recordset($2::text::jsonb) as r("objectKey" text, sha256 text)
where c.tenant_id = $1 and c.object_key = r."objectKey" and c.sha256 = r.sha256`

const CLAIM = `update chunks c set state = 'deleting' where ${OF_THESE}`

/** Objects that are being deleted, from this run or one that died; in key order. */
export async function deletingObjects(db: Db | Tx, ref: UploadRef, after: string, limit: number): Promise<string[]> {
  const rows = await db<{ key: string }[]>`
    select distinct object_key as key from chunks
    where orphaned_at is not null and state = 'deleting' and tenant_id = ${ref.tenantId} and upload_id = ${ref.uploadId}
      and object_key > ${after}
    order by object_key limit ${limit}`
  return rows.map(({ key }) => key)
}

/** The objects are gone: so are their rows now. A foreign key would stop it were one of them in use. */
export async function forgetObjects(db: Db | Tx, { tenantId }: UploadRef, keys: readonly string[]): Promise<void> {
  await db.unsafe(`delete from chunks c where ${OF_THESE} and c.state = 'deleting'`, [tenantId, JSON.stringify(keys)])
}
