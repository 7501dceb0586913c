import { expect, test } from 'vitest'
import { alternate } from './alternate.ts'
import { percentile } from './summary.ts'

test('the sides take turns, change who is first, and warm-ups do not count', async () => {
  const calls: string[] = []
  const side = (name: string) => async (round: number) => {
    calls.push(name + round)
    return round
  }
  const result = await alternate({ baseline: side('b'), ours: side('o') }, { rounds: 3, warmUps: 1 })
  expect(calls).toEqual(['b0', 'o0', 'o1', 'b1', 'b2', 'o2', 'o3', 'b3'])
  expect(result.ours).toEqual({ median: 2, min: 1, max: 3, count: 3 })
})

test('a percentile is the nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i)
  expect([0, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 50, 99, 100])
})
