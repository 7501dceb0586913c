import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

/** Goes on by hand; whoever sleeps wakes when it does. */
function handClock() {
  let now = 1_000
  let wake: () => void = () => {}
  return {
    now: () => now,
    sleep: () => new Promise<void>((resolve) => (wake = resolve)),
    pass: async (ms: number) => {
      now += ms
      wake()
      await Promise.resolve()
    },
  }
}

function world() {
  const clock = handClock()
  const rings: number[] = []
  const stopping = new AbortController().signal
  const pace = new Pace(clock, { stopping, onDue: () => void rings.push(clock.now()) })
  return { clock, rings, pace, work: (ms: number) => pace.measure(() => clock.pass(ms)) }
}

test('what took long is done again after nineteen times as long, and whoever came too early is rung for once', async () => {
  const { clock, rings, pace, work } = world()
  expect(pace.isEarly()).toBe(false)
  await work(60)
  await work(40)
  expect([pace.isEarly(), pace.isEarly()]).toEqual([true, true])
  await clock.pass(1_900)
  expect(rings).toEqual([3_000])
  expect(pace.isEarly()).toBe(false)
  pace.begin()
  await work(1)
  await clock.pass(19)
  expect(pace.isEarly()).toBe(false)
})

test('what takes no time is never too early, and nobody waits for ever', async () => {
  const { clock, pace, work } = world()
  await work(0)
  expect(pace.isEarly()).toBe(false)
  await work(60_000)
  await clock.pass(1_999)
  expect(pace.isEarly()).toBe(true)
  await clock.pass(1)
  expect(pace.isEarly()).toBe(false)
})

test('TM-05: a clock that is set back holds nobody up', async () => {
  const { clock, pace, work } = world()
  await work(100)
  await clock.pass(-1_000_000)
  expect(pace.isEarly()).toBe(false)
})
