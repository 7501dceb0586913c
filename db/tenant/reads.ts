import type { Codec, ChunkLocation, ChunkRef } from '../../core/content.ts'
import type { NodeId, Sha256, SpaceId, TenantId, UserId } from '../../core/ids.ts'
import { nameKey } from '../../core/names.ts'
import type { NodeState } from '../../core/namespace/model.ts'
import type { Tx } from '../connect.ts'
import { FATE } from './ancestry.ts'
import { HELD_CHUNKS } from './held-chunks.ts'
import { NODE_JSON } from './node-json.ts'

/** Reads of one tenant. Each takes the spaces that the caller may see: what lies elsewhere does not exist (T11). */
export type Visible = { tenant: TenantId; spaces: readonly SpaceId[] }

export const within = (spaces: readonly SpaceId[]): string => JSON.stringify(spaces)
/** Of a row `n` with a space, given `within` as the second parameter. */
export const SEEN = `n.space_id in (select s::uuid from jsonb_array_elements_text($2::text::jsonb) s)`

/** A node, and the topmost of itself and the folders above it that is in the trash: `null` when it lives. */
export type Placed = { node: NodeState; trashed: NodeId | null }

/** A node wherever it is; purged, or below what was, it is nowhere. */
export async function findPlaced(tx: Tx, { tenant, spaces }: Visible, id: NodeId): Promise<Placed | null> {
  const [row] = await tx.unsafe<Placed[]>(
    `select ${NODE_JSON} as node, fate.trashed from nodes n ${FATE}
     where n.tenant_id = $1 and n.id = $3 and ${SEEN} and not fate.is_gone`,
    [tenant, within(spaces), id],
    { prepare: true },
  )
  return row ?? null
}

/**
 * One page of a folder in name order, after the child whose key is `after`. Keyset: the millionth child costs what the first costs.
 * Whether the folder is seen, and lives, is asked of `findPlaced`.
 * @param limit at most 1,000
 */
export async function listChildren(
  tx: Tx,
  tenant: TenantId,
  parent: NodeId,
  after: string | null,
  limit: number,
): Promise<NodeState[]> {
  const rows = await tx.unsafe<{ node: NodeState }[]>(
    `select ${NODE_JSON} as node from nodes n
     where n.tenant_id = $1 and n.parent_id = $2 and n.trashed_at is null and n.name_key > $3 collate "C"
     order by n.name_key limit $4`,
    [tenant, parent, after ?? '', limit],
    { prepare: true },
  )
  return rows.map((row) => row.node)
}

/** Walks a path down from a root; one query for the whole path. @returns the nodes that exist, the root first. */
export async function walkPath(tx: Tx, tenant: TenantId, root: NodeId, names: string[]): Promise<NodeState[]> {
  const rows = await tx.unsafe<{ node: NodeState }[]>(
    `with recursive walk as (
       select n.id, 0 as depth from nodes n where n.tenant_id = $1 and n.id = $2 and n.trashed_at is null
       union all
       select n.id, walk.depth + 1 from walk cross join lateral (
         select n.id from nodes n where n.tenant_id = $1 and n.parent_id = walk.id and n.trashed_at is null
           and n.name_key = ($3::text::jsonb ->> walk.depth) collate "C" limit 1) n
     ) select ${NODE_JSON} as node from walk
       cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = walk.id limit 1) n order by walk.depth`,
    [tenant, root, JSON.stringify(names.map(nameKey))],
    { prepare: true },
  )
  return rows.map((row) => row.node)
}

export type StoredChunk = ChunkRef & ChunkLocation & { quarantined: boolean }
export type StoredContent = {
  node: NodeState
  revision: number
  codec: Codec
  size: number
  sha256: Sha256
  /** Base64. */
  inline: string | null
  chunks: StoredChunk[]
  at: number
}

export type FoundContent = Omit<StoredContent, 'node' | 'at'> & { id: NodeId }

/** Of a row `c` of contents: the part of `StoredContent` that it gives. */
export const CONTENT_JSON = `'codec', c.codec, 'size', c.size, 'sha256', c.sha256,
  'inline', translate(encode(c.inline, 'base64'), E'\\n', ''),
  'chunks', (select coalesce(jsonb_agg(jsonb_build_object('sha256', cc.sha256, 'size', cc.size, 'plain', cc.plain, 'objectKey', k.object_key,
      'offset', k.byte_offset, 'length', k.byte_length, 'quarantined', k.state = 'quarantined') order by cc.ordinal), '[]')
    from content_chunks cc cross join lateral (
      select * from chunks k where k.tenant_id = $1 and k.sha256 = cc.sha256 offset 0) k
    where k.object_key = cc.object_key and cc.tenant_id = $1 and cc.content_ref = c.id)`

/**
 * A version's content and where its chunks lie; the current one without `revision`. `null`: no such node or version. Whether the
 * node lives is asked of `findPlaced`.
 */
export async function findContent(
  tx: Tx,
  { tenant, spaces }: Visible,
  id: NodeId,
  revision: number | null,
): Promise<StoredContent | null> {
  const [row] = await tx.unsafe<{ found: StoredContent }[]>(
    `select jsonb_build_object('node', ${NODE_JSON}, 'revision', v.revision, 'at', (extract(epoch from v.created_at) * 1000)::bigint,
       ${CONTENT_JSON}) as found
     from nodes n
     cross join lateral (
       select * from versions v where v.tenant_id = $1 and v.node_id = n.id and v.revision = coalesce($4::int, n.content_revision) limit 1) v
     cross join lateral (select * from contents c where c.tenant_id = $1 and c.id = v.content_ref limit 1) c
     where n.tenant_id = $1 and n.id = $3 and n.purged_at is null and ${SEEN}`,
    [tenant, within(spaces), id, revision],
    { prepare: true },
  )
  return row?.found ?? null
}

/**
 * As `findContent`, of many versions at once, in one query: of files that live, hold at most `maxBytes`, and have nothing that is quarantined.
 * What is above a file is looked at once for each folder. What cannot be given is left out. Rows are found by their keys alone and judged
 * afterwards: without statistics the planner would take an index that fits the judgement.
 */
export async function findContents(
  tx: Tx,
  { tenant, spaces }: Visible,
  files: readonly { id: NodeId; revision: number }[],
  maxBytes: number,
): Promise<FoundContent[]> {
  const rows = await tx.unsafe<{ found: FoundContent }[]>(
    `with wanted as materialized (
       select n.id, n.parent_id, w.at, (w.file ->> 'revision')::int as revision
       from jsonb_array_elements($3::text::jsonb) with ordinality w (file, at)
       cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = (w.file ->> 'id')::uuid limit 1) n
       where n.kind = 'file' and n.trashed_at is null and n.purged_at is null and ${SEEN}
     ), homes as materialized (
       select n.id from (select distinct parent_id from wanted) p
       cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = p.parent_id limit 1) n
       ${FATE} where not fate.is_gone and fate.trashed is null
     )
     select jsonb_build_object('id', w.id, 'revision', w.revision, ${CONTENT_JSON}) as found
     from wanted w join homes h on h.id = w.parent_id
     cross join lateral (
       select * from versions v where v.tenant_id = $1 and v.node_id = w.id and v.revision = w.revision limit 1) v
     cross join lateral (select * from contents c where c.tenant_id = $1 and c.id = v.content_ref limit 1) c
     where c.size <= $4::bigint order by w.at`,
    [tenant, within(spaces), JSON.stringify(files), maxBytes],
    { prepare: true },
  )
  return rows.map((row) => row.found).filter(({ chunks }) => !chunks.some((chunk) => chunk.quarantined))
}

/** Which of these chunks a user need not upload (see HELD_CHUNKS for what counts). */
export async function findHeld(
  tx: Tx,
  tenant: TenantId,
  userId: UserId,
  hashes: readonly string[],
): Promise<Set<string>> {
  if (hashes.length === 0) return new Set()
  const rows = await tx.unsafe<{ sha256: string }[]>(
    `with wanted as (select distinct $2::uuid as "userId", w as sha256 from jsonb_array_elements_text($3::text::jsonb) w)
     select sha256 from (${HELD_CHUNKS.replaceAll('$TENANT', '$1')}) h`,
    [tenant, userId, JSON.stringify(hashes)],
    { prepare: true },
  )
  return new Set(rows.map((row) => row.sha256))
}
