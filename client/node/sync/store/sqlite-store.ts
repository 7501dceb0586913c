import { invariant } from '../../../../core/errors.ts'
import { ALIKE_VERSION } from '../../../../core/reconcile/alike.ts'
import type { NodeId } from '../../../../core/ids.ts'
import type { SyncStore } from '../../../sync/ports.ts'
import { isGoneBack } from '../../../../core/reconcile/changes.ts'
import { ROW_COLUMNS, unpackRow } from './item-table.ts'
import type { Tally } from '../../../sync/store-rules.ts'
import type { Connection } from './connection.ts'
import { openDigests, type Digests } from './digests.ts'
import { measuring } from './measure.ts'
import { openNotes, type Notes } from './notes.ts'
import { openQueries, type Queries } from './queries.ts'
import { openRows, type RowLimits, type Rows } from './rows.ts'
import { nameHash, packId, type Value } from './value-codec.ts'
import { NOTE, storeWriter } from './writer.ts'

export type StoreLimits = RowLimits & {
  /** Of one page of a list. */
  pageRows: number
}

export const STORE_LIMITS: StoreLimits = { cachedRows: 6_144, busyRows: 24_576, changedRows: 2_048, pageRows: 512 }

type Parts = {
  db: Connection
  root: NodeId
  notes: Notes
  rows: Rows
  queries: Queries
  digests: Digests
  tally: Tally
}

/** @param db locked, and of this schema; closed with the store */
export function sqliteStore(
  db: Connection,
  options: { root: NodeId; limits: StoreLimits; onClose(): void },
): SyncStore {
  const { root, limits, onClose } = options
  const notes = openNotes(db)
  rehashNames(db, notes)
  const queries = openQueries(db, limits.pageRows)
  const tally = countAll(db, root)
  const begin = (): void => {
    if (!db.isInTransaction()) db.exec('begin immediate')
  }
  const onMoved = (): void => notes.set(NOTE.moved, 'yes')
  const digests = openDigests(db, notes, begin)
  const rows = openRows({ db, root, limits, tally, digests, begin, onMoved })
  const { write, isWriting, lastUnread } = transactions({ db, root, notes, rows, queries, digests, tally }, begin)
  const hasMoved = (): boolean => notes.get(NOTE.moved) !== null
  const measureAll = measuring(db, { root, pageRows: limits.pageRows })
  const measureMoved = (): void => {
    rows.flush()
    if (!hasMoved()) return
    begin()
    measureAll()
    rows.forget()
    notes.set(NOTE.moved, null)
  }
  /** What the callback of a `write` changed is seen by what it asks. */
  const current = <T>(ask: (queries: Queries) => T): T => {
    if (isWriting()) rows.flush()
    return ask(queries)
  }

  /** As `current`, and asked for each item that changes: so what is yet to be written is written only where the answer hangs on it. */
  const childNamed: SyncStore['childNamed'] = (side, parent, name) => {
    if (rows.hasChanged({ side, parent, name })) rows.flush()
    const found = queries.childNamed(side, parent, name)
    if (found === null || !rows.isChanged(found)) return found
    rows.flush()
    return queries.childNamed(side, parent, name)
  }

  return {
    root,
    write,
    item(id) {
      const found = rows.find(id)
      return found && { ...found }
    },
    unsettled() {
      if (isWriting()) measureMoved()
      else if (hasMoved()) write(measureMoved)
      return queries.unsettled()
    },
    children: (side, parent) => current(({ children }) => children(side, parent)),
    childNamed,
    childrenAlike: (side, parent, key) => current(({ childrenAlike }) => childrenAlike(side, parent, key)),
    localIn: (parent, kind) => current(({ localIn }) => localIn(parent, kind)),
    localByIno: (ino) => current(({ byIno }) => byIno('local', ino)),
    syncedByIno: (ino) => current(({ byIno }) => byIno('synced', ino)),
    unread: () => current(({ unread }) => unread(lastUnread())),
    blocked: (limit) => current(({ blocked }) => blocked(limit)),
    localFrom: (place, limit) => current(({ localFrom }) => localFrom(place, limit)),
    counts: () => current(() => ({ items: tally.items, unsettled: tally.unsettled, blocked: tally.blocked })),
    gone: () =>
      current(() => ({ local: tally.goneLocal, remote: tally.goneRemote, back: tally.goneBack, synced: tally.synced })),
    cursor: () => ({
      cursor: notes.get(NOTE.cursor),
      snapshotAfter: notes.get(NOTE.snapshotAfter),
      seen: notes.getNumber(NOTE.seen),
    }),
    meta: (key) => notes.get(NOTE.meta(key)),
    close: onClose,
  }
}

function transactions({ db, root, notes, rows, queries, digests, tally }: Parts, begin: () => void) {
  let isWriting = false
  let unread = (db.prepare('select max(unread) from item where unread is not null').get()![0] ?? 0) as number
  const writer = storeWriter({ db, root, rows, notes, queries, digests, begin, nextUnread: () => ++unread })

  function commit(): void {
    rows.flush()
    if (notes.hasChanges()) {
      begin()
      notes.flush()
    }
    if (db.isInTransaction()) db.exec('commit')
  }

  const write: SyncStore['write'] = (change) => {
    invariant(!isWriting, 'one write at a time')
    isWriting = true
    const before = { ...tally }
    let isCommitted = false
    try {
      const result = change(writer)
      invariant(!(result instanceof Promise), 'a transaction ends before anything else goes on')
      commit()
      isCommitted = true
      return result
    } finally {
      isWriting = false
      notes.settle(isCommitted)
      if (!isCommitted) {
        rows.forget()
        Object.assign(tally, before)
        if (db.isInTransaction()) db.exec('rollback')
      }
    }
  }
  return { write, isWriting: () => isWriting, lastUnread: () => unread }
}

function countAll(db: Connection, root: NodeId): Tally {
  const count = (where: string, ...values: Value[]): number =>
    db.prepare(`select count(*) from item ${where}`).get(...values)![0] as number
  const gone = (here: string, away: string): number =>
    count(`where depth is not null and s_state is not null and ${here} is not null and ${away} is null`)
  return {
    items: count(''),
    unsettled: count('where depth is not null'),
    blocked: count('where blocked is not null'),
    // By indexes alone: to leave the root out by its id, every row would be read.
    synced: count('where s_parent is not null') - count('where s_parent is not null and id = ?', packId(root)),
    goneLocal: gone('r_state', 'l_state'),
    goneRemote: gone('l_state', 'r_state'),
    goneBack: countGoneBack(db),
  }
}

const PAGE = 512

/** What went back in time is edited, so it is among what is not settled. */
function countGoneBack(db: Connection): number {
  // By the index of what is not settled: in the order of rows, all of them would be read.
  const page = db.prepare(
    `select ${ROW_COLUMNS} from item where depth is not null and (depth, id) > (?, ?)
     and r_state is not null and l_state is not null and s_state is not null order by depth, id limit ${PAGE}`,
  )
  let count = 0
  let place: Value[] | null = [-1, null]
  while (place !== null) {
    const rows = db.guard(() => page.all(...place!).map(unpackRow))
    for (const { item } of rows) if (isGoneBack(item)) count++
    const last = rows.length < PAGE ? undefined : rows.at(-1)
    place = last ? [last.depth, packId(last.id)] : null
  }
  return count
}

/** What names look like is said by us and by Unicode: when either has a new version, the hashes are made anew. */
function rehashNames(db: Connection, notes: Notes): void {
  const rules = `${ALIKE_VERSION}/${process.versions.unicode}`
  if (notes.get(NOTE.alike) === rules) return
  const names = db.prepare('select row, r_name, l_name from item where row > ? order by row limit 512')
  const put = db.prepare('update item set r_key = ?, l_key = ? where row = ?')
  const hash = (name: Value): Value => (name === null ? null : nameHash(name as string))
  db.exec('begin immediate')
  for (let page = names.all(0); page.length > 0; page = names.all(page.at(-1)![0]!)) {
    for (const [row, remote, local] of page) put.run(hash(remote!), hash(local!), row!)
  }
  notes.set(NOTE.alike, rules)
  notes.flush()
  db.exec('commit')
  notes.settle(true)
}
