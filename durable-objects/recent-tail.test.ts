import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FeedEntry, JournalPage } from '../db/tenant/journal.ts'
import { RecentTail } from './recent-tail.ts'

const EPOCH = 'e1'
const entryOf = (seq: number, properties: Record<string, string> | null = null): FeedEntry =>
  ({ seq, node: { name: 'x', linkTarget: null, properties } }) as FeedEntry
const entries = (from: number, count: number): FeedEntry[] =>
  Array.from({ length: Math.max(0, count) }, (_, i) => entryOf(from + i))
const page = (head: number, after: number, limit: number, epoch = EPOCH): JournalPage => ({
  entries: entries(after + 1, Math.min(limit, head - after)),
  head,
  horizon: 0,
  epoch,
})
const seqs = (answer: JournalPage | null) => answer?.entries.map((entry) => entry.seq)

/** What may happen to a tail: a batch of ours, one of another owner, and a page that was read. */
const events = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('commit' as const), count: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ do: fc.constant('other' as const), count: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ do: fc.constant('read' as const), after: fc.nat(300), limit: fc.integer({ min: 1, max: 100 }) }),
  ),
  { maxLength: 30 },
)

test('I10 FD-5 the tail answers exactly what the journal would, or says that it cannot', () => {
  fc.assert(
    fc.property(events, fc.nat(500), fc.integer({ min: 1, max: 50 }), (happens, after, limit) => {
      const tail = new RecentTail()
      let [head, confirmed] = [0, 0]
      for (const event of happens) {
        if (event.do === 'other') head += event.count
        else if (event.do === 'commit') {
          tail.append({ epoch: EPOCH, oldSeq: head, entries: entries(head + 1, event.count) }, 0)
          confirmed = head += event.count
        } else if (event.after <= head) {
          tail.learn(page(head, event.after, event.limit), event.after, 0)
          confirmed = head
        }
      }
      const answer = tail.after(after, limit, 500)
      if (answer === null) return
      expect(answer.head).toBe(confirmed)
      expect(seqs(answer)).toEqual(entries(after + 1, Math.min(limit, confirmed - after)).map((entry) => entry.seq))
    }),
    { seed: 1, numRuns: 1_000 },
  )
})

test('FD-5 it answers nothing that nobody has confirmed for a second', () => {
  const tail = new RecentTail()
  tail.append({ epoch: EPOCH, oldSeq: 0, entries: entries(1, 3) }, 10_000)
  expect(seqs(tail.after(1, 10, 10_999))).toEqual([2, 3])
  expect(tail.after(1, 10, 11_000)).toBeNull()
  tail.learn(page(3, 3, 10), 3, 11_500)
  expect(seqs(tail.after(1, 10, 12_000))).toEqual([2, 3])
})

test('FD-5 a page that was asked for before a commit takes nothing back', () => {
  const tail = new RecentTail()
  tail.append({ epoch: EPOCH, oldSeq: 0, entries: entries(1, 3) }, 0)
  tail.learn(page(2, 0, 10), 0, 0)
  expect(seqs(tail.after(0, 10, 0))).toEqual([1, 2, 3])
})

test('FD-9 the tail of another epoch is none', () => {
  const tail = new RecentTail()
  tail.append({ epoch: EPOCH, oldSeq: 0, entries: entries(1, 9) }, 0)
  tail.learn(page(5, 3, 10, 'e2'), 3, 0)
  expect(tail.after(0, 10, 0)).toBeNull()
  expect(tail.after(3, 10, 0)).toMatchObject({ epoch: 'e2', head: 5 })
  tail.append({ epoch: 'e3', oldSeq: 5, entries: entries(6, 1) }, 0)
  expect(tail.after(4, 10, 0)).toBeNull()
  expect(tail.after(5, 10, 0)).toMatchObject({ epoch: 'e3', head: 6 })
})

test('it forgets the oldest, not the newest', () => {
  const tail = new RecentTail()
  for (let i = 0; i < 30; i++) tail.append({ epoch: EPOCH, oldSeq: i * 1000, entries: entries(i * 1000 + 1, 1000) }, 0)
  expect(tail.after(0, 1, 0)).toBeNull()
  expect(seqs(tail.after(29_999, 10, 0))).toEqual([30_000])
  expect(seqs(tail.after(21_000, 1, 0))).toEqual([21_001])
})

test('T25 it holds fewer of those that are long', () => {
  const tail = new RecentTail()
  const properties = { long: 'x'.repeat(16_000) }
  const long = (seq: number): FeedEntry[] => [entryOf(seq, properties)]
  for (let seq = 0; seq < 2_000; seq++) tail.append({ epoch: EPOCH, oldSeq: seq, entries: long(seq + 1) }, 0)
  expect(tail.after(1_300, 1, 0)).toBeNull()
  expect(seqs(tail.after(1_600, 2, 0))).toEqual([1_601, 1_602])
  tail.append({ epoch: EPOCH, oldSeq: 2_000, entries: entries(2_001, 9_000) }, 0)
  expect(seqs(tail.after(2_000, 1, 0))).toEqual([2_001])
  expect(tail.after(10_999, 9, 0)).toMatchObject({ head: 11_000 })
})
