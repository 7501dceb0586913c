import type { Inode } from './inode.ts'

/** Stands beside a virtual disk and sees what the engine does to it: the rules of test/sim/ledger.ts, and whoever wants to get in between. */
export type DiskWatch = {
  /** The engine is about to take a name away from these bytes; `checked`: those that it said that it expects. */
  displaces(at: { path: string; how: 'replace' | 'discard'; inode: Inode; checked: Uint8Array | string }): void
  /** The engine has put these bytes where people see them. */
  places(at: { path: string; inode: Inode }): void
  /** Between the last look of the engine and what it does then. */
  gap(at: { path: string; what: string }): void
  /** Somebody writes while the root is not the one that the engine was started on (I13). */
  touchesWrongRoot(what: string): void
}

export const NO_WATCH: DiskWatch = { displaces() {}, places() {}, gap() {}, touchesWrongRoot() {} }
