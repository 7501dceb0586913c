import { invariant } from '../../../../core/errors.ts'
import type { Item, ItemId } from '../../../../core/reconcile/item.ts'
import type { StoreWriter } from '../../../sync/ports.ts'
import { isSameLocal, isSameRemote, isSameSynced } from '../../../sync/same-state.ts'
import { blankItem, handOver, isUnread } from '../../../sync/store-rules.ts'
import type { Connection } from './connection.ts'
import type { Digests } from './digests.ts'
import { BLOCKED, LOCAL, PENDING, REMOTE, type Row, SEEN, SYNCED, UNREAD } from './item-table.ts'
import type { Notes } from './notes.ts'
import type { Queries } from './queries.ts'
import type { Rows } from './rows.ts'
import { packId } from './value-codec.ts'

export const NOTE = {
  root: 'root',
  cursor: 'cursor',
  snapshotAfter: 'snapshot-after',
  seen: 'seen',
  localIds: 'local-ids',
  snapshot: 'snapshot',
  /** Stored depths are to be measured anew. */
  moved: 'moved',
  /** With what rules names were hashed. */
  alike: 'alike',
  /** There may be digests of folders. */
  digests: 'digests',
  meta: (key: string): string => `meta:${key}`,
} as const

export type WriterParts = {
  db: Connection
  root: ItemId
  rows: Rows
  notes: Notes
  queries: Queries
  digests: Digests
  begin(): void
  /** The place in the order of what is to be read. */
  nextUnread(): number
}

export function storeWriter(parts: WriterParts): StoreWriter {
  const { rows, notes, digests, nextUnread } = parts
  const become = handOverRows(parts)
  const put: typeof set = (row, field, value) => {
    set(row, field, value)
    rows.isAt(row)
  }
  const setRemote = (id: ItemId, state: Item['remote']): void => {
    const row = rows.touch(id)
    if (!isSameRemote(row.item.remote, state)) put(row, 'remote', { to: state, bit: REMOTE })
    const snapshot = state ? notes.getNumber(NOTE.snapshot) : null
    if (row.seen === snapshot) return
    row.seen = snapshot
    row.changed |= SEEN
  }
  return {
    setRemote,
    setLocal(id, state) {
      const row = rows.touch(id)
      if (isSameLocal(row.item.local, state)) return
      put(row, 'local', { to: state, bit: LOCAL | UNREAD })
      row.unread = isUnread(state) ? nextUnread() : null
    },
    setSynced(id, state) {
      const row = rows.touch(id)
      if (!isSameSynced(row.item.synced, state)) put(row, 'synced', { to: state, bit: SYNCED })
    },
    setBlocked(id, blocked) {
      const row = rows.touch(id)
      const { reason, detail } = row.item.blocked ?? {}
      if (reason !== blocked?.reason || detail !== blocked?.detail) set(row, 'blocked', { to: blocked, bit: BLOCKED })
    },
    setPending(id, pending) {
      const row = rows.touch(id)
      const { mutation, fingerprint } = row.item.pending ?? {}
      if (mutation !== pending?.mutation || fingerprint !== pending?.fingerprint)
        set(row, 'pending', { to: pending, bit: PENDING })
    },
    setDigest(folder, digest) {
      // What changed before it in this transaction would forget it, when that is written.
      rows.flush()
      digests.set(folder, digest)
    },
    become,
    newLocalId() {
      const number = notes.getNumber(NOTE.localIds) + 1
      notes.set(NOTE.localIds, String(number))
      return `local:${number}` as ItemId
    },
    setCursor({ cursor, snapshotAfter, seen }) {
      notes.set(NOTE.cursor, cursor)
      notes.set(NOTE.snapshotAfter, snapshotAfter)
      notes.set(NOTE.seen, String(seen))
    },
    setMeta: (key, value) => notes.set(NOTE.meta(key), value),
    beginSnapshot: () => notes.set(NOTE.snapshot, String(notes.getNumber(NOTE.snapshot) + 1)),
    endSnapshot() {
      rows.flush()
      let swept = 0
      for (const id of parts.queries.unseen(notes.getNumber(NOTE.snapshot))) {
        setRemote(id, null)
        swept++
      }
      return swept
    },
  }
}

function set<Field extends keyof Item>(row: Row, field: Field, { to, bit }: { to: Item[Field]; bit: number }): void {
  row.item[field] = to
  row.changed |= bit
}

const SIDES = ['local', 'synced'] as const
const HANDED_OVER = LOCAL | SYNCED | BLOCKED | PENDING | UNREAD

function handOverRows({
  db,
  root,
  rows,
  notes,
  queries,
  digests,
  begin,
  nextUnread,
}: WriterParts): StoreWriter['become'] {
  const follow = {
    local: db.prepare('update item set l_parent = ? where l_parent = ?'),
    synced: db.prepare('update item set s_parent = ? where s_parent = ?'),
  }
  const anyChild = {
    local: db.prepare('select 1 from item where l_parent = ? limit 1'),
    synced: db.prepare('select 1 from item where s_parent = ? limit 1'),
  }

  /** @returns whether some way up changed its length: not so when a state comes along with its children */
  function moveChildren(side: 'local' | 'synced', from: Item, to: ItemId): boolean {
    const hasOwn = anyChild[side].get(packId(to)) !== undefined
    for (const child of queries.children(side, from.id)) rows.reload(child)
    const moved = follow[side].run(packId(to), packId(from.id))
    if (side === 'local') digests.forget([from.id, to])
    return hasOwn || (moved > 0 && from[side] === null)
  }

  const isAlone = (id: ItemId): boolean =>
    !rows.hasChanged({ below: id }) && SIDES.every((side) => anyChild[side].get(packId(id)) === undefined)

  return (from, to) => {
    const source = rows.find(from)
    if (!source || from === to) return
    invariant(from !== root && to !== root, 'the root is what it is')
    invariant(!source.local || !rows.find(to)?.local, 'two things on the disk cannot become one item')
    // Of a file, say: then it is between two rows, which are written with all others.
    if (isAlone(from) && isAlone(to)) return handRowsOver(source, to)
    rows.flush()
    begin()
    const isLonger = SIDES.map((side) => moveChildren(side, source, to)).includes(true)
    handRowsOver(rows.find(from)!, to)
    rows.flush({ sameTrees: true })
    if (isLonger) notes.set(NOTE.moved, 'yes')
  }

  function handRowsOver(source: Item, to: ItemId): void {
    const { id: from, local } = source
    const handed = handOver(source, rows.find(to) ?? blankItem(to))
    // One after the other: to touch a row may write the one before.
    const left = rows.touch(from)
    left.item = handed.from
    left.unread = null
    left.changed |= HANDED_OVER
    const right = rows.touch(to)
    right.item = handed.to
    if (local) right.unread = isUnread(local) ? nextUnread() : null
    right.changed |= HANDED_OVER
    rows.isAt(right)
    right.heirOf = left
  }
}
