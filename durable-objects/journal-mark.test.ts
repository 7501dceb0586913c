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

  test('is kept across lives: written at once, then now and then, and the last one is written', async () => {
    const kept = new Map<string, unknown>()
    const pauses: (() => void)[] = []
    let writes = 0
    const storage = {
      kv: { get: (key: string) => kept.get(key) },
      put: async (key: string, value: unknown) => {
        writes += 1
        kept.set(key, value)
      },
    }
    const wait = () => new Promise<void>((resolve) => pauses.push(resolve))
    const open = () => new JournalMark({ storage: storage as never, wait, onFailure: (e) => expect(e).toBeNull() })
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    const first = open()
    const raise = (from: number, to: number) => {
      for (let seq = from; seq <= to; seq++) first.raise({ epoch: 'e1', seq, at: seq })
    }
    raise(1, 1)
    expect(open().value).toMatchObject({ seq: 1 })
    await turn()
    raise(2, 100)
    expect(writes).toBe(1)
    for (let pause = pauses.shift(); pause; pause = pauses.shift()) {
      pause()
      await turn()
    }
    expect(open().value).toEqual({ epoch: 'e1', seq: 100, at: 100, past: [] })
    expect(writes).toBe(2)
    raise(101, 101)
    expect(open().value).toMatchObject({ seq: 101 })
  })

  test('a write that fails is no end: the next one is tried', async () => {
    const failures: unknown[] = []
    let fails = true
    const kept: unknown[] = []
    const storage = {
      kv: { get: () => undefined },
      put: async (_key: string, value: unknown) => {
        if (fails) throw new Error('no space')
        kept.push(value)
      },
    }
    const wait = async () => {}
    const mark = new JournalMark({ storage: storage as never, wait, onFailure: (error) => failures.push(error) })
    mark.raise({ epoch: 'e1', seq: 1, at: 1 })
    await new Promise((resolve) => setImmediate(resolve))
    fails = false
    mark.raise({ epoch: 'e1', seq: 2, at: 2 })
    await new Promise((resolve) => setImmediate(resolve))
    expect(failures).toHaveLength(1)
    expect(kept).toEqual([{ epoch: 'e1', seq: 2, at: 2, past: [] }])
  })
})
