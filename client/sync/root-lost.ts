import { uuidV7 } from '../../core/ids.ts'
import type { Clock, Disk, Random, SyncStore } from './ports.ts'
import { systemCode } from './trouble.ts'

/** The root's marker is missing or another one: a drive that is not there, another folder in its place (RT-01, RT-07). Nothing is done. */
export class RootLost extends Error {
  readonly found: 'missing' | 'other'

  constructor(found: 'missing' | 'other') {
    super(`the folder's marker is ${found}`)
    this.name = 'RootLost'
    this.found = found
  }
}

/** The folder itself is not there, or is another one. */
const GONE: ReadonlySet<string | null> = new Set(['ENOENT', 'ENOTDIR', 'ESTALE'])

/** @throws RootLost; what the disk throws */
export async function requireRoot(store: SyncStore, disk: Disk): Promise<void> {
  const marker = await disk.marker().catch((error: unknown) => {
    if (GONE.has(systemCode(error))) throw new RootLost('missing')
    throw error
  })
  if ('missing' in marker) throw new RootLost('missing')
  if (marker.id !== store.meta('rootMarker')) throw new RootLost('other')
}

/**
 * At the first start a folder gets its marker; one that has a marker keeps it: then the store was lost, not the folder (DB-01).
 * @throws what the disk throws
 */
export async function claimRoot({
  store,
  disk,
  clock,
  random,
}: {
  store: SyncStore
  disk: Disk
  clock: Clock
  random: Random
}): Promise<void> {
  if (store.meta('rootMarker') !== null) return
  const marker = await disk.marker()
  const id = 'id' in marker ? marker.id : uuidV7(clock.now(), random.bytes(10))
  if ('missing' in marker) await disk.writeMarker(id)
  store.write((to) => to.setMeta('rootMarker', id))
}
