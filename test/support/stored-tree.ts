import type { Sql } from 'postgres'
import { NODE_JSON } from '../../db/tenant/node-json.ts'
import type { NodeStateWire } from '../../protocol/files.ts'

/**
 * What a snapshot must say, by other means: the rows of these spaces without what was purged and what went with it. A unit that was trashed by
 * itself below that has its place in the nearest folder above that is left (docs/spec/feed.md, FD-7).
 */
export async function storedTree(sql: Sql, spaces: readonly string[]): Promise<NodeStateWire[]> {
  const rows = await sql.unsafe<{ node: NodeStateWire; purged: boolean }[]>(
    `select ${NODE_JSON} as node, n.purged_at is not null as purged from nodes n
     where n.space_id in (select s::uuid from jsonb_array_elements_text($1::text::jsonb) s) order by n.id`,
    [JSON.stringify(spaces)],
  )
  const parents = new Map(rows.map(({ node }) => [node.id, node.parentId]))
  const gone = new Set(rows.filter(({ purged }) => purged).map(({ node }) => node.id))
  for (let before = -1; before !== gone.size;) {
    before = gone.size
    for (const { node } of rows)
      if (node.trashedAt === null && node.parentId !== null && gone.has(node.parentId)) gone.add(node.id)
  }
  return rows.flatMap(({ node }) => {
    if (gone.has(node.id)) return []
    let parentId = node.parentId
    while (parentId !== null && gone.has(parentId)) parentId = parents.get(parentId) ?? null
    return [{ ...node, parentId }]
  })
}
