import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOrderedIds, isUuid } from './ids.ts'

const random = fc.uint8Array({ minLength: 10, maxLength: 10 })

test('ordered ids rise strictly, whatever the clock does, and hold its time', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), random), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(steps, (all) => {
      let now = 1_800_000_000_000
      let bytes = new Uint8Array(10)
      const next = createOrderedIds(
        () => now,
        () => bytes,
      )
      const ids = all.map(([step, dice]) => {
        now += step
        bytes = dice
        return next()
      })
      expect(ids.every(isUuid)).toBe(true)
      expect(ids.map((id) => id[14])).toEqual(ids.map(() => '7'))
      expect([...new Set(ids)].sort()).toEqual(ids)
    }),
  )
})

test('a millisecond with more ids than it can count goes on in the next', () => {
  const next = createOrderedIds(
    () => 1_800_000_000_000,
    () => new Uint8Array(10).fill(0xff),
  )
  const ids = Array.from({ length: 10_000 }, next)
  expect([...new Set(ids)].sort()).toEqual(ids)
  const timeOf = (id: string): number => Number.parseInt(id.replace('-', '').slice(0, 12), 16)
  expect(timeOf(ids.at(-1)!) - timeOf(ids[0]!)).toBe(2)
})

test('what is random of an id stays random', () => {
  const [a, b] = [1, 2].map((dice) =>
    createOrderedIds(
      () => 1_800_000_000_000,
      () => new Uint8Array(10).fill(dice),
    )(),
  )
  expect(a!.slice(19)).not.toBe(b!.slice(19))
})
