import { expect, test } from 'vitest'
import { VirtualDevices, type VirtualDevice } from '../../test/support/virtual-devices.ts'
import type { Item, ItemId } from '../../core/reconcile/item.ts'

/** What may change while the engine runs. */

function expectSame(a: VirtualDevice, b: VirtualDevice): void {
  expect(b.files()).toEqual(a.files())
  expect([a.state, b.state]).toEqual(['up-to-date', 'up-to-date'])
}

test('SH-01: rights that are taken away and given back are followed by a running engine', async () => {
  const world = new VirtualDevices()
  let mayWrite = true
  const [a, b] = [world.add({ canWrite: () => mayWrite }).start(), world.add().start()]
  a.write('f', 'one')
  await world.settle()
  mayWrite = false
  a.write('f', 'mine')
  a.write('g', 'mine too')
  await world.settle()
  expect(b.files()).toEqual(['f'])
  expect(b.read('f')).toBe('one')
  expect(a.files()).toEqual(['f', 'f (edited here)', 'g'])
  expect([a.read('f'), a.read('f (edited here)')]).toEqual(['one', 'mine'])
  expect(a.events).toContainEqual({ kind: 'state', state: 'up-to-date', reason: 'blocked' })
  mayWrite = true
  a.engine?.syncNow()
  await world.settle()
  expect(b.files()).toEqual(['f', 'f (edited here)', 'g'])
  expect([b.read('f (edited here)'), b.read('g')]).toEqual(['mine', 'mine too'])
  expect(a.state).toBe('up-to-date')
})

test('SS-01, SS-03: what is unselected while the engine runs is sent first, then goes from here alone, and comes back when it is selected', async () => {
  const world = new VirtualDevices()
  const without = new Set<ItemId>()
  const options = { isSelected: ({ id }: Item) => !without.has(id), unselected: () => without }
  const [a, b] = [world.add(options).start(), world.add().start()]
  a.person.makeFolder('d')
  a.write('d/f', 'one')
  await world.settle()
  const folder = world.cloud.live().find(({ path }) => path === 'd')!.node.id as ItemId
  a.engine?.pause()
  a.write('d/unsent', 'two')
  without.add(folder)
  a.engine?.resume()
  await world.settle()
  expect(a.files()).toEqual([])
  expect(b.files()).toEqual(['d/', 'd/f', 'd/unsent'])
  without.clear()
  a.engine?.syncNow()
  await world.settle()
  expect(a.files()).toEqual(['d/', 'd/f', 'd/unsent'])
})

test('somebody who asks for a look while nobody answers does not wait for the next one', async () => {
  const world = new VirtualDevices()
  const [a, b] = [world.add().start(), world.add().start()]
  await world.settle()
  a.line.isUp = false
  a.write('f', 'one')
  await world.settle()
  expect(a.state).toBe('offline')
  a.line.isUp = true
  a.engine?.syncNow()
  await world.pass(2)
  expectSame(a, b)
  expect(b.read('f')).toBe('one')
})

test('paused and resumed before it has noticed, it goes on', async () => {
  const world = new VirtualDevices()
  const [a, b] = [world.add().start(), world.add().start()]
  await world.settle()
  a.write('f', 'one')
  a.engine?.pause()
  a.engine?.resume()
  await world.settle()
  expect(b.files()).toEqual(['f'])
  expect(a.state).toBe('up-to-date')
})

test('a look says what would be done and does nothing, while the engine runs, is paused, or has not begun', async () => {
  const world = new VirtualDevices()
  const [a, b] = [world.add().start(), world.add().start()]
  await world.settle()
  a.engine?.pause()
  await world.settle()
  a.write('f', 'one')
  b.write('g', 'two')
  await world.settle()
  const steps: (string | undefined)[] = []
  a.engine?.look(10).then(
    (plan) => steps.push(...plan.steps.map((step) => step.do)),
    () => steps.push('failed'),
  )
  await world.settle()
  expect(steps.toSorted()).toEqual(['download', 'upload-new'])
  expect(a.state).toBe('paused')
  expect([a.files(), b.files()]).toEqual([['f'], ['g']])
  a.engine?.resume()
  await world.settle()
  expectSame(a, b)
  a.engine?.look(10).then(
    (plan) => steps.push(`${plan.steps.length} steps`),
    () => steps.push('failed'),
  )
  await world.settle()
  expect(steps.at(-1)).toBe('0 steps')
})

test('who looks when the server does not answer is told so, and the engine goes on', async () => {
  const world = new VirtualDevices()
  const a = world.add().start()
  await world.settle()
  a.line.isUp = false
  let failure: unknown = null
  a.engine?.look(10).catch((error: unknown) => (failure = error))
  await world.settle()
  expect(failure).toBeInstanceOf(Error)
  a.line.isUp = true
  await world.settle()
  expect(a.state).toBe('up-to-date')
})

test('what is told of a step says where it was, also when it is gone by then', async () => {
  const world = new VirtualDevices()
  const [a, b] = [world.add().start(), world.add().start()]
  a.write('f', 'one')
  await world.settle()
  a.person.remove('f')
  await world.settle()
  for (const [device, step] of [
    [a, 'trash-remote'],
    [b, 'remove-local'],
  ] as const)
    expect(device.events.filter((event) => event.kind === 'step' && event.step === step)).toMatchObject([
      { at: 'begin', path: 'f' },
      { at: 'end', path: 'f' },
    ])
})
