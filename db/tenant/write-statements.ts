/**
 * The statements of a commit, one a table. Parameter 1 is the tenant, 2 the time of the commit, 3 the rows as JSON. Look-ups are
 * `cross join lateral (… limit 1)`, see `enter` in db/connect.ts.
 */
const rows = (columns: string) => `jsonb_to_recordset($3::text::jsonb) as r(${columns})`

/** The last file of an upload closes it. A closed or expired one is not found, so the count does not hold. */
export const TOUCH_UPLOADS = `
with r as (select * from ${rows('id uuid, files int')}), hit as (
  select u.ctid as place, r.files from r
  cross join lateral (select ctid, state from uploads u where u.tenant_id = $1 and u.id = r.id limit 1) u
  where u.state in ('open', 'committed') and $2::timestamptz is not null), touched as (
  update uploads u set committed_count = committed_count + hit.files,
    state = case when committed_count + hit.files >= file_count then 'committed' else 'open' end
  from hit where u.tenant_id = $1 and u.ctid = hit.place and u.state in ('open', 'committed') returning 1)
select require_count((select count(*) from touched), (select count(*) from r))`

/** Chunks that are referred to again: alive, and from now on no orphans. A chunk that is being deleted does not come back. */
export const KEEP_REUSED = `
with r as (select distinct sha256, "objectKey" from ${rows('sha256 text, "objectKey" text')}), hit as (
  select c.ctid as place from r
  cross join lateral (select ctid from chunks c where c.tenant_id = $1 and c.sha256 = r.sha256 and c.object_key = r."objectKey" limit 1) c
  where $2::timestamptz is not null), kept as (
  update chunks c set orphaned_at = null from hit where c.tenant_id = $1 and c.ctid = hit.place and c.state = 'live' returning 1)
select require_count((select count(*) from kept), (select count(*) from r))`

export const INSERT_CHUNKS = `
insert into chunks (tenant_id, sha256, object_key, byte_offset, byte_length, verified, uploaded_by, upload_id, created_at)
select $1, sha256, "objectKey", "offset", length, verified, "uploadedBy", "uploadId", $2
from ${rows('sha256 text, "objectKey" text, "offset" bigint, length bigint, verified boolean, "uploadedBy" uuid, "uploadId" uuid')}
on conflict do nothing`

export const INSERT_CONTENTS = `
insert into contents (tenant_id, id, content_id, codec, size, sha256, inline, chunk_count)
select $1, id, "contentId", codec, size, sha256, case when $2::timestamptz is null then null else decode(inline, 'base64') end, "chunkCount"
from ${rows('id uuid, "contentId" text, codec text, size bigint, sha256 text, inline text, "chunkCount" int')}`

export const INSERT_CONTENT_CHUNKS = `
insert into content_chunks (tenant_id, content_ref, ordinal, sha256, object_key, size, plain)
select $1, content, ordinal, sha256, "objectKey", size, plain
from ${rows('content uuid, ordinal int, sha256 text, "objectKey" text, size bigint, plain bigint')} where $2::timestamptz is not null`

/** No name begins with a slash, and none is as another's id. */
export const PARK_NODES = `
update nodes n set name_key = '/' || n.id where n.tenant_id = $1 and $2::timestamptz is not null
  and n.id = any (array (select w::uuid from jsonb_array_elements_text($3::text::jsonb) w))`

/** A node's id never changes its space's tenant; on conflict only what a mutation may change is written. */
export const UPSERT_NODES = `
insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision,
  size, sha256, content_id, codec, mtime_ns, executable, link_target, properties, conflict_policy, created_at, changed_at,
  changed_seq, content_seq, placed_seq, trashed_at, trashed_by)
select $1, id, "spaceId", "parentId", kind, name, "nameKey", "contentRevision", "placementRevision",
  size, sha256, "contentId", codec, "mtimeNs", executable, "linkTarget", properties, "conflictPolicy", to_timestamp("createdAt" / 1000.0), $2,
  "changedSeq", "contentSeq", "placedSeq", to_timestamp("trashedAt" / 1000.0), "trashedBy"
from ${rows(`id uuid, "spaceId" uuid, "parentId" uuid, kind text, name text, "nameKey" text, "contentRevision" int, "placementRevision" int,
  size bigint, sha256 text, "contentId" text, codec text, "mtimeNs" text, executable boolean, "linkTarget" text, properties jsonb,
  "conflictPolicy" text, "createdAt" bigint, "changedSeq" bigint, "contentSeq" bigint, "placedSeq" bigint, "trashedAt" bigint, "trashedBy" uuid`)}
on conflict (tenant_id, id) do update set parent_id = excluded.parent_id, name = excluded.name, name_key = excluded.name_key,
  content_revision = excluded.content_revision, placement_revision = excluded.placement_revision, size = excluded.size,
  sha256 = excluded.sha256, content_id = excluded.content_id, codec = excluded.codec, mtime_ns = excluded.mtime_ns,
  executable = excluded.executable, link_target = excluded.link_target, properties = excluded.properties,
  conflict_policy = excluded.conflict_policy, changed_at = excluded.changed_at, changed_seq = excluded.changed_seq,
  content_seq = excluded.content_seq, placed_seq = excluded.placed_seq, trashed_at = excluded.trashed_at, trashed_by = excluded.trashed_by`

export const MARK_PURGED = `
update nodes n set purged_at = $2 where n.tenant_id = $1 and n.purged_at is null
  and n.id = any (array (select w::uuid from jsonb_array_elements_text($3::text::jsonb) w))`

export const INSERT_VERSIONS = `
insert into versions (tenant_id, node_id, revision, content_ref, mtime_ns, executable, created_by, device, created_at, seq, conflict_of, base_revision)
select $1, "nodeId", revision, content, "mtimeNs", executable, "createdBy", device, $2, seq, "conflictOf", "baseRevision"
from ${rows(`"nodeId" uuid, revision int, content uuid, "mtimeNs" text, executable boolean, "createdBy" uuid, device text, seq bigint,
  "conflictOf" uuid, "baseRevision" int`)}`

export const SET_LABELS = `
with hit as (
  select v.ctid as place, r.label from ${rows('"nodeId" uuid, revision int, label text')}
  cross join lateral (select ctid from versions v where v.tenant_id = $1 and v.node_id = r."nodeId" and v.revision = r.revision limit 1) v
  where $2::timestamptz is not null)
update versions v set label = hit.label from hit where v.tenant_id = $1 and v.ctid = hit.place`

/** One that policy decided at once is resolved by who wrote. */
export const INSERT_CONFLICTS = `
insert into conflicts (tenant_id, id, space_id, original, copy, base_revision, their_revision, content_ref, node_kind, mtime_ns, executable,
  user_id, device, at, seq, resolution, resolved_at, resolved_by, resolved_seq)
select $1, id, "spaceId", original, copy, "baseRevision", "theirRevision", content, "nodeKind", "mtimeNs", executable,
  "userId", device, $2, seq, resolution, case when resolution is not null then $2::timestamptz end,
  case when resolution is not null then "userId" end, case when resolution is not null then seq end
from ${rows(`id uuid, "spaceId" uuid, original uuid, copy uuid, "baseRevision" int, "theirRevision" int, content uuid, "nodeKind" text,
  "mtimeNs" text, executable boolean, "userId" uuid, device text, seq bigint, resolution text`)}`

export const RESOLVE_CONFLICTS = `
with hit as (
  select k.ctid as place, r.* from ${rows('id uuid, resolution text, by uuid, seq bigint')}
  cross join lateral (select ctid from conflicts k where k.tenant_id = $1 and k.id = r.id limit 1) k)
update conflicts k set resolution = hit.resolution, resolved_at = $2::timestamptz, resolved_by = hit.by, resolved_seq = hit.seq
from hit where k.tenant_id = $1 and k.ctid = hit.place and k.resolved_at is null`

export const INSERT_JOURNAL = `
insert into journal (tenant_id, seq, kind, node_id, space_id, mutation_id, user_id, session_id, at, node, written_bytes)
select $1, seq, kind, "nodeId", "spaceId", "mutationId", "userId", "sessionId", $2, node, "writtenBytes"
from ${rows(`seq bigint, kind text, "nodeId" uuid, "spaceId" uuid, "mutationId" uuid, "userId" uuid, "sessionId" uuid, node jsonb,
  "writtenBytes" bigint`)}`

export const INSERT_ANSWERS = `
insert into mutations (tenant_id, id, fingerprint, seq, outcome, original, notice, node, at)
select $1, "mutationId", fingerprint, seq, outcome, original, notice, node, $2
from ${rows('"mutationId" uuid, fingerprint text, seq bigint, outcome text, original uuid, notice text, node jsonb')}`

export const INSERT_OUTBOX = `
insert into outbox (tenant_id, kind, payload, traceparent, available_at)
select $1, kind, payload, traceparent, $2 from ${rows('kind text, payload jsonb, traceparent text')}`
