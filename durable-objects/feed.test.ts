import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Readable } from '../core/access/visibility.ts'
import { AppError } from '../core/errors.ts'
import type { SpaceId } from '../core/ids.ts'
import type { FeedEntry, JournalPage } from '../db/tenant/journal.ts'
import { Feed, PAGE_LIMITS, type Place } from './feed.ts'
import { JournalMark } from './journal-mark.ts'
import { RecentTail } from './recent-tail.ts'

/** A journal of which every `nth` entry is readable, and whose clock moves by `msARead` with every query. */
function world({ head = 100, horizon = 0, nth = 1, msARead = 0, nameLength = 10 } = {}) {
  const journal = { epoch: 'e1', head, horizon, reads: 0, now: 0 }
  const entryAt = (seq: number): FeedEntry =>
    ({
      seq,
      kind: 'updated',
      at: seq,
      spaceId: seq % nth === 0 ? 'mine' : 'theirs',
      node: { id: `n${seq}`, spaceId: seq % nth === 0 ? 'mine' : 'theirs', name: 'x'.repeat(nameLength) },
    }) as unknown as FeedEntry
  const read = async (after: number, limit: number): Promise<JournalPage> => {
    journal.reads += 1
    journal.now += msARead
    const count = Math.max(0, Math.min(limit, journal.head - after))
    const { epoch } = journal
    const entries = Array.from({ length: count }, (_, i) => entryAt(after + 1 + i))
    return { entries, head: journal.head, horizon: journal.horizon, epoch }
  }
  const renews: string[] = []
  const storage = { kv: { get: () => undefined }, put: async () => {} }
  const mark = new JournalMark({ storage: storage as never, wait: async () => {}, onFailure: () => {} })
  const tail = new RecentTail()
  const renew = async (): Promise<void> => {
    journal.epoch = `e${Number(journal.epoch.slice(1)) + 1}`
    renews.push(journal.epoch)
    mark.raise({ epoch: journal.epoch, seq: journal.head, at: null })
  }
  const feed = new Feed({ tail, mark, read, renew, clock: () => journal.now })
  return { feed, journal, tail, mark, renews, entryAt }
}

const MINE: Readable = { spaces: new Set(['mine' as SpaceId]) }
const from = (seq: number, epoch: string | null = null): Place => ({ epoch, seq })

async function allPages(feed: Feed, limits: () => number): Promise<{ seqs: number[]; pages: number }> {
  const seqs: number[] = []
  let at = from(0)
  for (let pages = 1; ; pages++) {
    const page = await feed.page(MINE, at, limits())
    expect(page.through).toBeGreaterThan(page.more ? at.seq : at.seq - 1)
    seqs.push(...page.entries.map((entry) => entry.seq))
    at = from(page.through, page.epoch)
    if (!page.more) return { seqs, pages }
  }
}

describe('FD-3 a page', () => {
  test('I10 I15 cut anywhere: every readable entry once, in order, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3_000 }),
        fc.integer({ min: 1, max: 700 }),
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 8 }),
        async (head, nth, limits) => {
          const { feed } = world({ head, nth })
          let i = 0
          const { seqs } = await allPages(feed, () => limits[i++ % limits.length]!)
          expect(seqs).toEqual(Array.from({ length: Math.floor(head / nth) }, (_, k) => (k + 1) * nth))
        },
      ),
      { seed: 5, numRuns: 200 },
    )
  })

  test('SV-15 one who may read nothing gets it in bounded steps', async () => {
    const { feed } = world({ head: 35_000, nth: 1_000_000 })
    const first = await feed.page(MINE, from(0), 500)
    expect(first).toMatchObject({ entries: [], more: true })
    expect(first.through).toBeGreaterThanOrEqual(PAGE_LIMITS.lookedAt)
    expect(first.through).toBeLessThan(PAGE_LIMITS.lookedAt + 1_000)
    expect((await allPages(feed, () => 500)).pages).toBe(4)
  })

  test('SV-15 it ends when its time is over, with what it has', async () => {
    const { feed, journal } = world({ head: 35_000, nth: 700, msARead: 90 })
    const page = await feed.page(MINE, from(0), 500)
    expect(journal.reads).toBe(3)
    expect(page.more).toBe(true)
    expect(page.entries.length).toBeGreaterThan(0)
  })

  test('it ends at about a megabyte, but holds one entry at least', async () => {
    const { feed } = world({ head: 1_000, nameLength: 10_000 })
    const page = await feed.page(MINE, from(0), 1_000)
    expect(page.more).toBe(true)
    expect(page.entries.length).toBeGreaterThan(40)
    expect(page.entries.length).toBeLessThan(60)
    const huge = world({ head: 3, nameLength: 2_000_000 })
    expect((await allPages(huge.feed, () => 1_000)).seqs).toEqual([1, 2, 3])
  })
})

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  const error = await work.catch((thrown: unknown) => thrown)
  return error instanceof AppError ? error.facts['reason'] : error
}

describe('FD-2 where the journal cannot go on', () => {
  test('behind the horizon, ahead of the head, of another epoch', async () => {
    const { feed } = world({ head: 50, horizon: 10 })
    expect(await reasonOf(feed.page(MINE, from(9), 10))).toBe('horizon')
    expect(await reasonOf(feed.page(MINE, from(51, 'e1'), 10))).toBe('ahead')
    expect(await reasonOf(feed.page(MINE, from(20, 'e9'), 10))).toBe('epoch')
    expect(await feed.page(MINE, from(10), 1)).toMatchObject({ through: 11 })
  })

  test('SV-12 compaction or another epoch in the middle of a page loses nothing unsaid', async () => {
    const compacted = world({ head: 5_000, nth: 1_000_000 })
    const page = compacted.feed.page(MINE, from(0), 100)
    compacted.journal.horizon = 4_000
    expect(await reasonOf(page)).toBe('horizon')
    const replaced = world({ head: 5_000, nth: 1_000_000 })
    const other = replaced.feed.page(MINE, from(0), 100)
    await Promise.resolve()
    replaced.journal.epoch = 'e7'
    expect(await reasonOf(other)).toBe('epoch')
  })

  test('FD-5 one of an epoch that the memory does not know is asked of Postgres', async () => {
    const { feed, journal, tail, entryAt } = world({ head: 5 })
    tail.append({ epoch: 'e0', oldSeq: 0, entries: [1, 2, 3, 4, 5].map(entryAt) }, 0)
    expect(await feed.page(MINE, from(3, 'e1'), 10)).toMatchObject({ through: 5, epoch: 'e1' })
    expect(journal.reads).toBe(1)
  })
})

describe('FD-9 the database went back', () => {
  test('a page finds out: a new epoch begins before anything is shown', async () => {
    const { feed, journal, mark, renews, tail } = world({ head: 30 })
    mark.raise({ epoch: 'e1', seq: 50, at: 50 })
    tail.forget()
    expect(await reasonOf(feed.page(MINE, from(45, 'e1'), 10))).toBe('epoch')
    expect(renews).toEqual(['e2'])
    expect(await feed.page(MINE, from(0), 1_000)).toMatchObject({ epoch: 'e2', through: 30, more: false })
    expect(renews).toEqual(['e2'])
    journal.epoch = 'e1'
    journal.now += 5_000
    journal.head = 90
    expect(await reasonOf(feed.page(MINE, from(60, 'e1'), 10))).toBe('epoch')
    expect(renews).toEqual(['e2', 'e2'])
  })

  test('another entry under a seq that was shown', async () => {
    const { feed, mark, renews } = world({ head: 60 })
    mark.raise({ epoch: 'e1', seq: 50, at: 49 })
    expect(await reasonOf(feed.page(MINE, from(45, 'e1'), 10))).toBe('epoch')
    expect(renews).toEqual(['e2'])
  })

  test('a commit while the page is read is no sign of it', async () => {
    const { feed, mark, renews } = world({ head: 30 })
    const page = feed.page(MINE, from(20, 'e1'), 100)
    mark.raise({ epoch: 'e1', seq: 40, at: 40 })
    expect(await page).toMatchObject({ through: 30 })
    expect(renews).toEqual([])
  })
})
