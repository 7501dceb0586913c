import type { MutationId, NodeId, SessionId, TenantId, UploadId, UserId } from '../../core/ids.ts'
import { nameKey } from '../../core/names.ts'
import {
  heldKey,
  type Facts,
  type HeldChunk,
  type Mutation,
  type NodeState,
  type Outcome,
  type SpaceRole,
} from '../../core/namespace/model.ts'
import { childKey, type Needs } from '../../core/namespace/view.ts'
import type { Tx } from '../connect.ts'
import { NODE_JSON } from './node-json.ts'

/** What to look up, as JSON parameters of the one query. */
export type FactsWanted = {
  mutations: MutationId[]
  sessions: SessionId[]
  nodes: NodeId[]
  children: { parent: NodeId; key: string }[]
  uploads: UploadId[]
  held: { userId: UserId; sha256: string }[]
  damaged: NodeId[]
}

/** The facts that a batch obviously needs; what only the decision finds out comes by `Needs`. */
export function factsOf(mutations: readonly Mutation[]): FactsWanted {
  const wanted: FactsWanted = {
    mutations: [],
    sessions: [],
    nodes: [],
    children: [],
    uploads: [],
    held: [],
    damaged: [],
  }
  for (const mutation of mutations) {
    wanted.mutations.push(mutation.id)
    wanted.sessions.push(mutation.actor.sessionId)
    if (mutation.kind === 'create-folder') {
      if (typeof mutation.parent === 'string') wantChild(wanted, mutation.parent, mutation.name)
      continue
    }
    if (mutation.uploadId !== null) wanted.uploads.push(mutation.uploadId)
    if ('node' in mutation.target) wanted.nodes.push(mutation.target.node)
    else wantChild(wanted, mutation.target.parent, mutation.target.name)
    if (mutation.content.held === 'inline') continue
    for (const { sha256 } of mutation.content.chunks) {
      if (!mutation.staged[sha256]) wanted.held.push({ userId: mutation.actor.userId, sha256 })
    }
  }
  return wanted
}

function wantChild(wanted: FactsWanted, parent: NodeId, name: string): void {
  wanted.nodes.push(parent)
  wanted.children.push({ parent, key: nameKey(name) })
}

export const factsNeeded = (needs: Needs): FactsWanted => ({
  mutations: [],
  sessions: [],
  nodes: [...needs.nodes],
  children: [...needs.children.values()],
  uploads: [],
  held: [...needs.held.values()],
  damaged: [...needs.damaged],
})

export const noFacts = (): Facts => ({
  seq: 0,
  principals: new Map(),
  priors: new Map(),
  nodes: new Map(),
  children: new Map(),
  uploads: new Map(),
  held: new Map(),
  damaged: new Map(),
})

/** As the answer is put together again from its row and its entry. */
type StoredOutcome = { outcome: 'applied' | 'conflict'; seq: number; node: NodeState; original: NodeId | null }

type Row = {
  head: { seq: number; lease: number }
  priors: { id: MutationId; fingerprint: string; outcome: StoredOutcome }[] | null
  principals: { session: SessionId; user: UserId; device: string; roles: Record<string, SpaceRole> | null }[] | null
  nodes: NodeState[] | null
  children: NodeState[] | null
  uploads: { id: UploadId; state: 'open' | 'committed' | 'expired'; userId: UserId; expiresAt: number }[] | null
  held: { userId: UserId; sha256: string; objectKey: string; offset: number; length: number }[] | null
  damaged: NodeId[] | null
}

/**
 * Chunks that a user may refer to without sending them: verified ones in a version that the user can read,
 * and what the user uploaded. One location is enough.
 */
export const HELD_CHUNKS = `
  select w."userId", w.sha256, c.object_key, c.byte_offset, c.byte_length
  from wanted w cross join lateral (
    select * from chunks c where c.tenant_id = $TENANT and c.sha256 = w.sha256 and c.state = 'live'
      and (c.uploaded_by = w."userId" or (c.verified and exists (
        select 1 from content_chunks cc
          join versions v on v.tenant_id = cc.tenant_id and v.content_ref = cc.content_ref
          join nodes n on n.tenant_id = v.tenant_id and n.id = v.node_id
          join space_members sm on sm.tenant_id = n.tenant_id and sm.space_id = n.space_id and sm.user_id = w."userId"
        where cc.tenant_id = c.tenant_id and cc.sha256 = c.sha256 and cc.object_key = c.object_key)))
    order by c.verified desc limit 1) c`

/** One round trip. Parameter 1 is the tenant, 2 the wanted things as JSON. */
const GATHER = `
with q as (select $2::text::jsonb as j)
select
  (select jsonb_build_object('seq', seq, 'lease', lease) from tenant_head where tenant_id = $1) as head,
  (select jsonb_agg(jsonb_build_object('id', m.id, 'fingerprint', m.fingerprint,
       'outcome', jsonb_build_object('outcome', m.outcome, 'seq', m.seq, 'node', j.node, 'original', m.original)))
     from (select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'mutations') w) w
     cross join lateral (select * from mutations m where m.tenant_id = $1 and m.id = w.id limit 1) m
     cross join lateral (select j.node from journal j where j.tenant_id = $1 and j.seq = m.seq limit 1) j) as priors,
  (select jsonb_agg(jsonb_build_object('session', s.id, 'user', s.user_id, 'device', s.device_name, 'roles',
       (select jsonb_object_agg(sm.space_id, sm.role) from space_members sm where sm.tenant_id = $1 and sm.user_id = s.user_id)))
     from (select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'sessions') w) w
     cross join lateral (select * from sessions s where s.id = w.id and s.tenant_id = $1 limit 1) s
     cross join lateral (select * from memberships m where m.tenant_id = $1 and m.user_id = s.user_id limit 1) m
     where s.revoked_at is null and s.absolute_expiry > now() and m.removed_at is null) as principals,
  (select jsonb_agg(${NODE_JSON})
     from (select distinct w::uuid as id from q, jsonb_array_elements_text(q.j->'nodes') w) w
     cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = w.id limit 1) n
     where n.trashed_at is null) as nodes,
  (select jsonb_agg(${NODE_JSON})
     from (select distinct parent, key from q, jsonb_to_recordset(q.j->'children') as w(parent uuid, key text)) w
     cross join lateral (
       select * from nodes n where n.tenant_id = $1 and n.parent_id = w.parent and n.name_key = w.key collate "C" and n.trashed_at is null limit 1) n
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
     where exists (
       select 1 from content_chunks cc cross join lateral (
         select state from chunks c where c.tenant_id = $1 and c.sha256 = cc.sha256 and c.object_key = cc.object_key limit 1) c
       where cc.tenant_id = $1 and cc.content_ref = v.content_ref and c.state = 'quarantined')) as damaged
from q`

/**
 * Looks up what is wanted and adds it to `facts`; what is not there is written down as `null`.
 * @returns the lease that the head carries now
 */
export async function gatherFacts(
  tx: Tx,
  tenant: TenantId,
  wanted: FactsWanted,
  facts: Facts,
): Promise<{ lease: number }> {
  const [row] = await tx.unsafe<Row[]>(GATHER, [tenant, JSON.stringify(wanted)], { prepare: true })
  if (!row) throw new Error('the facts query answers one row')
  facts.seq = row.head.seq
  for (const { id, fingerprint, outcome } of row.priors ?? [])
    facts.priors.set(id, { fingerprint, outcome: firstAnswer(outcome) })
  for (const { session, user, device, roles } of row.principals ?? []) {
    facts.principals.set(session, { standing: 'active', userId: user, device, roles: roles ?? {} })
  }
  for (const upload of row.uploads ?? []) facts.uploads.set(upload.id, upload)
  addNodes(facts, wanted, row)
  addHeld(facts, wanted, row)
  for (const id of wanted.damaged) facts.damaged.set(id, false)
  for (const id of row.damaged ?? []) facts.damaged.set(id, true)
  return { lease: row.head.lease }
}

function firstAnswer({ outcome, seq, node, original }: StoredOutcome): Outcome {
  return outcome === 'conflict' && original !== null
    ? { outcome, seq, node, original }
    : { outcome: 'applied', seq, node }
}

function addNodes(facts: Facts, wanted: FactsWanted, row: Row): void {
  for (const id of wanted.nodes) if (!facts.nodes.has(id)) facts.nodes.set(id, null)
  for (const node of row.nodes ?? []) facts.nodes.set(node.id, node)
  for (const { parent, key } of wanted.children) facts.children.set(childKey(parent, key), null)
  for (const node of row.children ?? []) {
    if (node.parentId !== null) facts.children.set(childKey(node.parentId, node.name), node)
    facts.nodes.set(node.id, node)
  }
}

function addHeld(facts: Facts, wanted: FactsWanted, row: Row): void {
  for (const { userId, sha256 } of wanted.held) facts.held.set(heldKey(userId, sha256), null)
  for (const { userId, sha256, objectKey, offset, length } of row.held ?? []) {
    facts.held.set(heldKey(userId, sha256), { objectKey, offset, length } satisfies HeldChunk)
  }
}
