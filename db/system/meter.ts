import type { TenantId } from '../../core/ids.ts'
import type { Db } from '../connect.ts'

/** What a tenant has written, counted from its journal. Why the system's: usage is read across tenants, and no tenant writes its own. */
export type Usage = { throughSeq: number; writtenBytes: number; filesCreated: number; versionsWritten: number }

export async function readUsage(db: Db, tenantId: TenantId): Promise<Usage> {
  const [row] = await db<Usage[]>`
    select through_seq::float8 as "throughSeq", written_bytes::float8 as "writtenBytes", files_created::float8 as "filesCreated",
      versions_written::float8 as "versionsWritten" from usage where tenant_id = ${tenantId}`
  return row ?? { throughSeq: 0, writtenBytes: 0, filesCreated: 0, versionsWritten: 0 }
}

/** The journal says what happened; its version row says whether the entry wrote bytes (a new time stamp writes none). */
const ADD_PAGE = `
with page as (
  select j.seq, j.kind, j.node, v.revision is not null as wrote
  from journal j
  left join versions v on v.tenant_id = j.tenant_id and v.node_id = j.node_id
    and v.revision = (j.node->>'contentRevision')::int and v.seq = j.seq
  where j.tenant_id = $1 and j.seq > $2::bigint and j.seq <= $2::bigint + $3::bigint),
sums as (
  select max(seq) as through, count(*) filter (where wrote) as versions,
    count(*) filter (where kind = 'created' and node->>'kind' = 'file') as files,
    coalesce(sum((node->>'size')::bigint) filter (where wrote), 0) as bytes from page)
update usage u set through_seq = sums.through, written_bytes = u.written_bytes + sums.bytes,
  files_created = u.files_created + sums.files, versions_written = u.versions_written + sums.versions
from sums where u.tenant_id = $1 and sums.through is not null
returning 1`

/**
 * Counts the next entries of the journal, at most `limit`. The row is locked, so two at once count nothing twice.
 * @returns whether there was anything to count
 */
export const meterPage = (db: Db, tenantId: TenantId, limit: number): Promise<boolean> =>
  db.begin(async (tx) => {
    await tx`insert into usage (tenant_id) values (${tenantId}) on conflict do nothing`
    const [row] = await tx<{ through: number }[]>`
      select through_seq::float8 as through from usage where tenant_id = ${tenantId} for update`
    // Entries are written in the order of `seq`, so that a page never has a gap that is filled later.
    const counted = await tx.unsafe(ADD_PAGE, [tenantId, row!.through, limit], { prepare: true })
    return counted.length > 0
  }) as Promise<boolean>

/** Forgets the count; the next message counts from the beginning. */
export async function resetUsage(db: Db, tenantId: TenantId): Promise<void> {
  await db`update usage set through_seq = 0, written_bytes = 0, files_created = 0, versions_written = 0
    where tenant_id = ${tenantId}`
}
