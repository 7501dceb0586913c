import { expect, test } from 'vitest'
import { alarmClock, type AlarmTask } from './alarm-clock.ts'

const DAY_MS = 86_400_000

/** An object's one alarm, with a clock that is moved by hand. `left`: the alarm that an earlier life of the object left. */
function clockWorld(tasks: Record<string, AlarmTask>, left: number | null = null) {
  const world = { now: 1_000, alarm: left, sets: 0, failed: [] as string[] }
  const storage = {
    getAlarm: () => Promise.resolve(world.alarm),
    setAlarm: (atMs: number | Date) => {
      world.sets += 1
      return Promise.resolve(void (world.alarm = Number(atMs)))
    },
  }
  const onFailure = (task: string) => void world.failed.push(task)
  const clock = alarmClock({ storage, tasks, clock: () => world.now, onFailure })
  const ring = () => {
    world.alarm = null
    return clock.ring()
  }
  return Object.assign(world, { clock, ring })
}

const counted = (answers: (number | null)[] = []) => {
  const task = Object.assign(async () => answers[task.runs++] ?? null, { runs: 0 })
  return task
}

test('what is wanted tomorrow keeps nothing of today from running', async () => {
  const world = clockWorld({ relay: counted([1_000 + DAY_MS]) })
  await world.ring()
  expect(world.alarm).toBe(1_000 + DAY_MS)
  await world.clock.arm('relay', 2_000)
  expect(world.alarm).toBe(2_000)
})

test('a task that is armed while it runs is not put off to what it answers', async () => {
  const world = clockWorld({
    relay: async () => {
      await world.clock.arm('relay', world.now)
      return world.now + DAY_MS
    },
  })
  await world.ring()
  expect(world.alarm).toBe(world.now)
})

test('arming again for the same time writes nothing', async () => {
  const world = clockWorld({ relay: counted() })
  await world.clock.arm('relay', 2_000)
  await world.clock.arm('relay', 2_000)
  await world.clock.arm('relay', 3_000)
  expect(world).toMatchObject({ sets: 1, alarm: 2_000 })
})

test('an alarm that an earlier life left is never put off, and then every task of which this life knows nothing runs', async () => {
  const tasks = { relay: counted(), live: counted() }
  const world = clockWorld(tasks, 1_500)
  await world.clock.arm('live', 60_000)
  expect(world).toMatchObject({ sets: 0, alarm: 1_500 })
  world.now = 1_500
  await world.ring()
  expect([tasks.relay.runs, tasks.live.runs]).toEqual([1, 1])
})

test('a ring runs only what is due, and the alarm stands at the earliest of the rest', async () => {
  const tasks = { relay: counted([5_000]), live: counted([60_000]) }
  const world = clockWorld(tasks)
  await world.ring()
  expect(world.alarm).toBe(5_000)
  world.now = 5_000
  await world.ring()
  expect([tasks.relay.runs, tasks.live.runs]).toEqual([2, 1])
  expect(world.alarm).toBe(60_000)
})

test('a task that fails takes no other with it, and comes again later and later', async () => {
  const live = counted()
  const world = clockWorld({ relay: () => Promise.reject(new Error('no database')), live })
  await world.ring()
  expect(live.runs).toBe(1)
  const first = world.alarm!
  world.now = first
  await world.ring()
  expect(world.failed).toEqual(['relay', 'relay'])
  expect(world.alarm! - world.now).toBeGreaterThan(first - 1_000)
})

test('with nothing to wait for there is no alarm', async () => {
  const world = clockWorld({ relay: counted() })
  await world.ring()
  expect(world.alarm).toBe(null)
})
