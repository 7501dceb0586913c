import { expect, test } from 'vitest'
import { MemorySyncStore } from '../../test/support/memory-sync-store.ts'
import { ROOT } from '../../test/support/store-states.ts'
import { Lately } from './lately.ts'

const trees = (local: number, remote: number) => ({ gone: () => ({ local, remote, back: 0, synced: 100 }) })

test('P9: deletes of ten minutes are counted together, by where they were done, until somebody has answered', () => {
  let nowMs = 0
  const lately = new Lately({ now: () => nowMs }, new MemorySyncStore(ROOT))
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

test('P9: a restart in between hides no deletes, and brings none back that were answered', () => {
  let nowMs = 1_000_000
  const { data } = new MemorySyncStore(ROOT)
  const start = (): Lately => new Lately({ now: () => nowMs }, new MemorySyncStore(ROOT, data))
  const first = start()
  first.after(trees(0, 9))
  first.before(trees(0, 0))
  nowMs += 300_000
  const second = start()
  expect(second.counts()).toEqual({ remote: 0, local: 9 })
  second.after(trees(2, 0))
  second.before(trees(0, 0))
  nowMs += 310_000
  expect(start().counts()).toEqual({ remote: 2, local: 0 })
  second.forget()
  expect(start().counts()).toEqual({ remote: 0, local: 0 })
})

test('what cannot be read of the last minutes counts for nothing', () => {
  for (const text of ['', '{', 'null', '7', '[null, 1, {}, {"atMs": "now"}]']) {
    const store = new MemorySyncStore(ROOT)
    store.write((to) => to.setMeta('lately', text))
    expect(new Lately({ now: () => 0 }, store).counts()).toEqual({ remote: 0, local: 0 })
  }
})
