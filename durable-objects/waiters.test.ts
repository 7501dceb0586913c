import { expect, test, vi } from 'vitest'
import { Waiters } from './waiters.ts'

test('FD-4 all who wait are woken, once', async () => {
  const waiters = new Waiters({ all: 10, session: 10 })
  const done = [1, 2, 3].map(() => waiters.wait('s', waiters.wakes, 60_000))
  expect(waiters.count).toBe(3)
  waiters.wake()
  expect(await Promise.all(done)).toEqual([true, true, true])
  expect(waiters.count).toBe(0)
})

test('FD-4 what happens while one looks is not slept through', async () => {
  const waiters = new Waiters({ all: 10, session: 10 })
  const { wakes } = waiters
  waiters.wake()
  expect(await waiters.wait('s', wakes, 60_000)).toBe(true)
})

test('FD-4 a wait ends by itself, and leaves nothing behind', async () => {
  vi.useFakeTimers()
  try {
    const waiters = new Waiters({ all: 10, session: 10 })
    const done = waiters.wait('s', waiters.wakes, 5_000)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(waiters.count).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await done).toBe(true)
    expect(waiters.count).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('FD-4 beyond the bound nobody waits', async () => {
  const waiters = new Waiters({ all: 2, session: 10 })
  const done = [1, 2].map(() => waiters.wait('s', waiters.wakes, 60_000))
  expect(await waiters.wait('s', waiters.wakes, 60_000)).toBe(false)
  waiters.wake()
  await Promise.all(done)
})

test('T25 nor does one session take the places of the others', async () => {
  const waiters = new Waiters({ all: 10, session: 2 })
  const done = [1, 2].map(() => waiters.wait('greedy', waiters.wakes, 60_000))
  expect(await waiters.wait('greedy', waiters.wakes, 60_000)).toBe(false)
  done.push(waiters.wait('other', waiters.wakes, 60_000))
  waiters.wake()
  expect(await Promise.all(done)).toEqual([true, true, true])
  const again = waiters.wait('greedy', waiters.wakes, 60_000)
  waiters.wake()
  expect(await again).toBe(true)
})
