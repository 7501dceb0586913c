import type { ItemId } from '../../../../core/reconcile/item.ts'
import type { Side } from '../../../sync/store-rules.ts'
import type { Connection } from './connection.ts'
import { depths } from './depth.ts'
import { idColumn, packId, unpackId, type Value } from './value-codec.ts'

type Parents = Partial<Record<Side, ItemId>>

const PARENTS = ['r_parent', 'l_parent', 's_parent'].map(idColumn).join()

/**
 * After a folder went elsewhere in its tree, what lies below it is deeper or less deep than it was. To find out what lies below could be to
 * read all; so the depths of all that is unsettled are measured anew, some 2 µs each, when they are asked for next.
 * @returns does it, in the transaction that is open
 */
export function measuring(db: Connection, { root, pageRows }: { root: ItemId; pageRows: number }): () => void {
  const unsettled = db.prepare(
    `select depth, ${idColumn('id')}, row, ${PARENTS} from item where depth is not null and (depth, id) > (?, ?)
     order by depth, id limit ${pageRows}`,
  )
  const parents = db.prepare(`select ${PARENTS} from item where id = ?`)
  const put = db.prepare('update item set depth = ? where row = ?')

  /** Who becomes deeper may come once more: then it is right already. */
  return () => {
    let place: Value[] = [-1, null]
    for (;;) {
      const page = unsettled.all(place[0]!, place[1]!)
      const known = new Map<ItemId, Parents>(page.map((row) => [unpackId(row[1]!), readParents(row.slice(3))]))
      const find = (id: ItemId): Parents => {
        const found = known.get(id) ?? readParents(parents.get(packId(id)) ?? [null, null, null])
        known.set(id, found)
        return found
      }
      const measure = depths(root, (side, id) => find(id)[side])
      for (const [before, id, row] of page) {
        const depth = measure(unpackId(id!))
        if (depth !== before) put.run(depth, row!)
      }
      if (page.length < pageRows) return
      const [depth, id] = page.at(-1)!
      place = [depth!, packId(unpackId(id!))]
    }
  }
}

function readParents([remote, local, synced]: Value[]): Parents {
  const parents: Parents = {}
  if (remote !== null) parents.remote = unpackId(remote!)
  if (local !== null) parents.local = unpackId(local!)
  if (synced !== null) parents.synced = unpackId(synced!)
  return parents
}
