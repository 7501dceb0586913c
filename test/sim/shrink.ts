import { FILE_SYSTEMS } from './config.ts'
import { GOOD_WATCH } from './virtual-watcher.ts'
import { runScript, type RunResult } from './run-seed.ts'
import type { WorldOptions } from './world.ts'
import type { Script } from './script.ts'

const RUNS_MAX = 300

/**
 * Takes away whatever a failing run does not need: moves and faults in halves, then one by one, as long as the same rule breaks. What is
 * left is played from the same seed, so everything that was not taken away happens when it happened before, as far as that can be.
 */
export async function shrink(failed: RunResult, options: WorldOptions = {}): Promise<RunResult> {
  const wanted = kindOf(failed)
  let best = failed
  let runs = 0
  const tries = async (script: Script): Promise<boolean> => {
    if (++runs > RUNS_MAX) return false
    const result = await runScript(script, options)
    if (kindOf(result) !== wanted) return false
    // As it was played: without the moves that could not be done it may be another story.
    best = { ...result, script }
    return true
  }
  await tries(failed.script)
  const { untilUs: _, ...soonHealed } = best.script
  await tries(soonHealed)
  await withPlainDevices(() => best.script, tries)
  for (;;) {
    const before = sizeOf(best.script)
    await without(() => best.script, 'faults', tries)
    await without(() => best.script, 'moves', tries)
    if (sizeOf(best.script) >= before || runs >= RUNS_MAX) return best
  }
}

/** The same rule in the same words, whoever and whatever it is about. */
function kindOf({ violation }: RunResult): string | null {
  if (violation === null) return null
  const [said = ''] = violation.detail.split(/: |\n/).slice(violation.detail.startsWith('device ') ? 1 : 0)
  return `${violation.rule} ${(said || violation.detail).split(' ').slice(-3).join(' ')}`
}

/** Fewer machines, and none that is in any way special. */
async function withPlainDevices(script: () => Script, tries: (script: Script) => Promise<boolean>): Promise<void> {
  while (script().config.devices.length > 1) {
    const { config } = script()
    if (!(await tries({ ...script(), config: { ...config, devices: config.devices.slice(0, -1) } }))) break
  }
  for (const at of script().config.devices.keys()) {
    const { config } = script()
    const plain = { ...config.devices[at]!, fs: FILE_SYSTEMS.linux, skewUs: 0, watch: GOOD_WATCH }
    await tries({ ...script(), config: { ...config, devices: config.devices.with(at, plain) } })
  }
}

const sizeOf = ({ moves, faults }: Script): number => (moves?.length ?? 0) + (faults?.length ?? 0)

async function without(
  script: () => Script,
  what: 'moves' | 'faults',
  tries: (script: Script) => Promise<boolean>,
): Promise<void> {
  for (
    let size = Math.ceil((script()[what]?.length ?? 0) / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = (script()[what]?.length ?? 0) - size; at > -size; at -= size) {
      const now = script()
      const from = Math.max(0, at)
      const left = (now[what] as unknown[]).toSpliced(from, Math.min(size, at + size))
      await tries({ ...now, [what]: left })
    }
  }
}
