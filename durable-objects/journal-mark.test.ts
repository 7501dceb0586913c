import { describe, expect, test } from 'vitest'
import { isRewound, JournalMark, raised, type Mark } from './journal-mark.ts'

const mark: Mark = { epoch: 'e1', seq: 50, at: 1_000, past: ['e0'] }

describe('FD-9 a database that was restored from a backup', () => {
  test.each([
    ['the same head', 'e1', 50, 1_000, false],
    ['a head that another owner moved on', 'e1', 70, 1_000, false],
    ['entries that compaction removed', 'e1', 70, null, false],
    ['a head behind what was written', 'e1', 49, null, true],
    ['nothing left', 'e1', 0, null, true],
    ['another entry under the same seq', 'e1', 60, 1_001, true],
    ['an epoch that had ended', 'e0', 900, null, true],
    ['an epoch that somebody has begun', 'e2', 30, null, false],
  ])('%s', (_, epoch, seq, at, answer) => {
    expect(isRewound(mark, { epoch, seq }, at)).toBe(answer)
  })

  test('a journal of which nothing is known is believed', () => {
    expect(isRewound(null, { epoch: 'e1', seq: 0 }, null)).toBe(false)
  })
})

describe('FD-9 the mark', () => {
  test('rises with what is seen, never falls within an epoch', () => {
    expect(raised(null, { epoch: 'e1', seq: 3, at: 7 })).toEqual({ epoch: 'e1', seq: 3, at: 7, past: [] })
    expect(raised(mark, { epoch: 'e1', seq: 51, at: 7 })).toEqual({ ...mark, seq: 51, at: 7 })
    for (const seq of [0, 49, 50]) expect(raised(mark, { epoch: 'e1', seq, at: 7 })).toBe(mark)
  })

  test('a new epoch begins where it is, and the old one is over; what is late of it says nothing', () => {
    const next = raised(mark, { epoch: 'e2', seq: 30, at: null })
    expect(next).toEqual({ epoch: 'e2', seq: 30, at: null, past: ['e0', 'e1'] })
    expect(raised(next, { epoch: 'e1', seq: 99, at: 7 })).toBe(next)
    expect(isRewound(next, { epoch: 'e1', seq: 99 }, null)).toBe(true)
  })

  test('remembers a bounded number of epochs', () => {
    let now = mark
    for (let i = 0; i < 200; i++) now = raised(now, { epoch: `n${i}`, seq: 1, at: 1 })
    expect(now.past).toHaveLength(50)
    expect(now.past.at(-1)).toBe('n198')
  })

  test('is kept across lives; a busy journal writes it once at a time, and the last one is written', async () => {
    const kept = new Map<string, unknown>()
    const pending: (() => void)[] = []
    const storage = {
      kv: { get: (key: string) => kept.get(key) },
      put: (key: string, value: unknown) => {
        kept.set(key, value)
        return new Promise<void>((resolve) => pending.push(resolve))
      },
    }
    const open = () => new JournalMark(storage as never, (error) => expect(error).toBeNull())
    const first = open()
    for (let seq = 1; seq <= 100; seq++) first.raise({ epoch: 'e1', seq, at: seq })
    expect(pending).toHaveLength(1)
    while (pending.length > 0) {
      pending.shift()!()
      await Promise.resolve()
      await Promise.resolve()
    }
    expect(open().value).toEqual({ epoch: 'e1', seq: 100, at: 100, past: [] })
  })
})
