import { COPY_MAX_NODES, SURVIVORS_MAX } from '../../core/namespace/model.ts'
import { HELD_CHUNKS } from './held-chunks.ts'
import { NODE_JSON } from './node-json.ts'

/**
 * The one query that gathers facts: one round trip, whatever is wanted. Parameter 1 is the tenant, 2 the wanted things as JSON.
 *
 * Look-ups of many keys are `cross join lateral (… limit 1)`, see `enter` in db/connect.ts. What is rarely wanted is only
 * in the text when it is: even an empty part costs the executor its start on every commit.
 */
export type RareParts = {
  ways: boolean
  forgotten: boolean
  versions: boolean
  subtrees: boolean
  survivors: boolean
  conflicts: boolean
}

export const gatherQuery = (rare: RareParts): string => `
with recursive q as (select $2::text::jsonb as j),
${rare.ways ? `steps as materialized (${STEPS}), walked as (${WALKED}),` : ''}
${rare.survivors ? SURVIVORS : ''}
${rare.conflicts ? `met as (${CONFLICTS}),` : ''}
asked as (
  select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'nodes') w
  ${rare.survivors ? FIRST_SURVIVORS : ''}
  ${rare.conflicts ? 'union select original from met union select copy from met' : ''}),
${FOLDERS_ABOVE}
select ${[
  BASE,
  rare.ways ? WAYS : [],
  rare.forgotten ? FORGOTTEN : [],
  rare.versions ? VERSIONS : [],
  rare.subtrees ? SUBTREES : [],
  rare.survivors ? `(select jsonb_agg(s) from survivors s) as survivors` : [],
  rare.conflicts ? `(select jsonb_agg(m) from met m) as conflicts` : [],
]
  .flat()
  .join(',\n')}
from q`

/** What one look may bring: folders above count too, and what is kept with them. About 16 MB each. */
export const FACTS_MAX = { nodes: 20_000, propertyBytes: 16_000_000 }

const PROPERTY_BYTES = `coalesce(length(n.properties::text), 0) as bytes`

/** What was asked for and every folder above, each once; one more than may be, so that too many are told apart. */
const FOLDERS_ABOVE = `
up as (
  select n.* from asked cross join lateral (
    select n.id, n.parent_id, ${PROPERTY_BYTES} from nodes n where n.tenant_id = $1 and n.id = asked.id limit 1) n
  union
  select n.* from up cross join lateral (
    select n.id, n.parent_id, ${PROPERTY_BYTES} from nodes n where n.tenant_id = $1 and n.id = up.parent_id limit 1) n),
gathered as materialized (select id, bytes from up limit ${FACTS_MAX.nodes + 1})`

const BASE = `
  (select jsonb_build_object('epoch', epoch, 'seq', seq, 'lease', lease) from tenant_head where tenant_id = $1) as head,
  (select jsonb_agg(jsonb_build_object('id', m.id, 'fingerprint', m.fingerprint, 'outcome', jsonb_build_object('outcome', m.outcome,
       'seq', m.seq, 'node', coalesce(m.node, j.node), 'original', m.original, 'notice', m.notice)))
     from (select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'mutations') w) w
     cross join lateral (select * from mutations m where m.tenant_id = $1 and m.id = w.id limit 1) m
     left join lateral (select j.node from journal j where j.tenant_id = $1 and j.seq = m.seq limit 1) j on m.node is null
  ) as priors,
  (select jsonb_agg(jsonb_build_object('session', s.id, 'user', s.user_id, 'device', s.device_name, 'roles',
       (select jsonb_object_agg(sm.space_id, sm.role) from space_members sm where sm.tenant_id = $1 and sm.user_id = s.user_id)))
     from (select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'sessions') w) w
     cross join lateral (select * from sessions s where s.id = w.id and s.tenant_id = $1 limit 1) s
     cross join lateral (select * from memberships m where m.tenant_id = $1 and m.user_id = s.user_id limit 1) m
     where s.revoked_at is null and s.absolute_expiry > now() and m.removed_at is null) as principals,
  case when (select count(*) <= ${FACTS_MAX.nodes} and coalesce(sum(bytes), 0) <= ${FACTS_MAX.propertyBytes} from gathered) then (
    select jsonb_build_object('all', jsonb_agg(${NODE_JSON}), 'purged', jsonb_agg(n.id) filter (where n.purged_at is not null))
      from gathered g cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = g.id limit 1) n) end as nodes,
  (select jsonb_agg(${NODE_JSON})
     from (select distinct parent, key from q, jsonb_to_recordset(q.j->'children') as w(parent uuid, key text)) w
     cross join lateral (
       select * from nodes n where n.tenant_id = $1 and n.parent_id = w.parent and n.name_key = w.key collate "C"
         and n.trashed_at is null and n.purged_at is null limit 1) n
  ) as children,
  (select jsonb_agg(jsonb_build_object('id', u.id, 'state', u.state, 'userId', u.user_id, 'expiresAt', (extract(epoch from u.expires_at) * 1000)::bigint))
     from (select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'uploads') w) w
     cross join lateral (select * from uploads u where u.tenant_id = $1 and u.id = w.id limit 1) u) as uploads,
  case when jsonb_array_length(q.j->'held') = 0 then null else (
    with wanted as (select distinct w."userId", w.sha256 from jsonb_to_recordset(q.j->'held') as w("userId" uuid, sha256 text))
    select jsonb_agg(jsonb_build_object('userId', h."userId", 'sha256', h.sha256, 'objectKey', h.object_key, 'offset', h.byte_offset, 'length', h.byte_length))
      from (${HELD_CHUNKS.replaceAll('$TENANT', '$1')}) h) end as held,
  (select jsonb_agg(w.id)
     from (select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'damaged') w) w
     cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = w.id limit 1) n
     cross join lateral (
       select * from versions v where v.tenant_id = $1 and v.node_id = n.id and v.revision = n.content_revision limit 1) v
     where ${isDamaged('v.content_ref')}) as damaged`

const STEPS = `
  select w.id, w.up, w.parent, w.key from q, jsonb_to_recordset(q.j->'ways') as w(id text, up text, parent uuid, key text)`

const childNamed = (parent: string, key: string): string => `(
    select n.id from nodes n where n.tenant_id = $1 and n.parent_id = ${parent} and n.name_key = ${key} collate "C"
      and n.trashed_at is null and n.purged_at is null limit 1)`

/** Ways down by names: each step from where the one above it came. Every pair once, so that it ends whatever was asked. */
const WALKED = `
  select s.id as step, n.id from steps s cross join lateral ${childNamed('s.parent', 's.key')} n where s.parent is not null
  union
  select s.id, n.id from walked w join steps s on s.up = w.step cross join lateral ${childNamed('w.id', 's.key')} n`

const WAYS = `
  (select jsonb_agg(jsonb_build_object('step', w.step, 'node', ${NODE_JSON}))
     from walked w cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = w.id limit 1) n) as ways`

/**
 * Writes by the content that they brought, which is named by them, and by the conflict that they met. The oldest version that holds
 * the content is the one that they made.
 */
const FORGOTTEN = `
  (select jsonb_agg(jsonb_build_object('id', f.id, 'by', coalesce(f.user_id, f.created_by), 'outcome', jsonb_build_object(
       'outcome', case when f.met is null or f.resolution = 'newest-wins' then 'applied' else 'conflict' end,
       'seq', n.changed_seq, 'node', ${NODE_JSON}, 'original', f.original)))
     from (
       select w.id, k.id as met, k.user_id, k.resolution, k.original, v.created_by, coalesce(k.copy, k.original, v.node_id) as node_id
       from (select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'forgotten') w) w
       left join lateral (select * from conflicts k where k.tenant_id = $1 and k.id = w.id limit 1) k on true
       left join lateral (
         select v.node_id, v.created_by from versions v where v.tenant_id = $1 and v.content_ref = w.id order by v.seq limit 1) v on true
       offset 0) f
     cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = f.node_id limit 1) n) as forgotten`

/** Whether a chunk of a content is in quarantine. */
function isDamaged(content: string): string {
  return `exists (
       select 1 from content_chunks cc cross join lateral (
         select state from chunks c where c.tenant_id = $1 and c.sha256 = cc.sha256 and c.object_key = cc.object_key limit 1) c
       where cc.tenant_id = $1 and cc.content_ref = ${content} and c.state = 'quarantined')`
}

/** `VersionFacts`, but for a symlink's target, which is its content: `t` aliases `contents`. */
const contentJson = (
  kind: string,
) => `'content', t.id, 'size', t.size, 'sha256', t.sha256, 'contentId', t.content_id, 'codec', t.codec,
    'isDamaged', ${isDamaged('t.id')},
    'inline', case when ${kind} = 'symlink' then translate(encode(t.inline, 'base64'), E'\\n', '') end`

/** `revision: null` asks for the present one. */
const VERSIONS = `
  (select jsonb_agg(jsonb_build_object('node', n.id, 'revision', v.revision, 'mtimeNs', v.mtime_ns, 'executable', v.executable,
       ${contentJson('n.kind')}))
     from (select distinct w.node, w.revision from q, jsonb_to_recordset(q.j->'versions') as w(node uuid, revision int)) w
     cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = w.node limit 1) n
     cross join lateral (
       select * from versions v where v.tenant_id = $1 and v.node_id = n.id and v.revision = coalesce(w.revision, n.content_revision) limit 1) v
     cross join lateral (select * from contents t where t.tenant_id = $1 and t.id = v.content_ref limit 1) t) as versions`

const CONFLICTS = `
  select k.id, k.original, k.copy, k.base_revision as "baseRevision", k.their_revision as "theirRevision", k.resolution,
    jsonb_build_object('nodeKind', k.node_kind, 'mtimeNs', k.mtime_ns, 'executable', k.executable, ${contentJson('k.node_kind')}) as mine
  from (select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'conflicts') w) w
  cross join lateral (select * from conflicts k where k.tenant_id = $1 and k.id = w.id limit 1) k
  cross join lateral (select * from contents t where t.tenant_id = $1 and t.id = k.content_ref limit 1) t`

/** One more than may be copied, so that too many are told apart. Rows come level by level, as far as they are fetched. */
const SUBTREES = `
  (select jsonb_agg(jsonb_build_object('folder', w.id, 'nodes', s.nodes))
     from (select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'subtrees') w) w
     cross join lateral (
       with recursive down as (
         select w.id, 0 as depth
         union all
         select n.id, down.depth + 1 from down cross join lateral (
           select n.id from nodes n where n.tenant_id = $1 and n.parent_id = down.id and n.trashed_at is null
           limit ${COPY_MAX_NODES + 1}) n)
       select jsonb_agg(jsonb_build_object('node', ${NODE_JSON}, 'content', v.content_ref) order by d.depth) as nodes
       from (select id, depth from down offset 1 limit ${COPY_MAX_NODES + 1}) d
       cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = d.id limit 1) n
       left join lateral (
         select v.content_ref from versions v where v.tenant_id = $1 and v.node_id = n.id and v.revision = n.content_revision limit 1
       ) v on true) s) as subtrees`

/** Entries that are read for one delete; who is further behind must catch up first. */
export const SURVIVORS_SCAN_MAX = 20_000

/**
 * The journal names what changed, so this costs what happened since, not what the folders hold; and it is read once for all deletes of
 * a session, however many there are:
 *
 *     entries after the least `seen` by others ──► nodes that are still as such an entry left them, and its seq ──► up, through what
 *     is in no trash of its own ──► down again from each folder, as far as the first on each way that came after *its* `seen`
 *
 * `id` is null where there are none, and `far` says that it was not looked for.
 */
const SURVIVORS = `
deletes as materialized (
  select distinct w.folder, w.seen, w.session, n.space_id, w.seen < h.horizon or h.seq - w.seen > ${SURVIVORS_SCAN_MAX} as far
  from q cross join jsonb_to_recordset(q.j->'survivors') as w(folder uuid, seen bigint, session uuid)
  cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = w.folder limit 1) n
  cross join lateral (select * from tenant_head h where h.tenant_id = $1 limit 1) h),
changed as materialized (
  select w.session, n.id, n.parent_id, max(j.seq) as seq
  from (select space_id, session, min(seen) as seen from deletes where not far group by space_id, session) w
  cross join lateral (select j.seq, j.node_id from journal j where j.tenant_id = $1 and j.seq > w.seen
    and j.space_id = w.space_id and j.session_id <> w.session offset 0) j
  cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = j.node_id limit 1) n
  where j.seq in (n.content_seq, n.placed_seq) and n.trashed_at is null
  group by w.session, n.id, n.parent_id),
above as (
  select session, id, parent_id from changed
  union
  select above.session, n.id, n.parent_id from above cross join lateral (
    select * from nodes n where n.tenant_id = $1 and n.id = above.parent_id limit 1) n
  where n.trashed_at is null),
ways_down as materialized (
  select a.session, a.id, a.parent_id, coalesce(c.seq, 0) as seq from above a left join changed c on c.session = a.session and c.id = a.id),
below as (
  select w.folder, w.seen, w.session, a.id, a.seq > w.seen as survives
  from deletes w join ways_down a on a.session = w.session and a.parent_id = w.folder where not w.far
  union all
  select b.folder, b.seen, b.session, a.id, a.seq > b.seen
  from below b join ways_down a on a.session = b.session and a.parent_id = b.id where not b.survives),
survivors as (
  select w.folder, w.seen, w.session, w.far, s.id from deletes w left join lateral (
    select b.id from below b where b.folder = w.folder and b.seen = w.seen and b.session = w.session and b.survives
    limit ${SURVIVORS_MAX + 1}) s on true),`

/** Of all deletes but the first, the nodes are looked up when they are the first: what survives one may change what survives the next. */
const FIRST_SURVIVORS = `union select s.id from survivors s, (select q.j->'survivors'->0 as first from q) f
  where s.folder = (f.first->>'folder')::uuid and s.seen = (f.first->>'seen')::bigint and s.session = (f.first->>'session')::uuid`
