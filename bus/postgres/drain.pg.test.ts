import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { MAX_ATTEMPTS, type Consume } from '../../core/event-bus.ts'
import { noFaults } from '../../core/fault-points.ts'
import { connect } from '../../db/connect.ts'
import { claimDue, leaveEvent, nextDueMs, replayDeadLetters, settleClaims } from '../../db/system/outbox.ts'
import { asyncWorld, type AsyncWorld } from '../../test/support/async-world.ts'
import { CLAIM_LEASE_MS, drain } from './drain.ts'

let world: AsyncWorld
beforeAll(async () => {
  world = await asyncWorld()
})
afterAll(() => world?.drop())
beforeEach(() => world.system`delete from outbox`)

const ACK: Consume = async () => ({ do: 'ack' })
const leave = async (count: number) => {
  const { tenantId, clock } = world
  for (let i = 0; i < count; i++)
    await leaveEvent(world.system, {
      tenantId,
      kind: 'upload.expired',
      payload: { i },
      traceparent: null,
      dueMs: clock.now,
    })
}
const options = (consume: Consume, db = world.system) => ({
  db,
  consume,
  now: () => world.clock.now,
  dice: () => 0,
  faults: noFaults,
})
const claim = () => claimDue(world.system, { nowMs: world.clock.now, leaseMs: CLAIM_LEASE_MS, limit: 100 })

test('DESIGN 7: several pumps at once deliver each message once', async () => {
  await leave(400)
  const seen: string[] = []
  const consume: Consume = async ({ message }) => {
    seen.push(message.id)
    return { do: 'ack' }
  }
  const pumps = Array.from({ length: 4 }, () => connect(world.systemUrl, { max: 1 }))
  await Promise.all(pumps.map((db) => drain(options(consume, db))))
  expect(seen).toHaveLength(400)
  expect(new Set(seen).size).toBe(400)
  expect(await nextDueMs(world.system)).toBeNull()
  await Promise.all(pumps.map((db) => db.end()))
})

test('a claim that was lost to another pump can neither put off nor bury its message', async () => {
  await leave(1)
  const [mine] = await claim()
  world.clock.advance(CLAIM_LEASE_MS)
  const [theirs] = await claim()
  expect(theirs).toMatchObject({ attempt: 2, message: { id: mine!.message.id } })
  await settleClaims(
    world.system,
    [{ delivery: mine!, verdict: { do: 'dead-letter', reason: 'late' } }],
    world.clock.now,
  )
  await settleClaims(
    world.system,
    [{ delivery: mine!, verdict: { do: 'retry', afterMs: 1e9, reason: 'late' } }],
    world.clock.now,
  )
  expect(await nextDueMs(world.system)).toBe(world.clock.now + CLAIM_LEASE_MS)
  // What is done is done, whoever says so.
  await settleClaims(world.system, [{ delivery: mine!, verdict: { do: 'ack' } }], world.clock.now)
  expect(await nextDueMs(world.system)).toBeNull()
})

test('a message that kills each of its consumers is a dead letter in the end', async () => {
  await leave(1)
  for (let deaths = 0; deaths < MAX_ATTEMPTS; deaths++) {
    expect(await claim()).toHaveLength(1)
    world.clock.advance(CLAIM_LEASE_MS)
  }
  let deliveries = 0
  await drain(options(async () => ((deliveries += 1), { do: 'ack' })))
  expect(deliveries).toBe(0)
  expect(await world.system`select reason, attempts from dead_letters`).toEqual([
    { reason: 'never settled', attempts: MAX_ATTEMPTS + 1 },
  ])
})

test('a dead letter can be replayed, with all its attempts before it', async () => {
  expect(await replayDeadLetters(world.system, { limit: 10, nowMs: world.clock.now })).toBe(1)
  const attempts: number[] = []
  await drain(options(async ({ attempt }) => (attempts.push(attempt), { do: 'ack' })))
  expect(attempts).toEqual([1])
  expect(await world.system`select 1 from dead_letters`).toHaveLength(0)
})

test('what a slow batch does not begin in time is given back unharmed', async () => {
  await leave(10)
  const slow: Consume = async () => {
    world.clock.advance(CLAIM_LEASE_MS / 3)
    return { do: 'ack' }
  }
  const { isBusy } = await drain({ ...options(slow), budgetMs: 1 })
  expect(isBusy).toBe(true)
  const left = await claim()
  expect(left.length).toBeGreaterThan(0)
  expect(left.every(({ attempt }) => attempt === 1)).toBe(true)
})

test('what comes in faster than it is consumed ends a run by its budget, not never', async () => {
  await leave(1)
  const endless: Consume = async () => {
    world.clock.advance(1_000)
    await leave(1)
    return { do: 'ack' }
  }
  expect(await drain({ ...options(endless), budgetMs: 5_000 })).toMatchObject({ isBusy: true })
})

test('a pump without its database says so', async () => {
  const db = connect('postgres://nobody:x@127.0.0.1:1/none', { max: 1 })
  await expect(drain(options(ACK, db))).rejects.toThrow()
})
