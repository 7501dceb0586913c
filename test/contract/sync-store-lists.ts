import { expect, test } from 'vitest'
import type { StoreWriter } from '../../client/sync/ports.ts'
import { alike } from '../../core/reconcile/alike.ts'
import type { ItemId } from '../../core/reconcile/item.ts'
import {
  FOLDER,
  localId,
  localState,
  nodeId,
  remoteState,
  ROOT,
  settled,
  syncedState,
} from '../support/store-states.ts'
import { putItem, sorted, type Ask } from './sync-store-world.ts'

const [A, B, C, D, E] = [nodeId(1), nodeId(2), nodeId(3), nodeId(4), nodeId(5)] as const

/** What a store is asked for many of. */
export function listRules(ask: Ask): void {
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
    put(D, { local: localState({ name: 'd', content: FOLDER }) })
    const found = [...store.localIn(ROOT)].sort((a, b) => (a.id < b.id ? -1 : 1))
    const folder = { id: D, state: localState({ name: 'd', content: FOLDER }), blocked: null, digest: null }
    expect(found).toEqual([
      { id: A, state: localState({ name: 'a' }), blocked, digest: null },
      { id: B, state: localState({ name: 'b' }), blocked: null, digest: null },
      folder,
    ])
    expect([...store.localIn(ROOT, 'folder')]).toEqual([folder])
    expect(store.blocked(5).map(({ id }) => id)).toEqual([A])
    expect(store.blocked(0)).toEqual([])
  })

  test('SY-28 a digest stands for what is known of a folder: it goes with every change of that, and with nothing else', () => {
    const { put, reopen } = ask()
    let { store } = ask()
    put(A, { local: localState({ name: 'a', content: FOLDER }) })
    put(B, { local: localState({ name: 'b', content: FOLDER }) })
    put(C, { local: localState({ name: 'c', parent: A }) })
    const noted = (): (string | null)[] => [...store.localIn(ROOT, 'folder')].map(({ digest }) => digest)
    const note = (): void => store.write((to) => to.setDigest(A, 'all of a'))
    const after = (change: (to: StoreWriter) => void): (string | null)[] => {
      note()
      store.write(change)
      return noted().toSorted()
    }
    note()
    store.write((to) => {
      to.setRemote(C, remoteState({ name: 'c', parent: A }))
      to.setBlocked(C, { reason: 'busy', detail: 'x' })
      to.setLocal(C, localState({ name: 'c', parent: A })) // says nothing new
      to.setDigest(D, 'of what is not here')
    })
    store = reopen()
    expect(noted().toSorted()).toEqual(['all of a', null])
    const gone = [null, null]
    expect(after((to) => to.setLocal(C, localState({ name: 'c', parent: A, ino: 7 })))).toEqual(gone)
    expect(after((to) => to.setLocal(C, localState({ name: 'c', parent: B, ino: 7 })))).toEqual(gone)
    expect(after((to) => to.setLocal(D, localState({ name: 'd', parent: A })))).toEqual(gone)
    expect(after((to) => to.setLocal(D, null))).toEqual(gone)
    expect(after((to) => to.setLocal(A, localState({ name: 'a', content: FOLDER, ino: 9 })))).toEqual(gone)
    note()
    expect(() =>
      store.write((to) => {
        to.setLocal(D, localState({ name: 'd', parent: A }))
        throw new Error('stop')
      }),
    ).toThrow('stop')
    expect(noted().toSorted()).toEqual(['all of a', null])
    store.write((to) => to.become(A, E))
    expect(noted()).toEqual(gone)
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
