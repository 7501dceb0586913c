import type { Db } from '../connect.ts'
import { FIRST_IDS, type AuditCheck, type Finding } from './audit-finding.ts'

/**
 * Checks of Postgres against itself. Foreign keys forbid some of them already; the auditor does not take their word for it.
 * Each selects `id`, text. Parameter 1: what was due before this time is overdue, Unix milliseconds.
 */
export const DATABASE_CHECKS = {
  'references-to-deleted': `
    select cc.tenant_id || '/' || cc.content_ref as id from content_chunks cc
    left join chunks c on c.tenant_id = cc.tenant_id and c.sha256 = cc.sha256 and c.object_key = cc.object_key
    where c.sha256 is null or c.state = 'deleting' or cc.size <> c.byte_length`,
  'incomplete-contents': `
    select c.tenant_id || '/' || c.id as id from contents c
    left join (select tenant_id, content_ref, count(*) as chunks, max(ordinal) as last, sum(plain) as plain
      from content_chunks group by 1, 2) held on held.tenant_id = c.tenant_id and held.content_ref = c.id
    where case when c.inline is not null then octet_length(c.inline) <> c.size or c.chunk_count <> 0
      else coalesce(held.chunks, 0) <> c.chunk_count or coalesce(held.last, -1) <> c.chunk_count - 1
        or coalesce(held.plain, 0) <> c.size end`,
  'versions-without-content': `
    select v.tenant_id || '/' || v.node_id || '/' || v.revision as id from versions v
    left join contents c on c.tenant_id = v.tenant_id and c.id = v.content_ref where c.id is null`,
  'unreferenced-contents': `
    select c.tenant_id || '/' || c.id as id from contents c
    where not exists (select 1 from versions v where v.tenant_id = c.tenant_id and v.content_ref = c.id)
      and not exists (select 1 from conflicts k where k.tenant_id = c.tenant_id and k.content_ref = c.id)`,
  'conflicts-without-original': `
    select k.tenant_id || '/' || k.id as id from conflicts k
    left join nodes n on n.tenant_id = k.tenant_id and n.id = k.original where n.id is null`,
  'journal-gaps': `
    select h.tenant_id::text as id from tenant_head h
    left join (select tenant_id, count(*) as entries, min(seq) as low, max(seq) as high from journal group by 1) j
      on j.tenant_id = h.tenant_id
    where h.horizon > h.seq or coalesce(j.entries, 0) <> h.seq - h.horizon or coalesce(j.high, h.seq) <> h.seq
      or coalesce(j.low, h.horizon + 1) <> h.horizon + 1`,
  'files-without-version': `
    select n.tenant_id || '/' || n.id as id from nodes n
    left join versions v on v.tenant_id = n.tenant_id and v.node_id = n.id and v.revision = n.content_revision
    where n.kind <> 'folder' and v.node_id is null`,
  'nodes-without-parent': `
    select n.tenant_id || '/' || n.id as id from nodes n
    left join nodes p on p.tenant_id = n.tenant_id and p.id = n.parent_id
    left join spaces s on s.tenant_id = n.tenant_id and s.id = n.space_id
    where case when n.parent_id is null then s.root_id is distinct from n.id
      else p.kind is distinct from 'folder' or p.space_id is distinct from n.space_id end`,
  'folders-without-root': `
    with recursive folders as materialized (select tenant_id, id, parent_id from nodes where kind = 'folder'),
    reached as (
      select tenant_id, id from folders where parent_id is null
      union all
      select f.tenant_id, f.id from reached r join folders f on f.tenant_id = r.tenant_id and f.parent_id = r.id)
    select f.tenant_id || '/' || f.id as id from folders f
    left join reached r on r.tenant_id = f.tenant_id and r.id = f.id where r.id is null`,
  'names-taken-twice': `
    select tenant_id || '/' || max(id::text) as id from nodes
    where trashed_at is null and parent_id is not null group by tenant_id, parent_id, name_key having count(*) > 1
    union
    select tenant_id || '/' || id from nodes where trashed_at is null and name_key <> name`,
  'changed-below-purged': `
    select n.tenant_id || '/' || n.id as id from nodes p
    join nodes n on n.tenant_id = p.tenant_id and n.parent_id = p.id and n.trashed_at is null
    where p.purged_at is not null and n.changed_at > p.purged_at`,
  'nodes-unlike-journal': `
    select n.tenant_id || '/' || n.id as id from nodes n
    join tenant_head h on h.tenant_id = n.tenant_id
    left join journal j on j.tenant_id = n.tenant_id and j.seq = n.changed_seq
    where n.purged_at is null and n.changed_seq > h.horizon and (j.node_id is distinct from n.id
      or j.node->>'name' is distinct from n.name or j.node->'contentRevision' is distinct from to_jsonb(n.content_revision))`,
  'unswept-uploads': `
    select tenant_id || '/' || id as id from uploads
    where swept_at is null and expires_at < to_timestamp($1::float8 / 1000)`,
  'unfinished-deletions': `
    select tenant_id || '/' || object_key as id from chunks
    where state = 'deleting' and orphaned_at < to_timestamp($1::float8 / 1000)`,
  'unfinished-purges': `
    select tenant_id || '/' || id as id from nodes where purged_at < to_timestamp($1::float8 / 1000)`,
} as const satisfies Partial<Record<AuditCheck, string>>

/** How many rows there are, and the first of them. */
export async function runCheck(db: Db, statement: string, overdueMs: number): Promise<Finding> {
  const rows = await db.unsafe<{ id: string; count: number }[]>(
    `select found.id, (count(*) over ())::float8 as count from (${statement}) found
     where $1::float8 is not null order by found.id limit ${FIRST_IDS}`,
    [overdueMs],
  )
  return { count: rows[0]?.count ?? 0, first: rows.map(({ id }) => id) }
}
