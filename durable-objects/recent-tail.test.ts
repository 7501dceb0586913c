import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FeedEntry } from '../db/tenant/journal.ts'
import { RecentTail } from './recent-tail.ts'

const entries = (from: number, count: number): FeedEntry[] =>
  Array.from({ length: count }, (_, i) => ({ seq: from + i }) as FeedEntry)

test('I10 the tail answers exactly what the journal would, or says that it cannot', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ count: fc.integer({ min: 1, max: 40 }), gap: fc.boolean() }), { maxLength: 20 }),
      fc.nat(500),
      fc.integer({ min: 1, max: 50 }),
      (batches, after, limit) => {
        const tail = new RecentTail()
        let head = 0
        for (const { count, gap } of batches) {
          // A gap is another owner's batch: this object never saw it.
          if (gap) head += 3
          tail.append(head, entries(head + 1, count))
          head += count
        }
        const answer = tail.after(after, limit)
        if (answer === null) return
        expect(answer.head).toBe(head)
        expect(answer.entries.map((entry) => entry.seq)).toEqual(
          entries(after + 1, Math.min(limit, head - after)).map((entry) => entry.seq),
        )
      },
    ),
  )
})

test('it forgets the oldest, not the newest', () => {
  const tail = new RecentTail()
  for (let i = 0; i < 30; i++) tail.append(i * 1000, entries(i * 1000 + 1, 1000))
  expect(tail.after(0, 1)).toBeNull()
  expect(tail.after(29_999, 10)?.entries.map((entry) => entry.seq)).toEqual([30_000])
})
