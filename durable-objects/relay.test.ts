import { expect, test } from 'vitest'
import { noFaults } from '../core/fault-points.ts'
import type { TenantId } from '../core/ids.ts'
import type { Tx } from '../db/connect.ts'
import { relayOf, type RelayDeps } from './relay.ts'

const DAY_MS = 86_400_000

/** A journal's object whose outbox holds one row, due at `dueMs`; `whileReading` runs while the relay asks when it is due. */
function relayWorld(dueMs: number, whileReading: () => void = () => undefined) {
  const alarms: number[] = []
  const storage = { setAlarm: (atMs: number) => Promise.resolve(void alarms.push(atMs)) }
  const ctx = { storage, waitUntil: () => undefined }
  const nothingIsDue = { unsafe: () => Promise.resolve([]) }
  const tx = Object.assign(() => (whileReading(), Promise.resolve([{ due: dueMs }])), nothingIsDue) as unknown as Tx
  const db = { transact: <T>(work: (tx: Tx) => Promise<T>) => work(tx) }
  const env = { EVENT_QUEUE: { sendBatch: () => Promise.resolve() } }
  const deps = { ctx, env, db, tenant: 'a' as TenantId, faults: noFaults } as unknown as RelayDeps
  return { relay: relayOf(deps), alarms }
}

test('a row that is due tomorrow keeps no commit of today from being sent at once', async () => {
  const tomorrow = Date.now() + DAY_MS
  const { relay, alarms } = relayWorld(tomorrow)
  await relay.drain()
  expect(alarms).toEqual([tomorrow])
  relay.wake()
  expect(alarms.at(-1)).toBeLessThan(Date.now() + 1_000)
})

test('a commit during a drain is not put off to the next row that the drain knew of', async () => {
  const tomorrow = Date.now() + DAY_MS
  const world = relayWorld(tomorrow, () => world.relay.wake())
  await world.relay.drain()
  expect(world.alarms.length).toBe(1)
  expect(world.alarms[0]).toBeLessThan(tomorrow)
})

test('commits that follow one another arm one alarm', () => {
  const { relay, alarms } = relayWorld(0)
  relay.wake()
  relay.wake()
  expect(alarms.length).toBe(1)
})
