import type { ChunkLists } from '../../content/chunk-lists.ts'
import type { Clock, Disk, LocalPath, SyncStore } from '../ports.ts'

export type ScanPorts = {
  disk: Disk
  store: SyncStore
  clock: Pick<Clock, 'now'>
  /** Where the chunks of large files are noted that have changed: they are about to be sent. */
  lists?: ChunkLists
}

export type ScanLimits = {
  /** Files up to this size are read as they are met; others wait for `read`. */
  inlineBytes: number
  /**
   * What is gone from its name is believed to be for this long only when it stays so: editors move a file aside and put another in its place (AS-02).
   */
  graceMs: number
  /** Of what `ScanOutcome` lists. */
  listed: number
  /** A tree of so many items is large: then the disk is told what will be listed. Below that there is nothing to gain. */
  largeFrom: number
}

export const SCAN_LIMITS: ScanLimits = { inlineBytes: 256 * 1024, graceMs: 0, listed: 1_000, largeFrom: 4_096 }

/** `no-root`: the marker is missing or another one: nothing was looked at or noted (I13). */
export type ScanOutcome =
  | { is: 'no-root' }
  | {
      is: 'done'
      /** Entries looked at. */
      seen: number
      /** Items whose local state was written. */
      changed: number
      moved: number
      gone: number
      /** Could not be listed: what is below them is as it was before. */
      unlisted: { path: LocalPath; code: string }[]
      /** To be scanned again, since they changed meanwhile, or something in them is not believed yet; `null`: everything. */
      again: LocalPath[] | null
      /** Not sooner than in this time. */
      againInMs: number
    }

export type ReadOutcome = {
  files: number
  bytes: number
  /** Of the files that `store.unread` still has: they were written to a moment ago, or cannot be read now. */
  left: number
  /** Of those beside, which wait since they keep changing. */
  restless: number
  /** Until the first of these is due; `Infinity`: there is none. */
  dueInMs: number
}
