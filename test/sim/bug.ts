import type { EngineOptions } from '../../client/sync/engine-parts.ts'
import type { Disk, Remote, SyncStore } from '../../client/sync/ports.ts'

/** A mistake that is planted on purpose, by wrapping what the engine works with: the simulation must find it (I28). */
export type Bug = {
  name: string
  /** What it is the likeness of. */
  story: string
  /** What is placed is in the page cache only. */
  isForgetful?: boolean
  /** The first seeds find it: a short form for every run of the tests. */
  isSoonFound?: boolean
  disk?: (disk: Disk) => Disk
  remote?: (remote: Remote) => Remote
  store?: (store: SyncStore) => SyncStore
  options?: Partial<EngineOptions>
}
