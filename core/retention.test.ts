import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isExpired, nextHorizon, trashCutoffMs, type KeepingRules, type VersionStanding } from './retention.ts'

const DAY_MS = 86_400_000
const NOW = 100 * DAY_MS
const SEEDED = { seed: 20261121, numRuns: 500 }

type Version = { createdMs: number; isLabelled: boolean; isHeld: boolean }

const history = fc
  .array(fc.record({ createdMs: fc.integer({ min: 0, max: NOW }), isLabelled: fc.boolean(), isHeld: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((versions): Version[] => versions.toSorted((a, b) => a.createdMs - b.createdMs))
const rules = fc.record({
  trashDays: fc.integer({ min: 0, max: 60 }),
  versionDays: fc.option(fc.integer({ min: 0, max: 100 })),
  versionCount: fc.option(fc.integer({ min: 1, max: 8 })),
})

/** What the rows say of each version: the last is the present one. */
const standings = (versions: readonly Version[]): VersionStanding[] =>
  versions.map(({ isLabelled, isHeld }, i) => ({
    replacedMs: versions[i + 1]?.createdMs ?? null,
    isLabelled,
    isHeld,
    newer: versions.slice(i + 1).filter((version) => !version.isLabelled).length,
  }))

const keep = (versions: readonly Version[], by: KeepingRules, nowMs: number): Version[] => {
  const facts = standings(versions)
  return versions.filter((_, i) => !isExpired(facts[i]!, by, nowMs))
}

test('RT-3: the present version, labelled ones and those of an open conflict stay, whatever the rules and the time', () => {
  fc.assert(
    fc.property(history, rules, fc.nat(1_000), (versions, by, days) => {
      const kept = keep(versions, by, NOW + days * DAY_MS)
      expect(kept).toContain(versions.at(-1))
      for (const version of versions) if (version.isLabelled || version.isHeld) expect(kept).toContain(version)
    }),
    SEEDED,
  )
})

test('RT-2: without a rule nothing expires; with a count, no more unprotected versions stay', () => {
  fc.assert(
    fc.property(history, rules, (versions, by) => {
      expect(keep(versions, { ...by, versionDays: null, versionCount: null }, NOW)).toEqual(versions)
      const { versionCount } = by
      if (versionCount === null) return
      const free = keep(versions, by, NOW).filter(({ isLabelled, isHeld }) => !isLabelled && !isHeld)
      expect(free.length).toBeLessThanOrEqual(versionCount)
    }),
    SEEDED,
  )
})

test('RT-2: what was replaced within the days, and is within the count, stays', () => {
  fc.assert(
    fc.property(history, rules, (versions, by) => {
      const kept = keep(versions, by, NOW)
      for (const [i, version] of versions.entries()) {
        const replacedMs = versions[i + 1]?.createdMs ?? NOW
        const isYoung = by.versionDays === null || replacedMs > NOW - by.versionDays * DAY_MS
        const isNear = by.versionCount === null || versions.length - i <= by.versionCount
        if (isYoung && isNear) expect(kept).toContain(version)
      }
    }),
    SEEDED,
  )
})

test('RT-4: a second run at the same time removes nothing more, and time never brings a version back', () => {
  fc.assert(
    fc.property(history, rules, fc.nat(100), (versions, by, days) => {
      const once = keep(versions, by, NOW)
      expect(keep(once, by, NOW)).toEqual(once)
      const later = keep(versions, by, NOW + days * DAY_MS)
      expect(once).toEqual(expect.arrayContaining(later))
    }),
    SEEDED,
  )
})

test('RT-4: removed oldest first, in steps of any size, the same stay', () => {
  fc.assert(
    fc.property(history, rules, (versions, by) => {
      let left = [...versions]
      for (;;) {
        const facts = standings(left)
        const first = left.findIndex((_, i) => isExpired(facts[i]!, by, NOW))
        if (first === -1) break
        left = left.toSpliced(first, 1)
      }
      expect(left).toEqual(keep(versions, by, NOW))
    }),
    SEEDED,
  )
})

test('RT-1: the trash of a space with 30 days is over after exactly 30 days', () => {
  expect(trashCutoffMs({ trashDays: 30 }, NOW)).toBe(70 * DAY_MS)
  expect(trashCutoffMs({ trashDays: 0 }, NOW)).toBe(NOW)
})

test('RT-6: the horizon never goes back, never passes what is young, near the head, or not counted yet', () => {
  const extent = fc
    .record({
      head: fc.nat(1_000),
      horizon: fc.nat(1_000),
      consumed: fc.nat(1_000),
      firstYoung: fc.option(fc.nat(1_000)),
    })
    .map((e) => ({ ...e, horizon: Math.min(e.horizon, e.head), consumed: Math.min(e.consumed, e.head) }))
  const limits = fc.record({ keepEntries: fc.nat(1_000), limit: fc.integer({ min: 1, max: 500 }) })
  fc.assert(
    fc.property(extent, limits, (e, by) => {
      const next = nextHorizon(e, by)
      expect(next).toBeGreaterThanOrEqual(e.horizon)
      expect(next).toBeLessThanOrEqual(e.horizon + by.limit)
      if (next === e.horizon) return
      expect(next).toBeLessThanOrEqual(Math.min(e.head - by.keepEntries, e.consumed, (e.firstYoung ?? Infinity) - 1))
    }),
    SEEDED,
  )
})
