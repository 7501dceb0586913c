import { expect, test } from 'vitest'
import { Lately } from './lately.ts'

test('P9: deletes of ten minutes are counted together, by where they were done, until somebody has answered', () => {
  let nowMs = 0
  const lately = new Lately({ now: () => nowMs })
  const trees = (local: number, remote: number) => ({ gone: () => ({ local, remote, back: 0, synced: 100 }) })
  lately.after(trees(5, 2))
  nowMs = 60_000
  lately.before(trees(1, 2))
  // What a scan finds again was not deleted.
  lately.after(trees(0, 0))
  lately.before(trees(0, 0))
  expect(lately.counts()).toEqual({ remote: 4, local: 0 })
  nowMs = 300_000
  lately.after(trees(3, 3))
  lately.before(trees(0, 1))
  expect(lately.counts()).toEqual({ remote: 7, local: 2 })
  nowMs = 661_000
  expect(lately.counts()).toEqual({ remote: 3, local: 2 })
  lately.forget()
  expect(lately.counts()).toEqual({ remote: 0, local: 0 })
})
