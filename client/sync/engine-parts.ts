import type { Item, ItemId } from '../../core/reconcile/item.ts'
import type { BrakeSetting } from '../../core/reconcile/device.ts'
import { plan } from '../../core/reconcile/plan.ts'
import { HINT_TIMES, type HintTimes } from './hints.ts'
import type { Clock, Disk, Random, Remote, SyncEvent, SyncStore, Watcher } from './ports.ts'
import type { ScanLimits } from './scan/scan-types.ts'

/** The world of one engine, and what it is asked to do. */
export type EngineParts = {
  store: SyncStore
  disk: Disk
  remote: Remote
  /** `null`: everything is found by scans. */
  watcher: Watcher | null
  clock: Clock
  random: Random
  tell: (event: SyncEvent) => void
  /** `false`: the process before was killed, or the machine fell: what it wrote last is read anew. */
  wasStoppedCleanly: boolean
  /** Which start of the machine this is; `null`: the system does not say. */
  bootId: string | null
  options?: Partial<EngineOptions>
}

export type EngineOptions = {
  /** The person may change this place on the server. Asked for each plan: rights come and go while the engine runs. */
  canWrite: () => boolean
  /** Until `canWrite` is known, or nobody answers soon: looking at both sides waits for nobody, a plan does. */
  untilAccessIsKnown: () => Promise<void>
  /** Of items on the server. Both are asked for each plan; `syncNow` after they have changed. */
  isSelected: (item: Item) => boolean
  /** The topmost of what is not selected. */
  unselected: () => Iterable<ItemId>
  /** When a plan would delete so much that somebody is asked first (P9). */
  brake: Pick<BrakeSetting, 'atLeast' | 'share'>
  maxSteps: number
  times: HintTimes
  scan: Partial<ScanLimits>
  /** After so many changes, at rest, what is in each folder is remembered for the next start (SY-28). */
  rememberAfter: number
  /** Bytes a second, of what comes; `null`: as fast as it goes. */
  downLimit: number | null
  /** Another one shows what holds when the planner is wrong (I1). */
  plan: typeof plan
}

export const ENGINE_OPTIONS: EngineOptions = {
  canWrite: () => true,
  untilAccessIsKnown: async () => {},
  isSelected: () => true,
  unselected: () => [],
  brake: { atLeast: 25, share: 0.5 },
  maxSteps: 2_000,
  times: HINT_TIMES,
  scan: {},
  rememberAfter: 1_000,
  downLimit: null,
  plan,
}
