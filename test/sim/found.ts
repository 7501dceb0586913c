import { FILE_SYSTEMS } from './config.ts'
import { NO_FAULTS, type PlannedFault } from './fault.ts'
import type { PlannedMove, Script } from './script.ts'
import { GOOD_WATCH, type WatchModel } from './virtual-watcher.ts'

/** What a seed has found, shrunk to what is needed: it stays as a test once it is mended. */
export type Found = {
  seed: number
  rule: string
  story: string
  /** It is not mended yet. */
  isOpen?: boolean
  devices: readonly { fs: keyof typeof FILE_SYSTEMS; watch?: WatchModel; skewUs?: number }[]
  moves: readonly PlannedMove[]
  faults: readonly PlannedFault[]
  untilUs?: number
}

export function scriptOfFound({ seed, devices, moves, faults, untilUs }: Found): Script {
  const config = {
    rates: NO_FAULTS,
    moves: 0,
    gapRate: 0,
    groups: [],
    devices: devices.map(({ fs, watch = GOOD_WATCH, skewUs = 0 }, at) => ({
      name: `device ${at}`,
      fs: FILE_SYSTEMS[fs],
      watch,
      skewUs,
      isActive: true,
    })),
  }
  return { seed, config, moves: [...moves], faults: [...faults], ...(untilUs === undefined ? {} : { untilUs }) }
}

export const FOUND: readonly Found[] = []
