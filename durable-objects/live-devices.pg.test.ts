import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DeviceId } from '../core/ids.ts'
import type { Cursor } from '../core/namespace/cursor.ts'
import { asTenant } from '../db/connect.ts'
import { asyncWorld, type AsyncWorld, freshId } from '../test/support/async-world.ts'
import { LiveDevices } from './live-devices.ts'

let world: AsyncWorld
beforeAll(async () => void (world = await asyncWorld()))
afterAll(() => world?.drop())

const EPOCH = '01a1fbfa-f3dc-4090-aad2-fe15609850a1'
const at = (seq: number, epoch = EPOCH): Cursor => ({ epoch, seq })
const HEAD = at(10)

/** One life of the journal's object; the rows outlive it. */
function life() {
  const armed: number[] = []
  /** What is asked of the database waits for `gate`. */
  const state = { isAway: false, gate: Promise.resolve(), armed }
  const devices = new LiveDevices({
    tenant: world.tenantId,
    db: {
      async read(work) {
        const { gate, isAway } = state
        await gate
        if (isAway) throw new Error('away')
        return asTenant(world.app, world.tenantId, work)
      },
    },
    clock: () => world.clock.now,
    freshId: () => freshId<DeviceId>(),
    arm: (atMs) => void armed.push(atMs),
  })
  const lag = async (head = HEAD) => (await devices.list(world.userId, head)).find((one) => one.id === device)!.lag
  return Object.assign(state, { devices, lag })
}

let device: DeviceId
beforeEach(async () => {
  const asker = { session: world.sessionId, user: world.userId }
  const about = { id: null, name: 'a laptop', platform: 'linux-x64' }
  device = (await life().devices.register(asker, HEAD, about)).id
})

describe('LV-13 where a device stands', () => {
  test('is what it said last, written soon; nothing said of places leaves the place as it was', async () => {
    const first = life()
    expect(await first.lag()).toBe(null)
    first.devices.seen(device, at(4))
    first.devices.seen(device, null)
    expect(await first.lag()).toBe(6)
    expect(first.armed).toHaveLength(1)
    expect(await life().lag()).toBe(null)
    expect(await first.devices.mirror()).toBe(null)
    expect(await life().lag()).toBe(6)
    first.devices.seen(device, null)
    await first.devices.mirror()
    expect([await first.lag(), await life().lag()]).toEqual([6, 6])
  })

  test('is not known any more after a restore from a backup', async () => {
    const { devices, lag } = life()
    devices.seen(device, at(4))
    await devices.mirror()
    const restored = at(7, '01a1fbfa-f3dc-4090-aad2-fe15609850a2')
    expect([await lag(restored), await life().lag(restored)]).toEqual([null, null])
    devices.seen(device, { ...restored, seq: 6 })
    expect(await lag(restored)).toBe(1)
  })

  test('is not taken back by what is on its way', async () => {
    const one = life()
    one.devices.seen(device, at(4))
    const gate = Promise.withResolvers<void>()
    one.gate = gate.promise
    const mirrored = one.devices.mirror()
    one.gate = Promise.resolve()
    one.devices.seen(device, null)
    expect(await one.lag()).toBe(6)
    gate.resolve()
    expect(await mirrored).toBeGreaterThan(world.clock.now)
    expect(await one.lag()).toBe(6)
    expect(one.armed).toHaveLength(2)
  })

  test('written later where a write failed', async () => {
    const one = life()
    one.devices.seen(device, at(4))
    one.isAway = true
    await expect(one.devices.mirror()).rejects.toThrow('away')
    one.isAway = false
    one.devices.seen(device, null)
    await one.devices.mirror()
    expect(await life().lag()).toBe(6)
  })

  test('never further on than the head', async () => {
    const { devices, lag } = life()
    devices.seen(device, at(12))
    expect(await lag()).toBe(0)
  })
})
