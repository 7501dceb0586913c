import type { Bug } from './bug.ts'
import { DISK_BUGS } from './bugs/disk-bugs.ts'
import { REMOTE_BUGS } from './bugs/remote-bugs.ts'
import { runSeed } from './run-seed.ts'

/** Mistakes that real clients have made. Each must be found within `SEEDS_MAX` seeds, else the simulation is weak (I28). */
export const BUGS: readonly Bug[] = [...DISK_BUGS, ...REMOTE_BUGS]
export const SEEDS_MAX = 2_000

export type BugRow = { bug: string; seeds: number; seed: number | null; rule: string | null; detail: string }

/**
 * The first seed that breaks a rule with the bug, and does not without it.
 * @param first where to begin
 */
export async function findBug(bug: Bug, { first = 1, seedsMax = SEEDS_MAX } = {}): Promise<BugRow> {
  for (let seed = first; seed < first + seedsMax; seed++) {
    const { violation } = await runSeed(seed, { bug })
    if (!violation || (await runSeed(seed)).violation) continue
    return { bug: bug.name, seeds: seed - first + 1, seed, rule: violation.rule, detail: violation.detail }
  }
  return { bug: bug.name, seeds: seedsMax, seed: null, rule: null, detail: '' }
}
