import { LINUX } from '../../core/reconcile/abilities.ts'
import { Dice, mix } from './dice.ts'
import { NO_FAULTS, type FaultRates } from './fault.ts'
import type { FsModel } from './inode.ts'
import type { DeviceConfig, MoveGroup, OddGroup, WorldConfig } from './script.ts'
import { GOOD_WATCH, type WatchModel } from './virtual-watcher.ts'

const PLAIN: FsModel = { ...LINUX, birthTime: false, reusesInodes: true }

/** The file systems of the simulation. */
export const FILE_SYSTEMS = {
  linux: PLAIN,
  'linux with birth times': { ...PLAIN, birthTime: true },
  mac: { ...PLAIN, isCaseSensitive: false, normalises: 'nfd', birthTime: true, reusesInodes: false, grainNs: 1n },
  windows: {
    ...PLAIN,
    isCaseSensitive: false,
    symlinks: false,
    executableBit: false,
    nameMax: { units: 255, of: 'utf16' },
    pathMax: 260,
    refuses: 'windows',
    reusesInodes: false,
    grainNs: 100n,
  },
  fat: { ...PLAIN, isCaseSensitive: false, symlinks: false, executableBit: false, grainNs: 2_000_000_000n },
  'short names': { ...PLAIN, nameMax: { units: 143, of: 'utf8' }, grainNs: 1_000_000_000n },
} as const satisfies Record<string, FsModel>

const YEAR_US = 365 * 86_400 * 1_000_000

const ALL_GROUPS: readonly MoveGroup[] = ['files', 'trees', 'names', 'web', 'disk', 'device', 'server', 'rights']

const ODD_GROUPS: readonly OddGroup[] = [
  'hints',
  'clocks',
  'network',
  'process',
  'room',
  'sessions',
  'people',
  'mounts',
  'store',
]

const CHOICE_GROUPS: readonly OddGroup[] = ['selection', 'rules']

/** What kind of world a seed is about. */
const PROFILES = {
  calm: { weight: 3, rates: NO_FAULTS, gapRate: 0, groups: ['files', 'trees', 'names', 'web'] },
  close: { weight: 5, rates: NO_FAULTS, gapRate: 30, groups: ['files', 'trees', 'names', 'web'] },
  lossy: { weight: 4, rates: { crash: 0, disk: 4, net: 80 }, gapRate: 10, groups: ALL_GROUPS },
  crashing: { weight: 4, rates: { crash: 12, disk: 2, net: 30 }, gapRate: 5, groups: ALL_GROUPS },
  alone: { weight: 3, rates: { crash: 4, disk: 2, net: 80 }, gapRate: 0, groups: ['files', 'trees', 'device'] },
  forgetful: {
    weight: 2,
    rates: { crash: 4, disk: 2, net: 20 },
    gapRate: 5,
    groups: [...ALL_GROUPS, 'amnesia'],
  },
  choosy: { weight: 3, rates: { crash: 3, disk: 2, net: 20 }, gapRate: 5, groups: [...ALL_GROUPS, ...CHOICE_GROUPS] },
  odd: { weight: 4, rates: { crash: 3, disk: 2, net: 20 }, gapRate: 5, groups: [...ALL_GROUPS, ...ODD_GROUPS] },
} as const satisfies Record<
  string,
  { weight: number; rates: FaultRates; gapRate: number; groups: readonly MoveGroup[] }
>

/** Those that some world of a seed allows. */
export const GROUPS: ReadonlySet<MoveGroup> = new Set(Object.values(PROFILES).flatMap(({ groups }) => groups))

export type Profile = keyof typeof PROFILES

export function configOf(seed: number): WorldConfig & { profile: Profile } {
  const dice = new Dice(mix(seed, 'config'))
  const weights = Object.fromEntries(Object.entries(PROFILES).map(([name, { weight }]) => [name, weight]))
  const profile = dice.weighted(weights as Record<Profile, number>)
  const { rates, gapRate, groups } = PROFILES[profile]
  const count = dice.weighted({ '1': 1, '2': 7, '3': 3 })
  const devices = Array.from({ length: Number(count) }, (_, at) => deviceOf(dice, at))
  if (profile === 'alone') for (const [at, device] of devices.entries()) device.isActive = at === 0
  return { profile, devices, rates, gapRate, groups, moves: 4 + dice.int(16) }
}

function deviceOf(dice: Dice, at: number): DeviceConfig {
  const kind = dice.weighted({
    linux: 10,
    'linux with birth times': 4,
    mac: 3,
    windows: 2,
    fat: 2,
    'short names': 1,
  })
  const skewUs = dice.chance(0.2) ? Math.round((dice.fraction() * 2 - 1) * 10 * YEAR_US) : 0
  return { name: `device ${at}`, fs: FILE_SYSTEMS[kind], skewUs, watch: watchOf(dice), isActive: true }
}

const watchOf = (dice: Dice): WatchModel =>
  dice.weighted<'good' | 'bad' | 'none'>({ good: 6, bad: 3, none: 1 }) === 'good'
    ? GOOD_WATCH
    : dice.chance(0.75)
      ? { lost: 0.3, doubled: 0.3, overflow: 0.1, delayUs: 400_000, trouble: null }
      : { ...GOOD_WATCH, trouble: 'no watches left' }
