import { describe, expect, test } from 'vitest'
import { BUGS, findBug } from './bugs.ts'
import { Coverage, THE_LEAST } from './coverage.ts'
import { runSeed } from './run-seed.ts'

/** Short forms of what `npm run test:long` does: thousands of seeds, and every mistake. */
const SEEDS = 300
const PLAYED_TWICE = 12
/** Those that the first seeds find. */
const SOON_FOUND = BUGS.filter(({ isSoonFound = false }) => isSoonFound)
const BUG_SEEDS = 600

const WITHIN = { timeout: 600_000 }

describe('the sync client, simulated', () => {
  test('I26: a seed plays the same world whenever it is played', WITHIN, async () => {
    for (let seed = 1; seed <= PLAYED_TWICE; seed++) {
      const [one, two] = [await runSeed(seed), await runSeed(seed)]
      expect(two.traceHash, `seed ${seed}`).toBe(one.traceHash)
    }
  })

  test(`I1 to I25: no rule is broken by ${SEEDS} seeds; I27: they have tried what matters most`, WITHIN, async () => {
    const coverage = new Coverage()
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violation, marks } = await runSeed(seed)
      expect(violation, `npm run sim -- --first ${seed} --seeds 1 --shrink`).toBeNull()
      coverage.add(marks)
    }
    expect(coverage.missing(THE_LEAST)).toEqual([])
  })

  for (const bug of SOON_FOUND)
    test(`I28: it finds ${bug.name}`, WITHIN, async () => {
      expect((await findBug(bug, { seedsMax: BUG_SEEDS })).seed).not.toBeNull()
    })
})
