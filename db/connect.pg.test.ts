import { afterAll, beforeAll, expect, test } from 'vitest'
import { asyncWorld, type AsyncWorld } from '../test/support/async-world.ts'
import { asTenant, type Manner } from './connect.ts'

let world: AsyncWorld
beforeAll(async () => {
  world = await asyncWorld()
})
afterAll(() => world?.drop())

const modeWith = (manner?: Manner): Promise<string> =>
  asTenant(
    world.app,
    world.tenantId,
    async (tx) => (await tx<{ mode: string }[]>`select current_setting('plan_cache_mode') as mode`)[0]!.mode,
    manner,
  )

test('a transaction says how it is planned, and the next one on its connection is told nothing of it', async () => {
  for (let again = 0; again < 12; again++) {
    expect(await modeWith({ planning: 'once' })).toBe('force_generic_plan')
    expect(await modeWith()).toBe('auto')
  }
})

test('what reads at one moment sees nothing of what is committed after its first statement; what does not, sees it', async () => {
  const { app, system, tenantId, spaceId } = world
  const namesSeen = (manner?: Manner): Promise<string[]> =>
    asTenant(
      app,
      tenantId,
      async (tx) => {
        const ask = async (): Promise<string> =>
          (await tx<{ name: string }[]>`select name from spaces where id = ${spaceId}`)[0]!.name
        const first = await ask()
        await system`update spaces set name = name || '+' where id = ${spaceId}`
        return [first, await ask()]
      },
      manner,
    )
  const [before, after] = await namesSeen({ snapshot: 'one' })
  expect(after).toBe(before)
  const [then, now] = await namesSeen()
  expect(now).toBe(`${then}+`)
})
