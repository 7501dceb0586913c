import { expect, test } from 'vitest'
import { noFaults } from '../core/fault-points.ts'
import type { TenantId } from '../core/ids.ts'
import type { Tx } from '../db/connect.ts'
import { relayOf, type RelayDeps } from './relay.ts'

const DAY_MS = 86_400_000

/** A journal's object whose outbox holds one row, due at `dueMs`. */
function relayWorld(dueMs: number) {
  const alarms: number[] = []
  const arm = (atMs: number) => Promise.resolve(void alarms.push(atMs))
  const nothingIsDue = { unsafe: () => Promise.resolve([]) }
  const tx = Object.assign(() => Promise.resolve([{ due: dueMs }]), nothingIsDue) as unknown as Tx
  const db = { transact: <T>(work: (tx: Tx) => Promise<T>) => work(tx) }
  const env = { EVENT_QUEUE: { sendBatch: () => Promise.resolve() } }
  const ctx = { waitUntil: () => undefined }
  const deps = { ctx, env, db, arm, tenant: 'a' as TenantId, faults: noFaults } as unknown as RelayDeps
  return { relay: relayOf(deps), alarms }
}

test('a drain answers when the next row is due', async () => {
  const tomorrow = Date.now() + DAY_MS
  expect(await relayWorld(tomorrow).relay.drain()).toBe(tomorrow)
})

test('a commit after a drain is sent at once, whatever is due tomorrow', async () => {
  const { relay, alarms } = relayWorld(Date.now() + DAY_MS)
  await relay.drain()
  relay.wake()
  expect(alarms.at(-1)).toBeLessThan(Date.now() + 1_000)
})
