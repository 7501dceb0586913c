import type { NodeId } from '../../core/ids.ts'
import type { SnapshotRows } from '../../core/namespace/snapshot.ts'
import type { Tx } from '../connect.ts'
import { NODE_JSON } from './node-json.ts'
import type { Visible } from './reads.ts'

/** Rows that one page may look at: who may read little of a large tenant gets many small pages, none of them slow. */
const LOOK_AT = 10_000
/** About what a page may weigh. */
const PAGE_BYTES = 1_000_000

export type SnapshotPage = SnapshotRows & {
  /** The last node looked at; `null`: there are no more. */
  last: NodeId | null
  head: number
  horizon: number
  epoch: string
}

/**
 * Nodes after `after` in the order of their ids, with every folder above them, and where the journal stands: all at one moment.
 * @param limit at most 1,000
 */
export async function snapshotPage(
  tx: Tx,
  { tenant, spaces }: Visible,
  after: NodeId | null,
  limit: number,
): Promise<SnapshotPage> {
  const values = [tenant, JSON.stringify(spaces), after ?? NIL, limit]
  const [row] = await tx.unsafe<(SnapshotPage & Nullable)[]>(PAGE, values, { prepare: true })
  if (!row) throw new Error('a tenant without a head')
  return { ...row, nodes: row.nodes ?? [], above: row.above ?? [], purged: row.purged ?? [] }
}

type Nullable = { nodes: SnapshotRows['nodes'] | null; above: SnapshotRows['above'] | null; purged: NodeId[] | null }

const NIL = '00000000-0000-0000-0000-000000000000'

const PAGE = `
with recursive looked as (
  select id, space_id from nodes where tenant_id = $1 and id > $3 order by id limit ${LOOK_AT}
), seen as (
  select id from looked where space_id in (select s::uuid from jsonb_array_elements_text($2::text::jsonb) s) order by id limit $4
), weighed as (
  select n.id, n.parent_id, sum(800 + 2 * length(n.name) + coalesce(length(n.properties::text), 0)) over (order by n.id) as bytes,
    row_number() over (order by n.id) as place
  from seen cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = seen.id limit 1) n
), page as (
  select id, parent_id from weighed where bytes <= ${PAGE_BYTES} or place = 1
), up as (
  select id, parent_id from page
  union
  select n.id, n.parent_id from up cross join lateral (
    select n.id, n.parent_id from nodes n where n.tenant_id = $1 and n.id = up.parent_id limit 1) n
), all_nodes as (
  select n.*, page.id is not null as is_of_page from up left join page using (id)
  cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = up.id limit 1) n
)
select
  (select json_agg(${NODE_JSON} order by n.id) from all_nodes n where is_of_page) as nodes,
  (select json_agg(${NODE_JSON}) from all_nodes n where not is_of_page) as above,
  (select jsonb_agg(n.id) from all_nodes n where n.purged_at is not null) as purged,
  case
    when (select count(*) from page) < (select count(*) from seen) or (select count(*) from seen) = $4::int
      then (select id from page order by id desc limit 1)
    when (select count(*) from looked) = ${LOOK_AT} then (select id from looked order by id desc limit 1)
  end as last,
  h.seq::float8 as head, h.horizon::float8 as horizon, h.epoch
from tenant_head h where h.tenant_id = $1`
