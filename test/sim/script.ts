import type { FaultRates, PlannedFault } from './fault.ts'
import type { FsModel } from './inode.ts'
import type { WatchModel } from './virtual-watcher.ts'

/** One thing that somebody does, told so that it can be done again. */
export type Move = {
  do: string
  /** The device; -1: the server, or the web. */
  on: number
  path?: string
  to?: string
  /** Which bytes: see `bytesOf`. */
  bytes?: number
  size?: number
  /** Whatever else the move needs. */
  n?: number
  choice?: string
}

export type PlannedMove = {
  /** Virtual microseconds; or right before this call of a device, or within it. */
  when: { atUs: number } | { device: number; call: number; gap: string }
  move: Move
}

export type DeviceConfig = {
  name: string
  fs: FsModel
  /** How far its clock is off. */
  skewUs: number
  watch: WatchModel
  /** Whether a person works on it, or it only receives. */
  isActive: boolean
  /** Its person may change what is on the server; it does not say: yes. */
  canWrite?: boolean
}

export type WorldConfig = {
  devices: DeviceConfig[]
  rates: FaultRates
  /** Moves that happen, and how they are chosen. */
  moves: number
  /** Of a thousand calls: somebody gets in between. */
  gapRate: number
  /** Which groups of moves are allowed. */
  groups: readonly MoveGroup[]
}

/** `sequential`: every device is at rest before somebody does the next thing (I21). */
export type MoveGroup =
  | 'files'
  | 'trees'
  | 'names'
  | 'web'
  | 'disk'
  | 'device'
  | 'server'
  | 'rights'
  | 'amnesia'
  | OddGroup
  | LaterGroup
/** What happens seldom. */
export type OddGroup =
  | 'hints'
  | 'clocks'
  | 'network'
  | 'process'
  | 'room'
  | 'sessions'
  | 'people'
  | 'mounts'
  | 'selection'
  | 'rules'
  | 'store'
/** What the engine does not stand up to yet. */
export type LaterGroup = 'rot' | 'handles' | 'clone'

/** Everything that happens in a run. `moves` and `faults` of `null` are thrown from the seed. */
export type Script = {
  seed: number
  config: WorldConfig
  moves: PlannedMove[] | null
  faults: PlannedFault[] | null
  /** Things may go wrong until then, whatever happened last; by default until shortly after the last move. */
  untilUs?: number
}

/** Unlike all other bytes, as long as there is room for the number. */
export function bytesOf(number: number, size: number): Uint8Array {
  const head = `c${number}.`
  return Buffer.from(head.padEnd(Math.max(head.length, size), `${head}~`))
}
