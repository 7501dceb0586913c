import type { NodeId } from '../../core/ids.ts'
import type { SnapshotRows } from '../../core/namespace/snapshot.ts'
import type { Tx } from '../connect.ts'
import { NODE_JSON } from './node-json.ts'
import type { Visible } from './reads.ts'

/** Rows that one page may look at: who may read little of a large tenant gets many small pages, none of them slow. */
const LOOK_AT = 10_000
/** About what a page may weigh. */
const PAGE_BYTES = 1_000_000
/** Nodes of one page and folders above them, in very deep trees, and what is kept with them: with more the page holds fewer nodes. */
const GATHERED_MAX = { nodes: 20_000, propertyBytes: 16_000_000 }
/** The step down; a page of one node has what lies above it, however much. */
const FEWER = 10

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
  { after, limit, max = GATHERED_MAX }: { after: NodeId | null; limit: number; max?: typeof GATHERED_MAX },
): Promise<SnapshotPage> {
  for (let most = limit; ; most = Math.ceil(most / FEWER)) {
    const bounds = most === 1 ? [null, null] : [max.nodes, max.propertyBytes]
    const values = [tenant, JSON.stringify(spaces), after ?? NIL, most, ...bounds]
    const [row] = await tx.unsafe<(SnapshotPage & Nullable)[]>(PAGE, values, { prepare: true })
    if (!row) throw new Error('a tenant without a head')
    const { isTooDeep, nodes, above, purged, ...place } = row
    if (!isTooDeep) return { ...place, nodes: nodes ?? [], above: above ?? [], purged: purged ?? [] }
  }
}

type Nullable = {
  nodes: SnapshotRows['nodes'] | null
  above: SnapshotRows['above'] | null
  purged: NodeId[] | null
  isTooDeep: boolean
}

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
  select id, parent_id, 0 as bytes from page
  union
  select n.id, n.parent_id, n.bytes from up cross join lateral (
    select n.id, n.parent_id, coalesce(length(n.properties::text), 0) as bytes from nodes n
    where n.tenant_id = $1 and n.id = up.parent_id limit 1) n
), gathered as materialized (
  select id, max(bytes) as bytes from (select * from up limit $5::int + 1) up group by id
), depth as (
  select coalesce(count(*) > $5::int or sum(bytes) > $6::bigint, false) as is_too_deep from gathered
), all_nodes as (
  select n.*, page.id is not null as is_of_page from depth cross join gathered left join page using (id)
  cross join lateral (select * from nodes n where n.tenant_id = $1 and n.id = gathered.id limit 1) n
  where not depth.is_too_deep
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
  depth.is_too_deep as "isTooDeep", h.seq::float8 as head, h.horizon::float8 as horizon, h.epoch
from tenant_head h cross join depth where h.tenant_id = $1`
