import fc from 'fast-check'
import { digestOfKnown } from '../../client/sync/listing.ts'
import type { StoreWriter, SyncStore } from '../../client/sync/ports.ts'
import { alike } from '../../core/reconcile/alike.ts'
import type { ItemContent, ItemId, LocalState, RemoteState, SyncedState } from '../../core/reconcile/item.ts'
import {
  FOLDER,
  fileOf,
  localId,
  localState,
  mutationOf,
  nodeId,
  remoteState,
  ROOT,
  syncedState,
} from './store-states.ts'

/** Random writes to a store of few items, so that they meet: in the same folders, under the same names, as one another's parents. */
export const IDS: readonly ItemId[] = [ROOT, ...[1, 2, 3, 4, 5, 6].map(nodeId), ...[1, 2, 3, 4].map(localId)]
const NAMES = ['a', 'A', 'é', 'e\u0301', 'ß', '☃', ''] as const
const INOS = [1, 2, 3] as const

export type Move =
  | { do: 'remote'; id: ItemId; state: RemoteState | null }
  | { do: 'local'; id: ItemId; state: LocalState | null }
  | { do: 'synced'; id: ItemId; state: SyncedState | null }
  | { do: 'blocked' | 'pending'; id: ItemId; value: string | null }
  | { do: 'become'; id: ItemId; to: ItemId }
  | { do: 'digest'; id: ItemId }
  | { do: 'new-id' | 'begin-snapshot' | 'end-snapshot' | 'look' | 'fail' }
  | { do: 'cursor'; value: string | null }
  | { do: 'meta'; value: string | null }

/** One transaction, perhaps with a new start of the process before it. */
export type Turn = { reopen: boolean; moves: Move[] }

const id = fc.constantFrom(...IDS)
const text = fc.option(fc.constantFrom('x', 'y'))
const content: fc.Arbitrary<ItemContent> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(FOLDER) },
  { weight: 2, arbitrary: fc.constantFrom(1, 2).map(fileOf) },
  fc.constantFrom('../x', '').map((target) => ({ kind: 'symlink' as const, target })),
)
const at = fc.record({
  parent: id,
  name: fc.constantFrom(...NAMES),
  content,
  revision: fc.constantFrom(1, 2),
  ino: fc.constantFrom(...INOS),
})
const isSettled = fc.constantFrom(true, true, false)
const read = fc.constantFrom(true, true, false)
const local = fc
  .tuple(at, isSettled, read)
  .map(([at, isSettled, isRead]) => ({ ...localState({ ...at, isSettled }), ...(isRead ? {} : { content: null }) }))

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('remote' as const), id, state: fc.option(at.map(remoteState)) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('local' as const), id, state: fc.option(local) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('synced' as const), id, state: fc.option(at.map(syncedState)) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('blocked' as const, 'pending' as const), id, value: text }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('become' as const), id, to: id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('digest' as const), id }) },
  fc.constantFrom('new-id' as const, 'begin-snapshot' as const, 'end-snapshot' as const).map((name) => ({ do: name })),
  { weight: 2, arbitrary: fc.constant({ do: 'look' as const }) },
  fc.record({ do: fc.constantFrom('cursor' as const, 'meta' as const), value: text }),
)

const failing: fc.Arbitrary<Move[]> = fc.constantFrom([], [], [], [{ do: 'fail' as const }])
export const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({
    reopen: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    moves: fc.tuple(fc.array(move, { maxLength: 12 }), failing).map(([moves, end]) => [...moves, ...end]),
  }),
  { maxLength: 25 },
)

/** @returns all that it answered; a failed transaction answers with its error */
export function play(store: SyncStore, turn: Turn): unknown[] {
  const answers: unknown[] = []
  try {
    store.write((to) => {
      for (const move of turn.moves) answers.push(make(move, to, store))
    })
  } catch (error) {
    answers.push(String(error))
  }
  return answers
}

function make(move: Move, to: StoreWriter, store: SyncStore): unknown {
  switch (move.do) {
    case 'remote':
      return to.setRemote(move.id, move.state)
    case 'local':
      return to.setLocal(move.id, move.state)
    case 'synced':
      return to.setSynced(move.id, move.state)
    case 'blocked':
      return to.setBlocked(move.id, move.value === null ? null : { reason: 'busy', detail: move.value })
    case 'pending':
      return to.setPending(move.id, move.value === null ? null : { mutation: mutationOf(1), fingerprint: move.value })
    case 'become':
      return to.become(move.id, move.to)
    case 'digest':
      return to.setDigest(move.id, digestNow(store, move.id))
    case 'new-id':
      return to.newLocalId()
    case 'begin-snapshot':
      return to.beginSnapshot()
    case 'end-snapshot':
      return to.endSnapshot()
    case 'cursor':
      return to.setCursor({ cursor: move.value, snapshotAfter: move.value, seen: move.value?.length ?? 0 })
    case 'meta':
      return to.setMeta('device', move.value)
    case 'look':
      return everything(store)
    case 'fail':
      throw new Error('stop')
  }
}

const digestNow = (store: SyncStore, folder: ItemId): string =>
  digestOfKnown([...store.localIn(folder)].map(({ state }) => state))

/** A digest is there or not, as the store has it, but is never that of something else than what is in the folder. */
function localIn(store: SyncStore, folder: ItemId, kind?: 'folder') {
  const rows = [...store.localIn(folder, kind)].sort((a, b) => (a.id < b.id ? -1 : 1))
  return rows.map(({ digest, ...row }) => ({
    ...row,
    isDigestRight: digest === null || digest === digestNow(store, row.id),
  }))
}

/** The answer to every question that a store can be asked; lists without an order are put in one. */
export function everything(store: SyncStore): unknown {
  const list = (ids: Iterable<ItemId>): ItemId[] => [...ids].sort()
  const sides = ['remote', 'local', 'synced'] as const
  const named = ['remote', 'local'] as const
  return {
    items: IDS.map((id) => store.item(id)),
    unsettled: [...store.unsettled()],
    unread: [...store.unread()],
    children: sides.map((side) => IDS.map((id) => list(store.children(side, id)))),
    named: named.map((side) => IDS.map((id) => NAMES.map((name) => store.childNamed(side, id, name)))),
    alike: named.map((side) => IDS.map((id) => NAMES.map((name) => list(store.childrenAlike(side, id, alike(name)))))),
    localIn: IDS.map((id) => localIn(store, id)),
    foldersIn: IDS.map((id) => localIn(store, id, 'folder')),
    inos: INOS.map((ino) => [list(store.localByIno(`${ino}`)), list(store.syncedByIno(`${ino}`))]),
    blocked: [store.blocked(100), store.blocked(2)],
    sums: [store.counts(), store.gone(), store.cursor(), store.meta('device')],
  }
}
