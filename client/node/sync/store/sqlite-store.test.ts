import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SyncStore } from '../../../sync/ports.ts'
import { syncStoreContract, type StoreUnderTest } from '../../../../test/contract/sync-store.ts'
import { emptyStoreData, MemorySyncStore } from '../../../../test/support/memory-sync-store.ts'
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
syncStoreContract('SQLite, with little memory', () => onDisk({ cachedRows: 4, changedRows: 1, pageRows: 3 }))
syncStoreContract('memory', () => {
  const data = emptyStoreData()
  return { store: new MemorySyncStore(ROOT, data), reopen: () => new MemorySyncStore(ROOT, data), dispose() {} }
})
