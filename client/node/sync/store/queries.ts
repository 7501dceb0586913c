import { alike } from '../../../../core/reconcile/alike.ts'
import type { Item, ItemId } from '../../../../core/reconcile/item.ts'
import type { Side } from '../../../sync/store-rules.ts'
import type { SyncStore } from '../../../sync/ports.ts'
import type { Connection, Query } from './connection.ts'
import { ROW_COLUMNS, unpackBlocked, unpackRow } from './item-table.ts'
import { isFolderState, unpackLocal } from './state-codec.ts'
import {
  alikeHash,
  bytesColumn,
  idColumn,
  nameHash,
  packId,
  packIno,
  unpackId,
  unpackIno,
  type Value,
} from './value-codec.ts'

/**
 * What is asked of the table. Lists are read page by page, each by its own place in an index: no statement stays open, so one may write, or
 * ask the same again, while a list is gone through.
 */
export type Queries = {
  children(side: Side, parent: ItemId): Iterable<ItemId>
  childrenAlike(side: 'remote' | 'local', parent: ItemId, key: string): ItemId[]
  childNamed(side: 'remote' | 'local', parent: ItemId, name: string): ItemId | null
  localIn: SyncStore['localIn']
  byIno(side: 'local' | 'synced', ino: string): Iterable<ItemId>
  unsettled(): Iterable<ItemId>
  /** @param last no later one: what is noted again meanwhile does not come twice */
  unread(last: number): Iterable<ItemId>
  blocked(limit: number): Item[]
  localFrom: SyncStore['localFrom']
  /** Items whose remote state was told before this snapshot. */
  unseen(snapshot: number): Iterable<ItemId>
}

type Pages = (first: Value[], query: (place: Value[]) => Value[][]) => Generator<Value[]>

export function openQueries(db: Connection, pageRows: number): Queries {
  const pages: Pages = function* (first, query) {
    let place = first
    for (;;) {
      const rows = query(place)
      yield* rows
      if (rows.length < pageRows) return
      place = rows.at(-1)!
    }
  }
  return { ...folderQueries(db, { pages, pageRows }), ...indexQueries(db, { pages, pageRows }) }
}

type Paging = { pages: Pages; pageRows: number }
const ID = idColumn('id')
/** Below every hash of a name, and every row. */
const FIRST_CHILD: Value[] = [-(2 ** 31) - 1, 0]

function folderQueries(db: Connection, { pages, pageRows }: Paging) {
  const below = (side: 'r' | 'l', columns: string, filter = ''): Query =>
    db.prepare(
      `select ${side}_key, row, ${ID}${columns} from item where ${side}_parent = ? and (${side}_key, row) > (?, ?) ${filter}
       order by ${side}_key, row limit ${pageRows}`,
    )
  const namesakes = (side: 'r' | 'l'): Query =>
    db.prepare(`select ${ID}, ${side}_name from item where ${side}_parent = ? and ${side}_key = ?`)
  const named = (side: 'r' | 'l'): Query =>
    db.prepare(
      `select ${ID} from item where ${side}_parent = ? and ${side}_key = ? and ${side}_name = ? order by id limit 1`,
    )
  const children = { remote: below('r', ''), local: below('l', '') }
  const stateColumns = `, l_name, l_ino, ${bytesColumn('l_state')}, blocked, l_digest`
  const states = below('l', stateColumns)
  const folderStates = below('l', stateColumns, `and ${isFolderState('l_state')}`)
  const hashed = { remote: namesakes('r'), local: namesakes('l') }
  const byName = { remote: named('r'), local: named('l') }
  const syncedBelow = db.prepare(
    `select row, ${ID} from item where s_parent = ? and row > ? order by row limit ${pageRows}`,
  )

  return {
    *children(side: Side, parent: ItemId) {
      const at = packId(parent)
      if (side === 'synced') for (const row of pages([0], ([row]) => syncedBelow.all(at, row!))) yield unpackId(row[1]!)
      else
        for (const row of pages(FIRST_CHILD, ([key, row]) => children[side].all(at, key!, row!)))
          yield unpackId(row[2]!)
    },
    childrenAlike(side: 'remote' | 'local', parent: ItemId, key: string): ItemId[] {
      const rows = hashed[side].all(packId(parent), alikeHash(key))
      return rows.filter(([, name]) => alike(name as string) === key).map(([id]) => unpackId(id!))
    },
    childNamed(side: 'remote' | 'local', parent: ItemId, name: string) {
      const found = byName[side].get(packId(parent), nameHash(name), name)
      return found ? unpackId(found[0]!) : null
    },
    *localIn(parent: ItemId, kind?: 'folder') {
      const at = packId(parent)
      const query = kind === 'folder' ? folderStates : states
      for (const row of pages(FIRST_CHILD, ([key, row]) => query.all(at, key!, row!)))
        yield db.guard(() => readLocal(row, parent))
    },
  }
}

function readLocal([, , id, name, ino, state, blocked, digest]: Value[], parent: ItemId) {
  const place = { parent, name: name as string }
  return {
    id: unpackId(id!),
    state: { place, ...unpackLocal(state as string, unpackIno(ino!)) },
    blocked: unpackBlocked(blocked!),
    digest: digest as string | null,
  }
}

function indexQueries(db: Connection, { pages, pageRows }: Paging) {
  const inode = (column: string): Query =>
    db.prepare(`select row, ${ID} from item where ${column} = ? and row > ? order by row limit ${pageRows}`)
  const inodes = { local: inode('l_ino'), synced: inode('s_ino') }
  const unsettled = db.prepare(
    `select depth, ${ID} from item where depth is not null and (depth, id) > (?, ?) order by depth, id limit ${pageRows}`,
  )
  const unread = db.prepare(
    `select unread, ${ID} from item where unread > ? and unread <= ? order by unread limit ${pageRows}`,
  )
  const blocked = db.prepare(`select ${ROW_COLUMNS} from item where blocked is not null order by id limit ?`)
  const here = db.prepare(`select ${ROW_COLUMNS} from item where row > ? and l_state is not null order by row limit ?`)
  const unseen = db.prepare(
    `select row, ${ID} from item where row > ? and r_state is not null and r_seen < ? order by row limit ${pageRows}`,
  )
  const ids = function* (rows: Iterable<Value[]>) {
    for (const [, id] of rows) yield unpackId(id!)
  }
  return {
    byIno: (side: 'local' | 'synced', ino: string) => ids(pages([0], ([row]) => inodes[side].all(packIno(ino), row!))),
    unsettled: () =>
      ids(pages([-1, null], ([depth, id]) => unsettled.all(depth!, id === null ? null : packId(unpackId(id!))))),
    unread: (last: number) => ids(pages([0], ([number]) => unread.all(number!, last))),
    blocked: (limit: number) => db.guard(() => blocked.all(limit).map((values) => unpackRow(values).item)),
    localFrom: (place: string | null, limit: number) => {
      const rows = here.all(Number(place ?? 0), limit)
      const next = rows.length < limit ? null : String(rows.at(-1)![0])
      return { items: db.guard(() => rows.map((values) => unpackRow(values).item)), next }
    },
    unseen: (snapshot: number) => ids(pages([0], ([row]) => unseen.all(row!, snapshot))),
  }
}
