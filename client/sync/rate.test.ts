import { expect, test } from 'vitest'
import { createRate } from './rate.ts'

const KIB = 1024

/** A clock that only goes on while somebody sleeps. */
function sleepingClock() {
  let now = 0
  return {
    now: () => now,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted()
      now += ms
    },
  }
}

test('a large piece takes the time that the limit gives it', async () => {
  const clock = sleepingClock()
  const rate = createRate(clock, 1_024 * KIB)
  await rate.take(4_096 * KIB)
  expect(clock.now()).toBe(4_000)
  expect(rate.total()).toBe(4_096 * KIB)
})

test('a small piece does not wait for all of a large one that came before', async () => {
  const clock = sleepingClock()
  const rate = createRate(clock, 1_024 * KIB)
  const ends: Record<string, number> = {}
  const noted = async (name: string, bytes: number) => {
    await rate.take(bytes)
    ends[name] = clock.now()
  }
  await Promise.all([noted('large', 4_096 * KIB), noted('small', 256 * KIB)])
  expect(ends['small']).toBeLessThan(1_000)
  expect(ends['large']).toBe(4_250)
})

test('who gives up in between moves nothing more', async () => {
  const clock = sleepingClock()
  const rate = createRate(clock, 1_024 * KIB)
  const abort = new AbortController()
  const taking = rate.take(4_096 * KIB, abort.signal)
  abort.abort(new Error('stop'))
  await expect(taking).rejects.toThrow('stop')
  expect(clock.now()).toBeLessThan(4_000)
})
