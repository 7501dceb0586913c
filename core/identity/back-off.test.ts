import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ACCOUNT_RULE,
  ADDRESS_RULE,
  decideAttempt,
  DEVICE_START_RULE,
  LONGEST_MEMORY_MS,
  USER_CODE_RULE,
  waitAfter,
  type Attempts,
  type BackOffRule,
} from './back-off.ts'

const RULES = [ACCOUNT_RULE, ADDRESS_RULE, USER_CODE_RULE, DEVICE_START_RULE]

/** As many guesses as anyone can make in a span of time who tries as often as allowed. */
function guessesWithin(rule: BackOffRule, spanMs: number): number {
  let seen: Attempts | null = null
  let made = 0
  for (let now = 0; now < spanMs;) {
    const decision = decideAttempt(rule, seen, now)
    if (decision.do === 'refuse') now += decision.retryAfterMs
    else {
      seen = decision.next
      made++
    }
  }
  return made
}

describe('T28 back-off', () => {
  test('the first guesses are free, then waits double up to the cap', () => {
    const waits = [4, 5, 6, 7, 13, 14, 100].map((failures) => waitAfter(ACCOUNT_RULE, failures))
    expect(waits).toEqual([0, 1000, 2000, 4000, 256_000, 300_000, 300_000])
  })

  test('of two free guesses at once, the one with the earlier time is not refused, and takes no time back', () => {
    const first = decideAttempt(ACCOUNT_RULE, { failures: 1, lastAt: 1_000 }, 1_005)
    const second = decideAttempt(ACCOUNT_RULE, { failures: 2, lastAt: 1_005 }, 1_003)
    expect([first, second]).toEqual([
      { do: 'count', next: { failures: 2, lastAt: 1_005 } },
      { do: 'count', next: { failures: 3, lastAt: 1_005 } },
    ])
  })

  test('a persistent guesser gets a bounded number of guesses a day', () => {
    expect(guessesWithin(ACCOUNT_RULE, 86_400_000)).toBeLessThan(310)
    expect(guessesWithin(USER_CODE_RULE, 600_000)).toBeLessThan(12)
  })

  test('a refusal names the moment from which a guess is taken, and counts nothing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RULES),
        fc.integer({ min: 1, max: 200 }),
        fc.nat(10 ** 6),
        (rule, failures, ageMs) => {
          const seen = { failures, lastAt: 10 ** 9 }
          const now = seen.lastAt + ageMs
          const decision = decideAttempt(rule, seen, now)
          if (decision.do === 'count') return
          expect(decision.retryAfterMs).toBeGreaterThan(0)
          expect(decideAttempt(rule, seen, now + decision.retryAfterMs).do).toBe('count')
          expect(decideAttempt(rule, seen, now + decision.retryAfterMs - 1).do).toBe('refuse')
        },
      ),
      { seed: 28 },
    )
  })

  test('nobody is shut out for longer than the cap, and counts are forgotten', () => {
    for (const rule of RULES) {
      const seen = { failures: 10_000, lastAt: 0 }
      expect(decideAttempt(rule, seen, rule.maxWaitMs).do).toBe('count')
      expect(decideAttempt(rule, seen, rule.forgetMs)).toMatchObject({ next: { failures: 1 } })
      expect(rule.forgetMs).toBeLessThanOrEqual(LONGEST_MEMORY_MS)
      expect(rule.forgetMs).toBeGreaterThan(rule.maxWaitMs)
    }
  })
})
