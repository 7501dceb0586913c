import type { NodeId, Sha256, SpaceId, UserId } from '../../core/ids.ts'
import type { NodeState } from '../../core/namespace/model.ts'
import type { Tx } from '../connect.ts'
import { PATH_ABOVE } from './ancestry.ts'
import { NODE_JSON } from './node-json.ts'
import { within, type Visible } from './reads.ts'

/** What was: the older versions of a file, and what was deleted. */

export type VersionRow = {
  revision: number
  size: number
  sha256: Sha256
  mtimeNs: string | null
  executable: boolean
  linkTarget: string | null
  label: string | null
  createdAt: number
  createdBy: UserId
  device: string
  seq: number
  baseRevision: number
}

/** Of a row `c` of contents: the target of a symlink, which is its content. */
export const linkTargetOf = (kind: string): string =>
  `case when ${kind} = 'symlink' then convert_from(c.inline, 'UTF8') end`

/**
 * Versions of a node that the caller may read, newest first, older than `after`.
 * @param limit at most 1,000
 */
export async function listVersions(
  tx: Tx,
  { tenant }: Pick<Visible, 'tenant'>,
  { node, after, limit }: { node: NodeState; after: number | null; limit: number },
): Promise<VersionRow[]> {
  const rows = await tx.unsafe<{ version: VersionRow }[]>(
    `select jsonb_build_object('revision', v.revision, 'size', c.size, 'sha256', c.sha256, 'mtimeNs', v.mtime_ns,
         'executable', v.executable, 'linkTarget', ${linkTargetOf('$5::text')}, 'label', v.label,
         'createdAt', (extract(epoch from v.created_at) * 1000)::bigint, 'createdBy', v.created_by, 'device', v.device,
         'seq', v.seq, 'baseRevision', v.base_revision) as version
     from versions v cross join lateral (select * from contents c where c.tenant_id = $1 and c.id = v.content_ref limit 1) c
     where v.tenant_id = $1 and v.node_id = $2 and ($3::int is null or v.revision < $3::int)
     order by v.revision desc limit $4`,
    [tenant, node.id, after, limit, node.kind],
    { prepare: true },
  )
  return rows.map((row) => row.version)
}

export type TrashItem = { node: NodeState; path: string[] }
/** `after`: the last one of the page before. */
export type TrashPage = {
  space: SpaceId | null
  after: { trashedAt: number; id: NodeId } | null
  limit: number
}

/** What was put into the trash by itself, the newest first, each with the names of the folders above it. */
export async function listTrash(tx: Tx, { tenant, spaces }: Visible, page: TrashPage): Promise<TrashItem[]> {
  const wanted = page.space === null ? spaces : spaces.filter((space) => space === page.space)
  const { trashedAt, id } = page.after ?? { trashedAt: FAR, id: LAST }
  return tx.unsafe<TrashItem[]>(
    `select ${NODE_JSON} as node, ${PATH_ABOVE} as path
     from (select t.* from jsonb_array_elements_text($2::text::jsonb) s cross join lateral (
             select * from nodes n where n.tenant_id = $1 and n.space_id = s::uuid and n.trashed_at is not null and n.purged_at is null
               and (n.trashed_at, n.id) < ($3::text::timestamptz, $4::uuid)
             order by n.trashed_at desc, n.id desc limit $5) t
           order by t.trashed_at desc, t.id desc limit $5) n
     order by n.trashed_at desc, n.id desc`,
    [tenant, within(wanted), new Date(trashedAt).toISOString(), id, page.limit],
    { prepare: true },
  )
}

/** After everything: the year 9999. */
const FAR = 253_370_764_800_000
const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
