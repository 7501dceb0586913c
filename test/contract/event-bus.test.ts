import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drain } from '../../bus/postgres/drain.ts'
import type { Consume } from '../../core/event-bus.ts'
import { noFaults, type Faults } from '../../core/fault-points.ts'
import { leaveEvent } from '../../db/system/outbox.ts'
import { type AsyncWorld, asyncWorld } from '../support/async-world.ts'
import { type BusUnderTest, eventBusContract } from './event-bus.ts'
import { openQueues, type QueuesUnderTest } from './event-bus-queues.ts'

const MAX_STEPS = 200

eventBusContract('Postgres outbox', async (world): Promise<BusUnderTest> => {
  const step = (consume: Consume, faults: Faults = noFaults) =>
    drain({ db: world.system, consume, now: () => world.clock.now, dice: () => 0, faults })
  return {
    now: () => world.clock.now,
    async run(consume, isDone) {
      for (let steps = 0; steps < MAX_STEPS; steps++) {
        const { nextDueMs } = await step(consume)
        if (isDone()) return
        world.clock.now = Math.max(world.clock.now, nextDueMs ?? 0)
      }
      throw new Error('the bus did not deliver')
    },
    async runAndDie(consume) {
      const dying: Faults = async (point) => {
        if (point === 'outbox.before-settle') throw new Error('killed')
      }
      await expect(step(consume, dying)).rejects.toThrow('killed')
    },
    close: async () => {},
  }
})

eventBusContract('Cloudflare Queues', openQueues)

describe('the relay into Cloudflare Queues', () => {
  let world: AsyncWorld
  let queues: QueuesUnderTest
  beforeAll(async () => {
    world = await asyncWorld()
    queues = await openQueues(world)
  })
  afterAll(async () => {
    await queues?.close()
    await world?.drop()
  })
  const leave = (dueMs: number) =>
    leaveEvent(world.system, {
      tenantId: world.tenantId,
      kind: 'upload.expired',
      payload: {},
      traceparent: null,
      dueMs,
    })
  const rows = async () => (await world.system`select 1 from outbox`).length

  test('rows of later stay in the table, and it says when to come again', async () => {
    const dueMs = world.clock.now + 3_600_000
    await leave(dueMs)
    await leave(world.clock.now)
    expect(await queues.relay()).toEqual({ sent: 1, nextDueMs: dueMs })
    expect(await rows()).toBe(1)
    world.clock.now = dueMs
    expect(await queues.relay()).toEqual({ sent: 1, nextDueMs: null })
  })

  test.each(['outbox.before-send', 'outbox.after-send'])('killed at %s: sent once its lease is over', async (point) => {
    await leave(world.clock.now)
    expect(await queues.relay(point)).toHaveProperty('failed')
    // Until then a second relay keeps its hands off.
    expect(await queues.relay()).toMatchObject({ sent: 0 })
    world.clock.advance(30_000)
    expect(await queues.relay()).toMatchObject({ sent: 1 })
    expect(await rows()).toBe(0)
  })

  test('a message that is none of ours reaches no consumer and holds nothing up', async () => {
    const seen: string[] = []
    for (const body of [null, 'text', { id: 1 }, { kind: 'upload.expired', id: 'x', tenantId: 'y', payload: {} }])
      await queues.send(body)
    await leave(world.clock.now)
    const consume: Consume = async ({ message }) => {
      seen.push(message.kind)
      return { do: 'ack' }
    }
    await queues.run(consume, () => seen.length > 0)
    expect(seen).toEqual(['upload.expired'])
  })
})
