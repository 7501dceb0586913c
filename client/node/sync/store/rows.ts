import type { Item, ItemId } from '../../../../core/reconcile/item.ts'
import { addToTally, blankItem, isBlank, isListedUnsettled, type Side, type Tally } from '../../../sync/store-rules.ts'
import { changedPlaces, type Where } from './changed-places.ts'
import type { Connection, Query } from './connection.ts'
import { depths } from './depth.ts'
import type { Digests } from './digests.ts'
import { DEPTH, ID, itemTable, LOCAL, type Row, takeRowsOver } from './item-table.ts'
import { rowCache } from './row-cache.ts'
import { packId } from './value-codec.ts'

export type RowLimits = {
  /** Rows kept in memory: half of them as the table has them, and at most so many that are yet to be written. */
  cachedRows: number
  /** As `cachedRows`, while that many items are unsettled. */
  busyRows: number
  changedRows: number
}

/**
 * The rows between memory and the table. What a transaction changes is gathered, and written at its end, before any query, and when
 * it is too much to hold: so an item that is touched three times is written once.
 */
export type Rows = {
  find(id: ItemId): Item | null
  /** To be changed: its `item` is the caller's to write to, together with `changed`; a new place is told to `isAt`. */
  touch(id: ItemId): Row
  /** This row, which was touched, has another place now. */
  isAt(row: Row): void
  /** @param options.sameTrees no way up from an item below has become another one */
  flush(options?: { sameTrees: boolean }): void
  /** Whether one that is yet to be written has this place, or lies in this folder. */
  hasChanged(where: Where): boolean
  isChanged(id: ItemId): boolean
  /** This one, which nobody has touched, is changed in the table. */
  reload(id: ItemId): void
  /** What is in memory may no longer be what is in the table. */
  forget(): void
}

export type RowsParts = {
  db: Connection
  root: ItemId
  limits: RowLimits
  tally: Tally
  digests: Digests
  /** Before the first statement of a transaction. */
  begin(): void
  /** Depths that were stored may be wrong from now on. */
  onMoved(): void
}

export function openRows({ db, root, limits, tally, digests, begin, onMoved }: RowsParts): Rows {
  const table = itemTable(db)
  // What is on its way is asked for again and again; at rest hardly anything is.
  const wanted = (): number => Math.min(limits.busyRows, Math.max(limits.cachedRows, tally.unsettled))
  const clean = rowCache(() => Math.ceil(wanted() / 2))
  const dirty = new Map<ItemId, Row>()
  const places = changedPlaces(dirty)
  const hasChildren = childProbes(db)

  function load(id: ItemId): Row | null {
    const known = dirty.get(id) ?? clean.get(id)
    if (known !== undefined) return known
    const row = table.load(id)
    if (row) clean.put(row)
    else clean.putAbsent(id)
    return row
  }

  function find(id: ItemId): Item | null {
    const item = load(id)?.item
    return item && !isBlank(item) ? item : null
  }

  function flush({ sameTrees } = { sameTrees: false }): void {
    if (dirty.size === 0) return
    begin()
    // Before the first is written: children that come in the same transaction are measured with it.
    if (!sameTrees && [...dirty.values()].some((row) => isRechained(row, hasChildren))) onMoved()
    const measure = depths(root, (side, id) => load(id)?.item[side]?.place.parent)
    takeRowsOver(dirty)
    const folders = new Set([...dirty.values()].flatMap(foldersOf))
    for (const row of dirty.values()) write(row, measure)
    digests.forget(folders)
    dirty.clear()
    places.clear()
    clean.shrink()
  }

  function write(row: Row, measure: (id: ItemId) => number): void {
    addToTally(tally, row.stored, { root, sign: -1 })
    addToTally(tally, row.item, { root, sign: 1 })
    clean.drop(row.id)
    if (isBlank(row.item)) {
      if (row.number !== null) table.remove(row)
      return
    }
    const depth = isListedUnsettled(row.item, root) ? measure(row.id) : null
    row.changed = depth === row.depth ? row.changed & ~DEPTH : row.changed | DEPTH
    row.depth = depth
    if (row.changed !== 0 || row.number === null) table.save(row)
    row.changed = 0
    row.stored = row.item
    clean.put(row)
  }

  return {
    find,
    touch(id) {
      if (dirty.size >= limits.changedRows && !dirty.has(id)) flush()
      const row = load(id) ?? newRow(id)
      if (dirty.has(id)) return row
      row.item = { ...row.item }
      dirty.set(id, row)
      return row
    },
    flush,
    isAt: ({ item }) => places.add(item),
    hasChanged: places.has,
    isChanged: (id) => dirty.has(id),
    reload: clean.drop,
    forget() {
      dirty.clear()
      places.clear()
      clean.clear()
    },
  }
}

/** Those of which something else is known now. */
function foldersOf({ id, changed, stored, item }: Row): ItemId[] {
  if ((changed & (LOCAL | ID)) === 0) return []
  return [id, ...[stored.local, item.local].flatMap((local) => (local ? [local.place.parent] : []))]
}

const newRow = (id: ItemId): Row => {
  const item = blankItem(id)
  return { id, number: null, item, stored: item, seen: null, depth: null, unread: null, changed: 0, heirOf: null }
}

type ChildProbes = (side: Side, parent: ItemId) => boolean

function childProbes(db: Connection): ChildProbes {
  const probe = (column: string): Query => db.prepare(`select 1 from item where ${column} = ? limit 1`)
  const by = { remote: probe('r_parent'), local: probe('l_parent'), synced: probe('s_parent') }
  return (side, parent) => by[side].get(packId(parent)) !== undefined
}

/** The way to the root leads elsewhere now from what lies below it. */
function isRechained({ id, item, stored }: Row, hasChildren: ChildProbes): boolean {
  const sides: readonly Side[] = ['remote', 'local', 'synced']
  return sides.some((side) => item[side]?.place.parent !== stored[side]?.place.parent && hasChildren(side, id))
}
