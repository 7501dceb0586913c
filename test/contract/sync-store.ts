import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StoreWriter, SyncStore } from '../../client/sync/ports.ts'
import { alike } from '../../core/reconcile/alike.ts'
import type { Item, ItemId } from '../../core/reconcile/item.ts'
import {
  FOLDER,
  fileOf,
  localId,
  localState,
  mutationOf,
  nodeId,
  remoteState,
  ROOT,
  settled,
  stampOf,
  syncedState,
} from '../support/store-states.ts'

export type StoreUnderTest = {
  store: SyncStore
  /** As after the end of the process. */
  reopen(): SyncStore
  dispose(): void
}

export const putItem = (to: StoreWriter, id: ItemId, states: Partial<Omit<Item, 'id'>>): void => {
  if (states.remote !== undefined) to.setRemote(id, states.remote)
  if (states.local !== undefined) to.setLocal(id, states.local)
  if (states.synced !== undefined) to.setSynced(id, states.synced)
  if (states.blocked !== undefined) to.setBlocked(id, states.blocked)
  if (states.pending !== undefined) to.setPending(id, states.pending)
}

const sorted = (ids: Iterable<ItemId>): ItemId[] => [...ids].sort()
const [A, B, C, D, E] = [nodeId(1), nodeId(2), nodeId(3), nodeId(4), nodeId(5)] as const

/** What every store of the three trees must do: DESIGN.md, section 6. */
export function syncStoreContract(name: string, openStore: () => StoreUnderTest): void {
  describe(`sync store, ${name}`, () => {
    let world: StoreUnderTest
    let store: SyncStore
    const put = (id: ItemId, states: Partial<Omit<Item, 'id'>>) => store.write((to) => putItem(to, id, states))
    beforeEach(() => {
      world = openStore()
      store = world.store
    })
    afterEach(() => world.dispose())

    describe('items', () => itemRules(() => ({ store, put, reopen: () => (store = world.reopen()) })))
    describe('lists', () => listRules(() => ({ store, put, reopen: () => (store = world.reopen()) })))
    describe('become', () => becomeRules(() => ({ store, put, reopen: () => (store = world.reopen()) })))
    describe('transactions', () => transactionRules(() => ({ store, put, reopen: () => (store = world.reopen()) })))
  })
}

type Ask = () => {
  store: SyncStore
  put(id: ItemId, states: Partial<Omit<Item, 'id'>>): void
  reopen(): SyncStore
}

function itemRules(ask: Ask): void {
  test('an item is given back as it was put, also after the process ended', () => {
    const { put, reopen } = ask()
    const item: Omit<Item, 'id'> = {
      remote: { ...remoteState({ name: 'naïve ☃ 😀' }), mtimeNs: null, contentRevision: 2 ** 31 },
      local: localState({ name: 'x', content: { kind: 'symlink', target: '../ü' }, isSettled: false }),
      synced: {
        ...syncedState({
          name: 'Y',
          content: { ...fileOf(7), size: 2 ** 40, executable: true } as Item['remote'] & never,
        }),
        localName: 'y',
        stamp: { ino: '18446744073709551615', size: 2 ** 45, mtimeNs: '-1', ctimeNs: '99999999999999999999' },
      },
      blocked: { reason: 'busy', detail: 'it “grows”' },
      pending: { mutation: mutationOf(5), fingerprint: 'f' },
    }
    put(A, item)
    expect(ask().store.item(A)).toEqual({ id: A, ...item })
    expect(reopen().item(A)).toEqual({ id: A, ...item })
  })

  test('an item of which nothing is kept is none', () => {
    const { store, put } = ask()
    put(A, { remote: remoteState({ name: 'a' }), pending: { mutation: mutationOf(1), fingerprint: '' } })
    put(A, { remote: null })
    expect(store.item(A)?.pending?.mutation).toBe(mutationOf(1))
    put(A, { pending: null })
    expect(store.item(A)).toBeNull()
    expect(store.counts()).toEqual({ items: 0, unsettled: 0, blocked: 0 })
  })

  test('what is given out is a copy: to change it changes nothing', () => {
    const { store, put } = ask()
    put(A, settled({ name: 'a' }))
    store.item(A)!.remote = null
    expect(store.item(A)!.remote).toEqual(remoteState({ name: 'a' }))
  })

  test('P9 counts what both sides had, and what is gone from one of them', () => {
    const { put, reopen } = ask()
    put(A, settled({ name: 'a' }))
    put(B, { ...settled({ name: 'b' }), local: null })
    put(C, { ...settled({ name: 'c' }), remote: null })
    put(D, { ...settled({ name: 'd' }), remote: null, local: null })
    const stamp = { ...stampOf({}), mtimeNs: '1759999999999999999' }
    put(E, { ...settled({ name: 'e' }), local: localState({ name: 'e', content: fileOf(2), stamp }) })
    put(ROOT, { ...settled({ name: '' }), local: null })
    const expected = { local: 1, remote: 1, back: 1, synced: 5 }
    expect(ask().store.gone()).toEqual(expected)
    expect(reopen().gone()).toEqual(expected)
  })

  test('SV-03 after a whole snapshot, what it did not tell is not on the server', () => {
    const { store, put, reopen } = ask()
    put(A, settled({ name: 'a' }))
    put(B, { remote: remoteState({ name: 'b' }) })
    put(C, { remote: remoteState({ name: 'c' }) })
    store.write((to) => {
      to.beginSnapshot()
      to.setRemote(C, remoteState({ name: 'c' }))
    })
    put(D, { remote: remoteState({ name: 'd' }) })
    const later = reopen()
    expect(later.write((to) => to.endSnapshot())).toBe(2)
    expect([A, B, C, D].map((id) => later.item(id)?.remote?.place.name)).toEqual([undefined, undefined, 'c', 'd'])
    expect(later.item(A)?.synced).toEqual(syncedState({ name: 'a' }))
    expect(later.write((to) => to.endSnapshot())).toBe(0)
  })
}

function listRules(ask: Ask): void {
  test('unsettled: only what differs, the nearest to the root first, not the root', () => {
    const { store, put, reopen } = ask()
    put(ROOT, { remote: remoteState({ name: '', content: FOLDER }) })
    put(D, { remote: remoteState({ name: 'd', parent: C }) })
    put(C, { remote: remoteState({ name: 'c', parent: B, content: FOLDER }) })
    put(B, settled({ name: 'b', content: FOLDER }))
    put(localId(9), { local: localState({ name: 'l', parent: B }) })
    put(localId(10), { local: localState({ name: 'm' }) })
    expect([...store.unsettled()]).toEqual([localId(10), localId(9), C, D])
    put(C, settled({ name: 'c', parent: B, content: FOLDER }))
    expect([...store.unsettled()]).toEqual([localId(10), localId(9), D])
    expect(reopen().counts()).toEqual({ items: 6, unsettled: 3, blocked: 0 })
  })

  test('unsettled: what lies below a folder that moved is as deep as it is now', () => {
    const { store, put, reopen } = ask()
    put(A, settled({ name: 'a', content: FOLDER }))
    put(B, settled({ name: 'b', content: FOLDER, parent: A }))
    put(C, settled({ name: 'c', content: FOLDER }))
    put(D, { remote: remoteState({ name: 'd', parent: C }) })
    put(localId(1), { local: localState({ name: 'e', parent: A }) })
    expect([...store.unsettled()]).toEqual([localId(1), D])
    put(A, { local: localState({ name: 'a', content: FOLDER, parent: C }) })
    expect([...store.unsettled()]).toEqual([A, D, localId(1)])
    expect([...reopen().unsettled()]).toEqual([A, D, localId(1)])
  })

  test('unsettled: a circle of folders, as in the middle of a snapshot, ends', () => {
    const { store, put } = ask()
    put(A, { remote: remoteState({ name: 'a', parent: B, content: FOLDER }) })
    put(B, { remote: remoteState({ name: 'b', parent: A, content: FOLDER }) })
    put(C, { remote: remoteState({ name: 'c' }) })
    expect([...store.unsettled()]).toEqual([C, A, B])
  })

  test('children and names of each tree by its own pointers', () => {
    const { store, put } = ask()
    put(A, settled({ name: 'x' }))
    put(B, {
      ...settled({ name: 'y' }),
      local: localState({ name: 'X' }),
      synced: syncedState({ name: 'x', parent: C }),
    })
    expect(sorted(store.children('remote', ROOT))).toEqual([A, B])
    expect(sorted(store.children('local', ROOT))).toEqual([A, B])
    expect(sorted(store.children('synced', ROOT))).toEqual([A])
    expect(store.childNamed('local', ROOT, 'x')).toBe(A)
    expect(store.childNamed('remote', ROOT, 'X')).toBeNull()
    expect(store.childNamed('remote', ROOT, 'y')).toBe(B)
    expect(store.childNamed('remote', C, 'x')).toBeNull()
    expect(sorted(store.childrenAlike('local', ROOT, alike('x')))).toEqual([A, B])
    expect(sorted(store.childrenAlike('remote', ROOT, alike('X')))).toEqual([A])
  })

  test('NM-04 names are compared as they are, not as they look', () => {
    const { store, put } = ask()
    put(A, { local: localState({ name: 'é' }) })
    put(B, { local: localState({ name: 'e\u0301' }) })
    expect(store.childNamed('local', ROOT, 'é')).toBe(A)
    expect(store.childNamed('local', ROOT, 'e\u0301')).toBe(B)
    expect(sorted(store.childrenAlike('local', ROOT, alike('É')))).toEqual([A, B])
  })

  test('a folder for a scan: its local states and what is blocked', () => {
    const { store, put } = ask()
    const blocked = { reason: 'special-file', detail: 'a socket' } as const
    put(A, { ...settled({ name: 'a' }), blocked })
    put(B, { local: localState({ name: 'b' }) })
    put(C, { remote: remoteState({ name: 'c' }) })
    const found = [...store.localIn(ROOT)].sort((a, b) => (a.id < b.id ? -1 : 1))
    expect(found).toEqual([
      { id: A, state: localState({ name: 'a' }), blocked },
      { id: B, state: localState({ name: 'b' }), blocked: null },
    ])
    expect(store.blocked(5).map(({ id }) => id)).toEqual([A])
    expect(store.blocked(0)).toEqual([])
  })

  test('what is here, page by page, each once, from where one was', () => {
    const { store, put, reopen } = ask()
    put(A, settled({ name: 'a' }))
    put(B, { remote: remoteState({ name: 'b' }) })
    put(C, { local: localState({ name: 'c' }) })
    put(D, { local: localState({ name: 'd', content: FOLDER }) })
    const first = store.localFrom(null, 2)
    const rest = reopen().localFrom(first.next, 2)
    expect([...first.items, ...rest.items].map(({ id }) => id).toSorted()).toEqual([A, C, D])
    expect(rest.next).toBeNull()
  })

  test('unread: what waits longest first; to read again what is read again would have no end', () => {
    const { store, put, reopen } = ask()
    put(A, { local: localState({ name: 'a', isSettled: false }) })
    put(B, { local: { ...localState({ name: 'b' }), content: null } })
    put(C, { local: localState({ name: 'c' }) })
    put(A, { local: localState({ name: 'a', isSettled: false }) }) // says nothing new
    expect([...store.unread()]).toEqual([A, B])
    const met: ItemId[] = []
    for (const id of store.unread()) {
      met.push(id)
      put(id, { local: localState({ name: 'n', isSettled: false, ino: 10 + met.length }) })
    }
    expect(met).toEqual([A, B])
    put(A, { local: localState({ name: 'z', isSettled: false }) })
    expect([...reopen().unread()]).toEqual([B, A])
  })

  test('MV-20 by inode, in the local and in the synced tree', () => {
    const { store, put } = ask()
    put(A, { local: localState({ name: 'a', ino: 7 }), synced: syncedState({ name: 'a', ino: 8 }) })
    put(B, { local: localState({ name: 'b', ino: 7 }) })
    expect(sorted(store.localByIno('7'))).toEqual([A, B])
    expect(sorted(store.localByIno('8'))).toEqual([])
    expect(sorted(store.syncedByIno('8'))).toEqual([A])
  })

  test('SC-01 lists longer than a page come whole, and stay so while they are written to', () => {
    const { store } = ask()
    const many = Array.from({ length: 50 }, (_, i) => nodeId(100 + i))
    store.write((to) => many.forEach((id, i) => putItem(to, id, settled({ name: `n${i}`, ino: 5 }))))
    store.write((to) => many.forEach((id) => to.setRemote(id, null)))
    expect(sorted(store.children('local', ROOT))).toEqual(many)
    expect(sorted(store.localByIno('5'))).toEqual(many)
    const met: ItemId[] = []
    for (const id of store.unsettled()) {
      met.push(id)
      expect([...store.children('synced', ROOT)].length).toBe(many.length)
      store.write((to) => to.setRemote(id, remoteState({ name: `n${many.indexOf(id as never)}` })))
    }
    expect(met).toEqual(many)
    expect([...store.unsettled()]).toEqual([])
  })
}

function becomeRules(ask: Ask): void {
  test('what was local is a node now, and its children are in it', () => {
    const { store, put, reopen } = ask()
    const [folder, child] = store.write((to) => [to.newLocalId(), to.newLocalId()])
    put(folder, {
      local: localState({ name: 'd', content: FOLDER }),
      pending: { mutation: mutationOf(1), fingerprint: '' },
    })
    put(child, { local: localState({ name: 'f', parent: folder }) })
    put(A, { remote: remoteState({ name: 'd', content: FOLDER }) })
    expect([...store.unsettled()]).toEqual([folder, A, child])
    store.write((to) => {
      to.become(folder, A)
      to.setPending(A, null)
      to.setSynced(A, syncedState({ name: 'd', content: FOLDER }))
    })
    expect(store.item(folder)).toBeNull()
    expect(store.item(A)).toEqual({ id: A, ...settled({ name: 'd', content: FOLDER }), blocked: null, pending: null })
    expect(store.item(child)!.local!.place.parent).toBe(A)
    expect([...store.children('local', A)]).toEqual([child])
    expect([...store.unsettled()]).toEqual([child])
    expect([...reopen().children('local', A)]).toEqual([child])
  })

  test('P2 the copy takes what was here; the original keeps only what the server has', () => {
    const { store, put } = ask()
    put(A, { ...settled({ name: 'f' }), remote: remoteState({ name: 'f', revision: 2 }) })
    store.write((to) => to.become(A, B))
    expect(store.item(A)).toMatchObject({ remote: { contentRevision: 2 }, local: null, synced: null })
    expect(store.item(B)).toMatchObject({
      remote: null,
      local: { place: { name: 'f' } },
      synced: { contentRevision: 1 },
    })
  })

  test('a pair: what the node had synced stays when the local one had nothing', () => {
    const { store, put } = ask()
    put(localId(1), { local: localState({ name: 'f', isSettled: false }) })
    put(A, { ...settled({ name: 'f', revision: 3 }), local: null })
    store.write((to) => to.become(localId(1), A))
    expect(store.item(A)).toMatchObject({ local: { place: { name: 'f' } }, synced: { contentRevision: 3 } })
    expect([...store.unread()]).toEqual([A])
  })

  test('two things on the disk never become one', () => {
    const { store, put } = ask()
    put(localId(1), { local: localState({ name: 'f' }) })
    put(A, settled({ name: 'g' }))
    expect(() => store.write((to) => to.become(localId(1), A))).toThrow()
    expect(store.item(localId(1))!.local!.place.name).toBe('f')
    expect(store.item(A)!.local!.place.name).toBe('g')
  })

  test('local ids are never given twice, also when what had them is gone', () => {
    const { store, put, reopen } = ask()
    const first = store.write((to) => to.newLocalId())
    put(first, { local: localState({ name: 'f' }) })
    put(first, { local: null })
    const second = reopen().write((to) => to.newLocalId())
    expect([first, second]).toEqual([localId(1), localId(2)])
  })
}

function transactionRules(ask: Ask): void {
  test('a write that throws has done nothing', () => {
    const { store, put, reopen } = ask()
    put(A, { ...settled({ name: 'a' }), pending: { mutation: mutationOf(1), fingerprint: 'x' } })
    put(localId(7), { local: localState({ name: 'l', content: FOLDER, isSettled: false }) })
    put(C, { local: localState({ name: 'c', parent: localId(7) }) })
    store.write((to) => to.setCursor({ cursor: 'c1', snapshotAfter: null, seen: 1 }))
    const look = (some: SyncStore) => [
      [A, B, C, localId(7)].map((id) => some.item(id)),
      [...some.unsettled()],
      [...some.unread()],
      [...some.children('local', localId(7))],
      some.counts(),
      some.gone(),
      some.cursor(),
      some.meta('device'),
    ]
    const before = look(store)
    expect(() =>
      store.write((to) => {
        to.setRemote(A, null)
        to.setLocal(B, localState({ name: 'b', isSettled: false }))
        to.become(localId(7), D)
        to.setBlocked(C, { reason: 'busy', detail: '' })
        to.setCursor({ cursor: 'c2', snapshotAfter: 'x', seen: 2 })
        to.setMeta('device', 'd')
        to.newLocalId()
        expect([...store.unsettled()]).toContain(B)
        throw new Error('stop')
      }),
    ).toThrow('stop')
    expect(look(store)).toEqual(before)
    expect(look(reopen())).toEqual(before)
    expect(ask().store.write((to) => to.newLocalId())).toBe(localId(1))
  })

  test('what a write has changed is seen by what it asks', () => {
    const { store } = ask()
    store.write((to) => {
      to.setLocal(A, localState({ name: 'a' }))
      expect(store.childNamed('local', ROOT, 'a')).toBe(A)
      expect(store.counts().items).toBe(1)
      to.setLocal(A, null)
      expect(store.item(A)).toBeNull()
      expect([...store.children('local', ROOT)]).toEqual([])
    })
  })

  test('one write at a time, and none that goes on later', () => {
    const { store } = ask()
    expect(() => store.write(() => store.write(() => {}))).toThrow()
    expect(() => store.write(async (to) => to.setMeta('device', 'd'))).toThrow()
    expect(store.meta('device')).toBeNull()
    store.write((to) => to.setMeta('device', 'e'))
    expect(store.meta('device')).toBe('e')
  })

  test('SV-02 the cursor, the place in a snapshot and meta outlive the process', () => {
    const { store, reopen } = ask()
    expect(store.cursor()).toEqual({ cursor: null, snapshotAfter: null, seen: 0 })
    store.write((to) => {
      to.setCursor({ cursor: null, snapshotAfter: 'n17', seen: 12 })
      to.setMeta('rootMarker', 'm')
      to.setMeta('paused', 'yes')
      to.setMeta('paused', null)
    })
    const later = reopen()
    expect(later.cursor()).toEqual({ cursor: null, snapshotAfter: 'n17', seen: 12 })
    expect([later.meta('rootMarker'), later.meta('paused')]).toEqual(['m', null])
  })
}
