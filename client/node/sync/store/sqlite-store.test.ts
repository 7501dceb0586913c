import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SyncStore } from '../../../sync/ports.ts'
import { syncStoreContract } from '../../../../test/contract/sync-store.ts'
import type { StoreUnderTest } from '../../../../test/contract/sync-store-world.ts'
import { emptyStoreData, MemorySyncStore } from '../../../../test/support/memory-sync-store.ts'
import { everything, play, type Turn, turns } from '../../../../test/support/store-moves.ts'
import { ROOT } from '../../../../test/support/store-states.ts'
import { openSyncStore } from './open-store.ts'
import { STORE_LIMITS, type StoreLimits } from './sqlite-store.ts'

function onDisk(limits: StoreLimits): StoreUnderTest {
  const folder = mkdtempSync(join(tmpdir(), 'bitvault-store-'))
  const open = (): SyncStore => openSyncStore({ path: join(folder, 'root.sqlite'), root: ROOT, limits }).store
  let store = open()
  return {
    store,
    reopen() {
      store.close()
      return (store = open())
    },
    dispose() {
      store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

syncStoreContract('SQLite', () => onDisk(STORE_LIMITS))
syncStoreContract('SQLite, with little memory', () =>
  onDisk({ cachedRows: 4, busyRows: 6, changedRows: 1, pageRows: 3 }),
)
syncStoreContract('memory', () => {
  const data = emptyStoreData()
  return { store: new MemorySyncStore(ROOT, data), reopen: () => new MemorySyncStore(ROOT, data), dispose() {} }
})

/** Long form: `BITVAULT_STORE_RUNS=20000`. */
const RUNS = Number(process.env['BITVAULT_STORE_RUNS'] ?? 150)

test.for([
  { limits: STORE_LIMITS, memory: 'much' },
  { limits: { cachedRows: 4, busyRows: 6, changedRows: 1, pageRows: 3 }, memory: 'little' },
  { limits: { cachedRows: 2, busyRows: 2, changedRows: 3, pageRows: 2 }, memory: 'very little' },
])('whatever is written, SQLite with $memory memory and the plain store answer the same', ({ limits }) => {
  const check = (all: Turn[]): void => {
    const real = onDisk(limits)
    try {
      let store = real.store
      const data = emptyStoreData()
      let plain = new MemorySyncStore(ROOT, data)
      for (const turn of all) {
        if (turn.reopen) {
          store = real.reopen()
          plain = new MemorySyncStore(ROOT, structuredClone(plain.data))
        }
        expect(play(store, turn)).toEqual(play(plain, turn))
        expect(everything(store)).toEqual(everything(plain))
      }
    } finally {
      real.dispose()
    }
  }
  fc.assert(fc.property(turns, check), { seed: 4, numRuns: RUNS })
})
