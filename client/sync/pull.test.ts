import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { MemorySyncStore } from '../../test/support/memory-sync-store.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeId, Sha256 } from '../../core/ids.ts'
import { Answered } from './answered.ts'
import type { Remote } from './ports.ts'
import { pullToHead } from './pull.ts'
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
