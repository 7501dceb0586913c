import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { MemorySyncStore } from '../../test/support/memory-sync-store.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeId, Sha256 } from '../../core/ids.ts'
import { Answered } from './answered.ts'
import type { Remote } from './ports.ts'
import { pullToHead } from './pull.ts'
import { RootGone } from './root-gone.ts'
import type { NodeStateWire } from '../../protocol/files.ts'

const [ROOT, FILE] = [randomUUID() as NodeId, randomUUID() as NodeId]
const cursorOf = (epoch: string, seq: number): string => `${epoch}.${seq.toString(36)}.0123456789ab`

/** A store that has agreed on one file, and a server that knows neither the cursor nor the file. */
function lost(before: string, after: string) {
  const store = new MemorySyncStore(ROOT)
  const content = { kind: 'file' as const, sha256: 'a'.repeat(64) as Sha256, size: 1, executable: false }
  const place = { parent: ROOT, name: 'f' }
  const stamp = { ino: '1', size: 1, mtimeNs: '1', ctimeNs: '1' }
  store.write((to) => {
    to.setCursor({ cursor: before, snapshotAfter: null, seen: 5 })
    to.setRemote(FILE, { place, content, contentRevision: 1, placementRevision: 1, mtimeNs: null })
    to.setLocal(FILE, { place, kind: 'file', stamp, content, isSettled: true })
    to.setSynced(FILE, { place, localName: 'f', content, contentRevision: 1, placementRevision: 1, stamp })
  })
  const root = { id: ROOT, parentId: null, kind: 'folder', name: '', trashedAt: null, changedSeq: 1 }
  const remote = {
    changes: async (cursor: string) => {
      if (cursor === before) throw new AppError('cursor-invalid', { field: 'cursor' })
      return { changes: [], cursor, more: false }
    },
    snapshot: async () => ({ nodes: [root as unknown as NodeStateWire], after: null, cursor: after }),
  }
  return { store, pull: () => pullToHead({ store, remote: remote as unknown as Remote, answered: new Answered() }) }
}

describe('a cursor that is another device’s, since somebody signed in anew', () => {
  test('of the same journal: what is not there was deleted by somebody', async () => {
    const epoch = randomUUID()
    const { store, pull } = lost(cursorOf(epoch, 5), cursorOf(epoch, 9))
    await pull()
    expect(store.item(FILE)).toMatchObject({ remote: null, synced: { contentRevision: 1 } })
    expect(store.cursor().cursor).toBe(cursorOf(epoch, 9))
  })

  test('SV-05: of a journal that was restored meanwhile: what is not there was lost, not deleted', async () => {
    const { store, pull } = lost(cursorOf(randomUUID(), 5), cursorOf(randomUUID(), 9))
    await pull()
    expect(store.item(FILE)).toMatchObject({ remote: null, synced: null, local: { kind: 'file' } })
  })
})

describe('SV-11 the folder that the root stands for', () => {
  const change = (seq: number, kind: string, trashedAt: number | null) => ({
    seq,
    kind,
    node: {
      id: ROOT,
      parentId: null,
      kind: 'folder',
      name: '',
      trashedAt,
      changedSeq: seq,
    } as unknown as NodeStateWire,
  })
  const [gone, back] = [change(6, 'trashed', 1), change(7, 'restored', null)]

  /** Pages by the cursor that they follow. */
  const feed = (pages: Record<string, { changes: (typeof gone)[]; cursor: string; more: boolean }>) => {
    const store = new MemorySyncStore(ROOT)
    store.write((to) => to.setCursor({ cursor: 'a', snapshotAfter: null, seen: 5 }))
    const remote = { changes: async (cursor: string) => pages[cursor] ?? { changes: [], cursor, more: false } }
    return { store, pull: () => pullToHead({ store, remote: remote as unknown as Remote, answered: new Answered() }) }
  }

  test('in the trash: nothing is done, and the place is kept', async () => {
    const { store, pull } = feed({ a: { changes: [gone], cursor: 'b', more: false } })
    await expect(pull()).rejects.toThrow(RootGone)
    expect(store.cursor().cursor).toBe('a')
  })

  test.each([
    ['in one page', { a: { changes: [gone, back], cursor: 'b', more: false } }],
    [
      'pages later',
      { a: { changes: [gone], cursor: 'm', more: true }, m: { changes: [back], cursor: 'b', more: false } },
    ],
  ])('and brought back, %s: it goes on', async (_, pages) => {
    const { store, pull } = feed(pages)
    await pull()
    expect(store.cursor().cursor).toBe('b')
  })
})
