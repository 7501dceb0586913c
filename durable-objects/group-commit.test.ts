import { describe, expect, test } from 'vitest'
import { AppError } from '../core/errors.ts'
import { groupCommit } from './group-commit.ts'

/** An `apply` whose batches the test answers by hand. */
function gate() {
  const batches: { items: number[]; done(answers?: string[]): void; fail(error: unknown): void }[] = []
  const arrived: (() => void)[] = []
  const apply = (items: number[]) =>
    new Promise<string[]>((resolve, reject) => {
      batches.push({ items, done: (answers = items.map(String)) => resolve(answers), fail: reject })
      arrived.shift()?.()
    })
  const next = async (index: number) => {
    while (batches.length <= index) await new Promise<void>((resolve) => arrived.push(resolve))
    return batches[index]!
  }
  return { apply, next, batches }
}

const LIMITS = { weigh: () => 1, maxBatch: 5, maxWaiting: 10 }

describe('group commit', () => {
  test('what arrives during a batch is the next batch, in order of arrival; one batch at a time', async () => {
    const { apply, next, batches } = gate()
    const commits = groupCommit(apply, LIMITS)
    const answers = [commits.submit([1]), commits.submit([2, 3]), commits.submit([4])]
    expect((await next(0)).items).toEqual([1])
    expect(batches.length).toBe(1)
    batches[0]!.done()
    expect((await next(1)).items).toEqual([2, 3, 4])
    batches[1]!.done()
    expect(await Promise.all(answers)).toEqual([['1'], ['2', '3'], ['4']])
  })

  test('a batch is bounded; a submission is never split, however large', async () => {
    const { apply, next } = gate()
    const commits = groupCommit(apply, LIMITS)
    const all = Promise.all([
      commits.submit([0]),
      commits.submit([1, 2, 3]),
      commits.submit([4, 5, 6]),
      commits.submit([7]),
    ])
    ;(await next(0)).done()
    const second = await next(1)
    expect(second.items).toEqual([1, 2, 3])
    second.done()
    const third = await next(2)
    expect(third.items).toEqual([4, 5, 6, 7])
    third.done()
    await all
    const large = commits.submit([1, 2, 3, 4, 5, 6, 7])
    ;(await next(3)).done()
    expect((await large).length).toBe(7)
  })

  test('a batch is bounded by what its items weigh, not by how many they are', async () => {
    const { apply, next } = gate()
    const commits = groupCommit(apply, { weigh: (item: number) => item, maxBatch: 50, maxWaiting: 100 })
    const all = Promise.all([commits.submit([1]), commits.submit([30]), commits.submit([20]), commits.submit([40])])
    ;(await next(0)).done()
    const second = await next(1)
    expect(second.items).toEqual([30, 20])
    await expect(commits.submit([61])).rejects.toMatchObject({ code: 'busy' })
    second.done()
    ;(await next(2)).done()
    await all
    const alone = commits.submit([1_000])
    ;(await next(3)).done()
    expect(await alone).toEqual(['1000'])
  })

  test('more than may wait is busy, and those who wait are unharmed', async () => {
    const { apply, next } = gate()
    const commits = groupCommit(apply, LIMITS)
    const first = commits.submit([0])
    const waiting = commits.submit([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    await expect(commits.submit([11])).rejects.toMatchObject({ code: 'busy', facts: { retryAfterMs: 1000 } })
    ;(await next(0)).done()
    ;(await next(1)).done()
    expect((await first).length + (await waiting).length).toBe(11)
  })

  test('JR-11 what is left of a submission lets others go first, and they let it go on', async () => {
    const { apply, next } = gate()
    const commits = groupCommit(apply, LIMITS)
    const large = commits.submit([1, 2, 3, 4])
    const small = commits.submit([10, 11])
    ;(await next(0)).done(['1'])
    const second = await next(1)
    expect(second.items).toEqual([10, 11, 2, 3, 4])
    const late = commits.submit([20])
    second.done(['10', '11'])
    expect(await small).toEqual(['10', '11'])
    const third = await next(2)
    expect(third.items).toEqual([2, 3, 4, 20])
    third.done(['2', '3'])
    const fourth = await next(3)
    expect(fourth.items).toEqual([20, 4])
    fourth.done()
    expect(await late).toEqual(['20'])
    expect(await large).toEqual(['1', '2', '3', '4'])
  })

  test('what is left counts among what waits; an apply that answers nothing is ours to mend', async () => {
    const { apply, next } = gate()
    const commits = groupCommit(apply, LIMITS)
    const first = commits.submit([0, 1, 2, 3, 4, 5])
    ;(await next(0)).done(['0'])
    await next(1)
    const full = commits.submit([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
    await expect(commits.submit([16])).rejects.toMatchObject({ code: 'busy' })
    ;(await next(1)).done([])
    await expect(first).rejects.toMatchObject({ code: 'internal' })
    ;(await next(2)).done()
    expect((await full).length).toBe(10)
  })

  test('one bad submission does not spoil the others: each is then tried alone', async () => {
    const { apply, next } = gate()
    const commits = groupCommit(apply, LIMITS)
    const first = commits.submit([0])
    const good = commits.submit([1])
    const bad = commits.submit([2])
    const refused = expect(bad).rejects.toThrow('bad apple')
    ;(await next(0)).done()
    ;(await next(1)).fail(new Error('bad apple'))
    ;(await next(2)).done()
    ;(await next(3)).fail(new Error('bad apple'))
    expect(await first).toEqual(['0'])
    expect(await good).toEqual(['1'])
    await refused
  })

  test('when the database is away everyone is told at once, and nothing is tried again one by one', async () => {
    const { apply, next, batches } = gate()
    const commits = groupCommit(apply, LIMITS)
    const all = [commits.submit([0]), commits.submit([1]), commits.submit([2])]
    const told = Promise.all(
      all.slice(1).map((answer) => expect(answer).rejects.toMatchObject({ code: 'database-unavailable' })),
    )
    ;(await next(0)).done()
    ;(await next(1)).fail(new AppError('database-unavailable'))
    await told
    expect(batches.length).toBe(2)
  })
})
