import type { TenantId } from '../../core/ids.ts'
import { nameKey } from '../../core/names.ts'
import type { Effects } from '../../core/namespace/effects.ts'
import type { Tx } from '../connect.ts'

export type Fence = { lease: number; oldSeq: number; at: Date }

/**
 * Writes a batch, one statement a table however large it is, all sent in one go. The first statement is the fence:
 * it moves the head only if the lease and the head are what this owner believes (BV001), so a forked journal cannot be written.
 * @throws PostgresError BV001 (another owner), BV002 (an upload or a chunk changed meanwhile)
 */
export function writeEffects(
  tx: Tx,
  tenant: TenantId,
  effects: Effects,
  { lease, oldSeq, at }: Fence,
): Promise<unknown>[] {
  const run = (statement: string, rows: unknown) =>
    tx.unsafe(statement, [tenant, at, JSON.stringify(rows)], { prepare: true })
  const sent: Promise<unknown>[] = []
  // An answer without an entry is fenced too: another owner may have written the same answer meanwhile.
  if (effects.seq > oldSeq || effects.answers.length > 0) {
    sent.push(tx`select journal_advance(${tenant}, ${lease}, ${oldSeq}, ${effects.seq})`)
  }
  if (effects.uploads.size > 0)
    sent.push(
      run(
        TOUCH_UPLOADS,
        [...effects.uploads].map(([id, files]) => ({ id, files })),
      ),
    )
  if (effects.reused.length > 0) sent.push(run(KEEP_REUSED, effects.reused))
  if (effects.chunks.length > 0) sent.push(run(INSERT_CHUNKS, effects.chunks))
  if (effects.contents.length > 0) sent.push(run(INSERT_CONTENTS, effects.contents))
  if (effects.contentChunks.length > 0) sent.push(run(INSERT_CONTENT_CHUNKS, effects.contentChunks))
  if (effects.nodes.size > 0) {
    sent.push(
      run(
        UPSERT_NODES,
        [...effects.nodes.values()].map((node) => ({ ...node, nameKey: nameKey(node.name) })),
      ),
    )
  }
  if (effects.versions.length > 0) sent.push(run(INSERT_VERSIONS, effects.versions))
  if (effects.journal.length > 0)
    sent.push(
      run(
        INSERT_JOURNAL,
        effects.journal.map((e) => ({ ...e, ...e.actor })),
      ),
    )
  if (effects.answers.length > 0) sent.push(run(INSERT_ANSWERS, effects.answers.map(answerRow)))
  if (effects.outbox.length > 0) sent.push(run(INSERT_OUTBOX, effects.outbox))
  return sent
}

/** The node of an answer is not stored twice: the journal has it under the same seq. */
function answerRow({ mutationId, fingerprint, seq, outcome }: Effects['answers'][number]) {
  const original = outcome.outcome === 'conflict' ? outcome.original : null
  return { mutationId, fingerprint, seq, outcome: outcome.outcome, original }
}

const rows = (columns: string) => `jsonb_to_recordset($3::text::jsonb) as r(${columns})`

/** The last file of an upload closes it. A closed or expired one is not found, so the count does not hold. */
const TOUCH_UPLOADS = `
with r as (select * from ${rows('id uuid, files int')}), hit as (
  select u.ctid as place, r.files from r
  cross join lateral (select ctid, state from uploads u where u.tenant_id = $1 and u.id = r.id limit 1) u
  where u.state in ('open', 'committed') and $2::timestamptz is not null), touched as (
  update uploads u set committed_count = committed_count + hit.files,
    state = case when committed_count + hit.files >= file_count then 'committed' else 'open' end
  from hit where u.tenant_id = $1 and u.ctid = hit.place and u.state in ('open', 'committed') returning 1)
select require_count((select count(*) from touched), (select count(*) from r))`

/** Chunks that are referred to again: alive, and from now on no orphans. A chunk that is being deleted does not come back. */
const KEEP_REUSED = `
with r as (select distinct sha256, "objectKey" from ${rows('sha256 text, "objectKey" text')}), hit as (
  select c.ctid as place from r
  cross join lateral (select ctid from chunks c where c.tenant_id = $1 and c.sha256 = r.sha256 and c.object_key = r."objectKey" limit 1) c
  where $2::timestamptz is not null), kept as (
  update chunks c set orphaned_at = null from hit where c.tenant_id = $1 and c.ctid = hit.place and c.state = 'live' returning 1)
select require_count((select count(*) from kept), (select count(*) from r))`

const INSERT_CHUNKS = `
insert into chunks (tenant_id, sha256, object_key, byte_offset, byte_length, verified, uploaded_by, upload_id, created_at)
select $1, sha256, "objectKey", "offset", length, verified, "uploadedBy", "uploadId", $2
from ${rows('sha256 text, "objectKey" text, "offset" bigint, length bigint, verified boolean, "uploadedBy" uuid, "uploadId" uuid')}
on conflict do nothing`

const INSERT_CONTENTS = `
insert into contents (tenant_id, id, content_id, codec, size, sha256, inline, chunk_count)
select $1, id, "contentId", codec, size, sha256, case when $2::timestamptz is null then null else decode(inline, 'base64') end, "chunkCount"
from ${rows('id uuid, "contentId" text, codec text, size bigint, sha256 text, inline text, "chunkCount" int')}`

const INSERT_CONTENT_CHUNKS = `
insert into content_chunks (tenant_id, content_ref, ordinal, sha256, object_key, size, plain)
select $1, content, ordinal, sha256, "objectKey", size, plain
from ${rows('content uuid, ordinal int, sha256 text, "objectKey" text, size bigint, plain bigint')} where $2::timestamptz is not null`

/** A node's id never changes its space's tenant; on conflict only what a mutation may change is written. */
const UPSERT_NODES = `
insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision,
  size, sha256, content_id, codec, mtime_ns, executable, created_at, changed_at, changed_seq)
select $1, id, "spaceId", "parentId", kind, name, "nameKey", "contentRevision", "placementRevision",
  size, sha256, "contentId", codec, "mtimeNs", executable, to_timestamp("createdAt" / 1000.0), $2, "changedSeq"
from ${rows(`id uuid, "spaceId" uuid, "parentId" uuid, kind text, name text, "nameKey" text, "contentRevision" int, "placementRevision" int,
  size bigint, sha256 text, "contentId" text, codec text, "mtimeNs" text, executable boolean, "createdAt" bigint, "changedSeq" bigint`)}
on conflict (tenant_id, id) do update set parent_id = excluded.parent_id, name = excluded.name, name_key = excluded.name_key,
  content_revision = excluded.content_revision, placement_revision = excluded.placement_revision, size = excluded.size,
  sha256 = excluded.sha256, content_id = excluded.content_id, codec = excluded.codec, mtime_ns = excluded.mtime_ns,
  executable = excluded.executable, changed_at = excluded.changed_at, changed_seq = excluded.changed_seq`

const INSERT_VERSIONS = `
insert into versions (tenant_id, node_id, revision, content_ref, mtime_ns, executable, created_by, device, created_at, seq, conflict_of, base_revision)
select $1, "nodeId", revision, content, "mtimeNs", executable, "createdBy", device, $2, seq, "conflictOf", "baseRevision"
from ${rows(`"nodeId" uuid, revision int, content uuid, "mtimeNs" text, executable boolean, "createdBy" uuid, device text, seq bigint,
  "conflictOf" uuid, "baseRevision" int`)}`

const INSERT_JOURNAL = `
insert into journal (tenant_id, seq, kind, node_id, space_id, mutation_id, user_id, session_id, at, node)
select $1, seq, kind, "nodeId", "spaceId", "mutationId", "userId", "sessionId", $2, node
from ${rows('seq bigint, kind text, "nodeId" uuid, "spaceId" uuid, "mutationId" uuid, "userId" uuid, "sessionId" uuid, node jsonb')}`

const INSERT_ANSWERS = `
insert into mutations (tenant_id, id, fingerprint, seq, outcome, original, at)
select $1, "mutationId", fingerprint, seq, outcome, original, $2
from ${rows('"mutationId" uuid, fingerprint text, seq bigint, outcome text, original uuid')}`

const INSERT_OUTBOX = `
insert into outbox (tenant_id, kind, payload, traceparent, available_at)
select $1, kind, payload, traceparent, $2 from ${rows('kind text, payload jsonb, traceparent text')}`
