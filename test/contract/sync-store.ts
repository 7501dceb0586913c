import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SyncStore } from '../../client/sync/ports.ts'
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
import { listRules } from './sync-store-lists.ts'
import { putItem, type Ask, type StoreUnderTest } from './sync-store-world.ts'

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
