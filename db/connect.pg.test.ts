import { afterAll, beforeAll, expect, test } from 'vitest'
import { asyncWorld, type AsyncWorld } from '../test/support/async-world.ts'
import { asTenant, type Planning } from './connect.ts'

let world: AsyncWorld
beforeAll(async () => {
  world = await asyncWorld()
})
afterAll(() => world?.drop())

const modeWith = (planning?: Planning): Promise<string> =>
  asTenant(
    world.app,
    world.tenantId,
    async (tx) => (await tx<{ mode: string }[]>`select current_setting('plan_cache_mode') as mode`)[0]!.mode,
    planning,
  )

test('a transaction says how it is planned, and the next one on its connection is told nothing of it', async () => {
  for (let again = 0; again < 12; again++) {
    expect(await modeWith('once')).toBe('force_generic_plan')
    expect(await modeWith()).toBe('auto')
  }
})
