import type { Item, ItemId } from '../../../../core/reconcile/item.ts'
import { blankItem, isBlank } from '../../../sync/store-rules.ts'
import type { Connection, Query } from './connection.ts'
import {
  DamagedState,
  packLocal,
  packRemote,
  packSynced,
  unpackLocal,
  unpackRemote,
  unpackSynced,
} from './state-codec.ts'
import { bytesColumn, idColumn, nameHash, packId, packIno, unpackId, unpackIno, type Value } from './value-codec.ts'

/** One row, as it is in memory. */
export type Row = {
  readonly id: ItemId
  /** `null`: it is not in the table. */
  number: number | null
  /** As it shall be. Its states are never changed, only exchanged. */
  item: Item
  /** As the table has it. */
  stored: Item
  seen: number | null
  depth: number | null
  unread: number | null
  /** Which groups of columns are to be written. */
  changed: number
  /** What this one had been until now, in the same transaction. */
  heirOf: Row | null
}

export const REMOTE = 1
export const LOCAL = 2
export const SYNCED = 4
export const BLOCKED = 8
export const PENDING = 16
export const SEEN = 32
export const DEPTH = 64
export const UNREAD = 128
/** The row was another item's, which has become this one. */
export const ID = 256

type Group = { columns: readonly string[]; values(row: Row): Value[] }

const GROUPS: readonly Group[] = [
  { columns: ['r_parent', 'r_name', 'r_key', 'r_state'], values: ({ item }) => remoteValues(item.remote) },
  { columns: ['l_parent', 'l_name', 'l_key', 'l_ino', 'l_state'], values: ({ item }) => localValues(item.local) },
  {
    columns: ['s_parent', 's_name', 's_local_name', 's_ino', 's_state'],
    values: ({ item }) => syncedValues(item.synced),
  },
  { columns: ['blocked'], values: ({ item }) => [item.blocked && JSON.stringify(item.blocked)] },
  { columns: ['pending'], values: ({ item }) => [item.pending && JSON.stringify(item.pending)] },
  { columns: ['r_seen'], values: (row) => [row.seen] },
  { columns: ['depth'], values: (row) => [row.depth] },
  { columns: ['unread'], values: (row) => [row.unread] },
  { columns: ['id'], values: (row) => [packId(row.id)] },
]

/** What `unpackRow` takes. */
export const ROW_COLUMNS = [
  `row, ${idColumn('id')}`,
  `${idColumn('r_parent')}, r_name, ${bytesColumn('r_state')}, r_seen`,
  `${idColumn('l_parent')}, l_name, l_ino, ${bytesColumn('l_state')}`,
  `${idColumn('s_parent')}, s_name, s_local_name, s_ino, ${bytesColumn('s_state')}`,
  'blocked, pending, depth, unread',
].join()

export type ItemTable = {
  load(id: ItemId): Row | null
  /** Writes what `changed` says; the caller notes what is stored now. */
  save(row: Row): void
  remove(row: Row): void
}

export function itemTable(db: Connection): ItemTable {
  const find = db.prepare(`select ${ROW_COLUMNS} from item where id = ?`)
  const drop = db.prepare('delete from item where row = ?')
  const insert = insertStatement(db)
  const updates = new Map<number, Query>()
  const update = (changed: number): Query => {
    const known = updates.get(changed)
    if (known) return known
    const made = updateStatement(db, changed)
    updates.set(changed, made)
    return made
  }
  return {
    load(id) {
      const values = find.get(packId(id))
      return values ? db.guard(() => unpackRow(values)) : null
    },
    save(row) {
      if (row.number === null) {
        const values = GROUPS.flatMap((group) => group.values(row))
        row.number = insert.get(...values)![0] as number
      } else {
        const values = GROUPS.flatMap((group, bit) => (row.changed & (1 << bit) ? group.values(row) : []))
        update(row.changed).run(...values, row.number)
      }
    },
    remove(row) {
      drop.run(row.number)
    },
  }
}

/**
 * What `from` held is in `to`, which the table does not have: `to` takes over its row, so that only what differs is written, and not all
 * columns with their indexes.
 */
function takeRowOver(to: Row, from: Row): void {
  to.number = from.number
  to.depth = from.depth
  to.changed = ID | SEEN | UNREAD
  for (const [field, bit] of FIELDS) if (to.item[field] !== from.stored[field]) to.changed |= bit
  from.number = null
}

/** Before rows are written, `dirty` being all that are to be: of each pair one row of the table is kept. */
export function takeRowsOver(dirty: ReadonlyMap<ItemId, Row>): void {
  for (const to of dirty.values()) {
    const from = to.heirOf
    to.heirOf = null
    if (from === null || to.number !== null || isBlank(to.item)) continue
    // It may have been written meanwhile, or hold something new.
    if (dirty.get(from.id) === from && from.number !== null && isBlank(from.item)) takeRowOver(to, from)
  }
}

const FIELDS = [
  ['remote', REMOTE],
  ['local', LOCAL],
  ['synced', SYNCED],
  ['blocked', BLOCKED],
  ['pending', PENDING],
] as const

function insertStatement(db: Connection): Query {
  const columns = GROUPS.flatMap((group) => group.columns)
  return db.prepare(`insert into item (${columns.join()}) values (${columns.map(() => '?').join()}) returning row`)
}

function updateStatement(db: Connection, changed: number): Query {
  const columns = GROUPS.flatMap((group, bit) => (changed & (1 << bit) ? group.columns : []))
  return db.prepare(`update item set ${columns.map((column) => `${column} = ?`).join()} where row = ?`)
}

function remoteValues(state: Item['remote']): Value[] {
  if (!state) return [null, null, null, null]
  const { parent, name } = state.place
  return [packId(parent), name, nameHash(name), packRemote(state)]
}

function localValues(state: Item['local']): Value[] {
  if (!state) return [null, null, null, null, null]
  const { parent, name } = state.place
  return [packId(parent), name, nameHash(name), packIno(state.stamp.ino), packLocal(state)]
}

function syncedValues(state: Item['synced']): Value[] {
  if (!state) return [null, null, null, null, null]
  const { parent, name } = state.place
  const localName = state.localName === name ? null : state.localName
  return [packId(parent), name, localName, packIno(state.stamp.ino), packSynced(state)]
}

/** @param values of `ROW_COLUMNS` */
export function unpackRow(values: Value[]): Row {
  const [number, id, , , , seen] = values
  const item = { ...blankItem(unpackId(id!)), ...unpackStates(values) }
  const [depth, unread] = values.slice(17)
  return {
    id: item.id,
    number: number as number,
    item,
    stored: item,
    seen: seen as number | null,
    depth: depth as number | null,
    unread: unread as number | null,
    changed: 0,
    heirOf: null,
  }
}

function unpackStates(values: Value[]): Omit<Item, 'id'> {
  const [, , rParent, rName, rState, , lParent, lName, lIno, lState] = values
  const [sParent, sName, sLocalName, sIno, sState, blocked, pending] = values.slice(10)
  return {
    remote: rState ? { place: place(rParent!, rName!), ...unpackRemote(rState as string) } : null,
    local: lState ? { place: place(lParent!, lName!), ...unpackLocal(lState as string, unpackIno(lIno!)) } : null,
    synced: sState
      ? {
          place: place(sParent!, sName!),
          localName: (sLocalName ?? sName) as string,
          ...unpackSynced(sState as string, unpackIno(sIno!)),
        }
      : null,
    blocked: unpackBlocked(blocked!),
    pending: unpackJson(pending!) as Item['pending'],
  }
}

export const unpackBlocked = (value: Value): Item['blocked'] => unpackJson(value) as Item['blocked']

function unpackJson(value: Value): unknown {
  if (value === null) return null
  try {
    return JSON.parse(value as string)
  } catch {
    throw new DamagedState('a text that is no JSON')
  }
}

const place = (parent: Value, name: Value) => ({ parent: unpackId(parent), name: name as string })
