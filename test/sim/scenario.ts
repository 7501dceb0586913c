import { FILE_SYSTEMS } from './config.ts'
import { NO_FAULTS, type Fault, type PlannedFault } from './fault.ts'
import type { DeviceConfig } from './script.ts'
import { Stage } from './stage.ts'
import { GOOD_WATCH } from './virtual-watcher.ts'
import { World, type WorldOptions } from './world.ts'

type FileSystem = keyof typeof FILE_SYSTEMS

/** A case of SYNC-CASES by its id, or a fault that a seed has found: what people and machines do, and what must come of it. */
export type Scenario = {
  id: string
  title: string
  /** One file system for each device; two plain ones when it says nothing. */
  devices?: readonly (FileSystem | ({ fs: FileSystem } & Partial<Omit<DeviceConfig, 'fs'>>))[]
  watch?: DeviceConfig['watch']
  /** The device that may die between `mayDie` and `livesOn`: it is played once as it is, and once more for every call, in which it dies. */
  dies?: number
  play(stage: Stage): Promise<void>
}

export type PlayOptions = WorldOptions & {
  /** Every way to die at every call; otherwise they take turns. */
  isLong?: boolean
}

const DEATHS: readonly Fault[] = [
  { do: 'kill', when: 'before' },
  { do: 'power', when: 'after' },
  { do: 'kill', when: 'after' },
  { do: 'power', when: 'before' },
]

/** Plays a scenario, then waits for rest and looks at everything that must hold there. @throws RuleBroken, or what the scenario throws */
export async function playScenario(scenario: Scenario, options: PlayOptions = {}): Promise<void> {
  const { window } = await playOnce(scenario, null, options)
  const { dies } = scenario
  if (dies === undefined) return
  if (window.to < window.from) throw new Error('it says that a device dies, and never when')
  for (let call = window.from; call <= window.to; call++) {
    const deaths = options.isLong ? DEATHS : [DEATHS[call % DEATHS.length]!]
    for (const fault of deaths) await playOnce(scenario, { device: dies, call, fault }, options)
  }
}

async function playOnce(scenario: Scenario, death: PlannedFault | null, options: WorldOptions): Promise<Stage> {
  const config = { devices: devicesOf(scenario), rates: NO_FAULTS, moves: 0, gapRate: 0, groups: [] }
  const world = new World({ seed: 1, config, moves: [], faults: death ? [death] : [] }, options)
  world.onAnswer = () => null
  const onRejection = (error: unknown): void => world.unexpected(error)
  process.on('unhandledRejection', onRejection)
  const stage = new Stage(world, scenario.dies)
  try {
    for (const device of world.devices) device.start()
    await stage.settle()
    await scenario.play(stage)
    if (!death) stage.requireMoments()
    await stage.rest()
  } catch (error) {
    if (!death) throw error
    const { device, call, fault } = death
    throw new Error(
      `when device ${device} dies at call ${call} (${Object.values(fault).join(' ')}): ${String(error)}`,
      {
        cause: error,
      },
    )
  } finally {
    process.off('unhandledRejection', onRejection)
    for (const { life } of world.devices) life?.end()
  }
  return stage
}

const devicesOf = ({ devices = ['linux', 'linux'], watch = GOOD_WATCH }: Scenario): DeviceConfig[] =>
  devices.map((told, at) => {
    const { fs, ...more } = typeof told === 'string' ? { fs: told } : told
    return { name: `device ${at}`, fs: FILE_SYSTEMS[fs], skewUs: 0, watch, isActive: true, ...more }
  })
