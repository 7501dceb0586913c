import { AppError } from '../../core/errors.ts'
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

/** An entry says what it wrote: nothing (null), or a version of so many bytes, none when it is a copy or a restored version. */
const ADD_PAGE = `
with page as (
  select seq, kind, node, written_bytes from journal
  where tenant_id = $1 and seq > $2::bigint and seq <= $2::bigint + $3::bigint),
sums as (
  select max(seq) as through, count(written_bytes) as versions,
    count(*) filter (where kind = 'created' and node->>'kind' = 'file') as files,
    coalesce(sum(written_bytes), 0) as bytes from page)
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

/**
 * Forgets the count; the next message counts from the beginning. Only while the journal has its beginning: what was compacted
 * away stands in the count alone.
 */
export async function resetUsage(db: Db, tenantId: TenantId): Promise<void> {
  const reset = await db`update usage u set through_seq = 0, written_bytes = 0, files_created = 0, versions_written = 0
    from tenant_head h where u.tenant_id = ${tenantId} and h.tenant_id = u.tenant_id and h.horizon = 0 returning 1`
  if (reset.length === 0) throw new AppError('internal', {}, { cause: new Error('the journal has lost its beginning') })
}
