import { describe, expect, test } from 'vitest'
import type { ItemId } from '../../../core/reconcile/item.ts'
import { Restless } from './restless.ts'

const ID = 'local:1' as ItemId

function world() {
  let now = 1_700_000_000_000
  const restless = new Restless({ now: () => now })
  return {
    restless,
    pass: (ms: number) => (now += ms),
    /** Somebody writes every so often: how often is it read? */
    reads(everyMs: number, forMs: number): number {
      let count = 0
      for (let at = 0; at < forMs; at += everyMs) {
        restless.changed(ID)
        if (restless.waitMs(ID) === 0) {
          count++
          restless.read(ID)
        }
        now += everyMs
      }
      return count
    },
  }
}

describe('WR-05 files that keep changing', () => {
  test('the first change is read at once', () => {
    const { restless } = world()
    expect(restless.waitMs(ID)).toBe(0)
    restless.changed(ID)
    expect(restless.waitMs(ID)).toBe(0)
  })

  test('a line every 50 ms, all day long: once a minute, not with every line', () => {
    const day = 24 * 3_600_000
    const reads = world().reads(50, day)
    expect(reads).toBeLessThan(day / 60_000 + 20)
    expect(reads).toBeGreaterThan(day / 60_000 / 2)
  })

  test('a file that is saved every few seconds is read each time', () => {
    expect(world().reads(5_000, 60_000)).toBe(12)
  })

  test('when it rests, it is read within two seconds', () => {
    const { restless, reads, pass } = world()
    reads(50, 600_000)
    restless.changed(ID)
    expect(restless.waitMs(ID)).toBeGreaterThan(1_000)
    pass(2_000)
    expect(restless.waitMs(ID)).toBe(0)
  })

  test('TM-05 a clock that is set back makes nobody wait', () => {
    const { restless, reads, pass } = world()
    reads(50, 60_000)
    pass(-365 * 24 * 3_600_000)
    expect(restless.waitMs(ID)).toBe(0)
  })

  test('what is remembered is bounded', () => {
    const { restless } = world()
    for (let at = 0; at < 10_000; at++) restless.changed(`local:${at}` as ItemId)
    restless.changed(ID)
    restless.read(ID)
    expect(restless.waitMs(ID)).toBeGreaterThan(0)
    restless.read('local:2' as ItemId)
    expect(restless.waitMs('local:2' as ItemId)).toBe(0)
  })
})
