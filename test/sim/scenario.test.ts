import { expect, test } from 'vitest'
import { playScenario, type Scenario } from './scenario.ts'
import type { World } from './world.ts'

const scenario = (play: Scenario['play'], more: Partial<Scenario> = {}): Scenario => ({
  id: 'XX-01',
  title: 'of this test',
  play,
  ...more,
})

test('a moment that never comes fails the scenario that waits for it', async () => {
  const waits = scenario(async (stage) => {
    stage.when(1, 'before replace', () => {})
    stage.a.write('f', 'f')
    await stage.settle()
  })
  await expect(playScenario(waits)).rejects.toThrow('it never came to: device 1: before replace')
})

test('a rule that is broken in between fails it, whatever it asserts', async () => {
  const rots = scenario(async (stage) => {
    stage.a.write('f', 'the true bytes')
    await stage.settle()
    stage.a.device.tree.at('f')!.inode.bytes = Buffer.from('the trux bytes')
    await stage.settle()
  })
  await expect(playScenario(rots)).rejects.toThrow('I18')
})

test('whoever may die does so at every call, each time in a world of its own', async () => {
  const worlds: World[] = []
  let calls = 0
  const dies = scenario(
    async (stage) => {
      stage.a.write('f', 'f')
      const before = stage.b.device.calls
      stage.mayDie()
      await stage.pass(1_000)
      stage.livesOn()
      calls ||= stage.b.device.calls - before
      await stage.settle()
      stage.everywhere('f=f')
    },
    { dies: 1 },
  )
  await playScenario(dies, { onWorld: (world) => void worlds.push(world) })
  const deaths = worlds.flatMap(({ faults }) => faults.met).map(({ call }) => call)
  expect(calls).toBeGreaterThan(5)
  expect(worlds).toHaveLength(1 + calls)
  expect(new Set(deaths).size).toBe(calls)
})

test('a scenario that says that somebody dies, and not when, is a mistake', async () => {
  await expect(playScenario(scenario(async () => {}, { dies: 0 }))).rejects.toThrow('never when')
})
