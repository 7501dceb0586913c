import type { Bug } from './bug.ts'
import { configOf } from './config.ts'
import type { Violation } from './ledger.ts'
import type { Script } from './script.ts'
import { World } from './world.ts'

export type RunResult = {
  seed: number
  violation: Violation | null
  traceHash: string
  events: number
  virtualSeconds: number
  marks: string[]
  /** What happened, so that it can be played again. */
  script: Script
  lines: readonly string[]
}

export const scriptOf = (seed: number): Script => ({ seed, config: configOf(seed), moves: null, faults: null })

export const runSeed = (seed: number, options: { bug?: Bug | null; keepsTrace?: boolean } = {}): Promise<RunResult> =>
  runScript(scriptOf(seed), options)

/** One world, from its beginning until it is at rest or a rule is broken. */
export async function runScript(
  script: Script,
  options: { bug?: Bug | null; keepsTrace?: boolean } = {},
): Promise<RunResult> {
  const world = new World(script, options)
  const onRejection = (error: unknown): void => world.unexpected(error)
  process.on('unhandledRejection', onRejection)
  let violation: Violation | null
  try {
    violation = await world.run()
  } finally {
    process.off('unhandledRejection', onRejection)
  }
  for (const device of world.devices) device.life?.end()
  return {
    seed: script.seed,
    violation,
    traceHash: world.trace.hash,
    events: world.scheduler.events,
    virtualSeconds: Math.round(world.scheduler.nowUs / 1e6),
    marks: [...world.marks],
    script: { ...script, moves: world.done, faults: world.faults.met, untilUs: world.lastUs },
    lines: world.trace.lines,
  }
}
