import type { MutationId, NodeId, Sha256, SpaceId, UserId } from '../../core/ids.ts'
import type { NodeState, Resolution } from '../../core/namespace/model.ts'
import type { Tx } from '../connect.ts'
import { FATE, PATH_ABOVE } from './ancestry.ts'
import { linkTargetOf } from './history.ts'
import { NODE_JSON } from './node-json.ts'
import { CONTENT_JSON, SEEN, within, type StoredContent, type Visible } from './reads.ts'

type Side = {
  size: number
  sha256: Sha256
  mtimeNs: string | null
  executable: boolean
  linkTarget: string | null
  at: number
  userId: UserId
  device: string
}

/** A conflict as people see it: what was seen, both sides, who and when. */
export type ConflictRow = {
  id: MutationId
  spaceId: SpaceId
  original: NodeState
  copy: NodeState | null
  path: string[]
  baseRevision: number
  /** `null`: there was none, or it has expired. */
  base: Side | null
  theirRevision: number
  theirs: Side | null
  mine: Side
  resolution: Resolution | null
  resolvedAt: number | null
  resolvedBy: UserId | null
}

export type ConflictPage = { space: SpaceId | null; onlyOpen: boolean; after: MutationId | null; limit: number }

/**
 * The newest first, as far as their ids tell. Open is what nobody has resolved and whose copy, if it has one, is not in the trash: who
 * throws it away has decided too, until it is brought back.
 * @param page.limit at most 1,000
 */
export async function listConflicts(
  tx: Tx,
  { tenant, spaces }: Visible,
  { space, onlyOpen, after, limit }: ConflictPage,
): Promise<ConflictRow[]> {
  const wanted = space === null ? spaces : spaces.filter((known) => known === space)
  const rows = await tx.unsafe<{ conflict: ConflictRow }[]>(
    `select ${CONFLICT_JSON} as conflict
     from (select t.* from jsonb_array_elements_text($2::text::jsonb) s cross join lateral (
             select k.* from conflicts k ${ORIGINAL} where k.tenant_id = $1 and k.space_id = s::uuid and k.id < $3::uuid
               ${onlyOpen ? `and k.resolved_at is null and ${COPY_LIVES}` : ''} order by k.id desc limit $4) t
           order by t.id desc limit $4) k ${ORIGINAL}
     order by k.id desc`,
    [tenant, within(wanted), after ?? LAST, limit],
    { prepare: true },
  )
  return rows.map((row) => row.conflict)
}

export async function findConflict(tx: Tx, { tenant, spaces }: Visible, id: MutationId): Promise<ConflictRow | null> {
  const [row] = await tx.unsafe<{ conflict: ConflictRow }[]>(
    `select ${CONFLICT_JSON} as conflict
     from (select * from conflicts k where k.tenant_id = $1 and k.id = $3 limit 1) k ${ORIGINAL}
     where ${SEEN}`,
    [tenant, within(spaces), id],
    { prepare: true },
  )
  return row?.conflict ?? null
}

/** The content that came second, wherever it is kept now. Its node is the copy, or the original where there is none: then its revision is 0. */
export async function findConflictContent(
  tx: Tx,
  { tenant, spaces }: Visible,
  id: MutationId,
): Promise<StoredContent | null> {
  const [row] = await tx.unsafe<{ found: StoredContent }[]>(
    `select jsonb_build_object('node', coalesce(${COPY_JSON}, ${NODE_JSON}), 'revision', case when k.copy is null then 0 else 1 end,
       'at', (extract(epoch from k.at) * 1000)::bigint, ${CONTENT_JSON}) as found
     from (select * from conflicts k where k.tenant_id = $1 and k.id = $3 limit 1) k ${ORIGINAL}
     cross join lateral (select * from contents c where c.tenant_id = $1 and c.id = k.content_ref limit 1) c
     where ${SEEN}`,
    [tenant, within(spaces), id],
    { prepare: true },
  )
  return row?.found ?? null
}

const copyThat = (lives: string): string => `(k.copy is null or exists (
  select 1 from nodes n ${FATE} where n.tenant_id = $1 and n.id = k.copy and not fate.is_gone ${lives}))`

const COPY_LIVES = copyThat('and fate.trashed is null')

/**
 * A conflict belongs where its original is, or was: that decides who sees it. It ends with the purge of the one or the other, also
 * while its row is still there (RT-7).
 */
const ORIGINAL = `cross join lateral (
  select n.* from nodes n ${FATE} where n.tenant_id = $1 and n.id = k.original and not fate.is_gone and ${copyThat('')} limit 1) n`

const COPY_JSON = `(select ${NODE_JSON} from nodes n where n.tenant_id = $1 and n.id = k.copy and n.purged_at is null limit 1)`

const versionSide = (revision: string): string => `
  (select jsonb_build_object('size', c.size, 'sha256', c.sha256, 'mtimeNs', v.mtime_ns, 'executable', v.executable,
       'linkTarget', ${linkTargetOf('n.kind')}, 'at', (extract(epoch from v.created_at) * 1000)::bigint,
       'userId', v.created_by, 'device', v.device)
     from (select * from versions v where v.tenant_id = $1 and v.node_id = k.original and v.revision = ${revision} limit 1) v
     cross join lateral (select * from contents c where c.tenant_id = $1 and c.id = v.content_ref limit 1) c)`

const CONFLICT_JSON = `jsonb_build_object('id', k.id, 'spaceId', n.space_id, 'original', ${NODE_JSON}, 'copy', ${COPY_JSON},
  'path', ${PATH_ABOVE}, 'baseRevision', k.base_revision, 'base', ${versionSide('k.base_revision')},
  'theirRevision', k.their_revision, 'theirs', ${versionSide('k.their_revision')},
  'mine', (select jsonb_build_object('size', c.size, 'sha256', c.sha256, 'mtimeNs', k.mtime_ns, 'executable', k.executable,
      'linkTarget', ${linkTargetOf('k.node_kind')}, 'at', (extract(epoch from k.at) * 1000)::bigint,
      'userId', k.user_id, 'device', k.device)
    from contents c where c.tenant_id = $1 and c.id = k.content_ref limit 1),
  'resolution', k.resolution, 'resolvedAt', (extract(epoch from k.resolved_at) * 1000)::bigint, 'resolvedBy', k.resolved_by)`

const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff' as NodeId
