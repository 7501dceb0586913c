import { expect, test } from 'vitest'
import { VirtualDevices, type VirtualDevice } from '../../test/support/virtual-devices.ts'

const two = async () => {
  const world = new VirtualDevices()
  const [a, b] = [world.add().start(), world.add().start()]
  await world.settle()
  return { world, a, b }
}

/** I18: the same names, the same bytes. */
function expectSame(...devices: VirtualDevice[]): void {
  const [first, ...others] = devices
  for (const other of others) {
    expect(other.files()).toEqual(first!.files())
    expect(other.contents()).toEqual(first!.contents())
  }
  for (const device of devices) expect(device.state).toBe('up-to-date')
}

test('what is made on one device comes to the other', async () => {
  const { world, a, b } = await two()
  a.person.makeFolder('d')
  a.write('d/f', 'one')
  a.person.symlink('link', 'd/f')
  await world.settle()
  expect(b.files()).toEqual(['d/', 'd/f', 'link'])
  expect(b.read('d/f')).toBe('one')
  expectSame(a, b)
})

test('an edit, a rename, a move and a delete on either device come to the other, as what they are (MV-11)', async () => {
  const { world, a, b } = await two()
  a.person.makeFolder('d')
  a.write('d/f', 'one')
  a.write('g', 'gone soon')
  await world.settle()
  const f = world.cloud.live().find(({ path }) => path === 'd/f')!.node.id
  b.write('d/f', 'two')
  await world.settle()
  expect(a.read('d/f')).toBe('two')
  a.person.rename('d', 'e')
  b.person.remove('g')
  await world.settle()
  b.person.rename('e/f', 'h')
  await world.settle()
  expect(a.files()).toEqual(['e/', 'h'])
  expect(world.cloud.live().find(({ path }) => path === 'h')!.node.id).toBe(f)
  expect(world.cloud.state.nodes.get(f)!.contentRevision).toBe(2)
  expectSame(a, b)
})

test('EE-01: two edits made apart are both there on both devices, under the same names', async () => {
  const { world, a, b } = await two()
  a.write('f.txt', 'base')
  await world.settle()
  a.line.isUp = b.line.isUp = false
  a.write('f.txt', 'from a')
  b.write('f.txt', 'from b')
  await world.settle()
  expect([a.state, b.state]).toEqual(['offline', 'offline'])
  a.line.isUp = true
  await world.settle()
  b.line.isUp = true
  await world.settle()
  const [copy, name] = a.files()
  expect(name).toBe('f.txt')
  expect(copy).toMatch(/^f \(conflicted copy from device 2, .*\)\.txt$/)
  expect(a.contents()).toEqual({ 'f.txt': 'from a', [copy!]: 'from b' })
  expectSame(a, b)
})

test('CR-02 CR-03: two things of one name made apart: a file gets a copy, a folder is one', async () => {
  const { world, a, b } = await two()
  a.line.isUp = b.line.isUp = false
  for (const [device, text] of [
    [a, 'from a'],
    [b, 'from b'],
  ] as const) {
    device.person.makeFolder('d')
    device.write('d/x', text)
    device.write(`d/only ${text}`, text)
  }
  await world.pass(5)
  a.line.isUp = b.line.isUp = true
  await world.settle()
  expect(a.files().filter((path) => path.endsWith('/'))).toEqual(['d/'])
  expect(a.files()).toHaveLength(5)
  expect(Object.values(a.contents()).toSorted()).toEqual(['from a', 'from a', 'from b', 'from b'])
  expectSame(a, b)
})

test('ED-01 ED-04: an edit beats a delete, whichever came first', async () => {
  const { world, a, b } = await two()
  a.write('f', 'base')
  a.write('g', 'base')
  await world.settle()
  a.line.isUp = b.line.isUp = false
  a.write('f', 'edited')
  b.person.remove('f')
  a.person.remove('g')
  b.write('g', 'edited')
  await world.pass(5)
  b.line.isUp = true
  await world.settle()
  a.line.isUp = true
  await world.settle()
  expect(a.contents()).toEqual({ f: 'edited', g: 'edited' })
  expectSame(a, b)
})

test('FD-01 P4: the delete of a folder takes only what the deleter had seen', async () => {
  const { world, a, b } = await two()
  a.person.makeFolder('d')
  a.write('d/old', 'old')
  await world.settle()
  a.line.isUp = b.line.isUp = false
  a.person.removeTree('d')
  b.write('d/new', 'new')
  await world.pass(5)
  a.line.isUp = b.line.isUp = true
  await world.settle()
  expect(a.contents()).toEqual({ 'd/new': 'new' })
  expectSame(a, b)
})

test('MV-03: two folders moved into each other are both there, and no circle', async () => {
  const { world, a, b } = await two()
  for (const name of ['x', 'y']) {
    a.person.makeFolder(name)
    a.write(`${name}/in ${name}`, name)
  }
  await world.settle()
  a.line.isUp = b.line.isUp = false
  a.person.rename('x', 'y/x')
  b.person.rename('y', 'x/y')
  await world.pass(5)
  a.line.isUp = b.line.isUp = true
  await world.settle()
  expect(Object.values(a.contents()).toSorted()).toEqual(['x', 'y'])
  expectSame(a, b)
})

test('RN-03: a rotation of names', async () => {
  const { world, a, b } = await two()
  for (const name of ['1', '2', '3']) a.write(name, `was ${name}`)
  await world.settle()
  a.person.rename('1', 'tmp')
  a.person.rename('2', '1')
  a.person.rename('3', '2')
  a.person.rename('tmp', '3')
  await world.settle()
  expect(b.contents()).toEqual({ 1: 'was 2', 2: 'was 3', 3: 'was 1' })
  expectSame(a, b)
})

test('a folder that comes back out of the trash comes with all that is in it', async () => {
  const { world, a, b } = await two()
  a.person.makeFolder('d')
  a.person.makeFolder('d/e')
  a.write('d/e/f', 'deep')
  await world.settle()
  const d = world.cloud.live().find(({ path }) => path === 'd')!.node.id
  a.person.removeTree('d')
  await world.settle()
  expect(b.files()).toEqual([])
  world.cloud.commit([{ ...world.byWeb(), kind: 'restore', node: d, to: null }])
  await world.settle()
  expect(b.contents()).toEqual({ 'd/e/f': 'deep' })
  expectSame(a, b)
})

test('DK-06 DK-07 NW-01: killed at any moment, it goes on where the world is', async () => {
  const { world, a, b } = await two()
  for (let round = 0; round < 40; round++) {
    a.write(`f${round % 5}`, `round ${round}`)
    b.write(`g${round % 5}`, `round ${round}`)
    await world.pass(0.001 * (round % 13) + 0.02)
    const victim = round % 2 === 0 ? a : b
    victim.kill()
    victim.start(false)
  }
  await world.settle()
  expect(Object.keys(a.contents())).toHaveLength(10)
  expectSame(a, b)
})

test('paused it does nothing; resumed it goes on, also after a restart', async () => {
  const { world, a, b } = await two()
  a.engine!.pause()
  a.write('f', 'one')
  b.write('g', 'two')
  await world.settle()
  expect(a.state).toBe('paused')
  expect([a.files(), b.files()]).toEqual([['f'], ['g']])
  await a.stop()
  a.start()
  await world.settle()
  expect(a.files()).toEqual(['f'])
  a.engine!.resume()
  await world.settle()
  expect(a.files()).toEqual(['f', 'g'])
  expectSame(a, b)
})

test('P9 RT-04: many deletes are asked about; "keep" brings back, "delete" lets go', async () => {
  const world = new VirtualDevices()
  const brake = { atLeast: 3, share: 0.4 }
  const [a, b] = [world.add({ brake }).start(), world.add({ brake }).start()]
  await world.settle()
  for (const name of ['1', '2', '3', '4']) a.write(name, name)
  await world.settle()
  for (const name of ['1', '2', '3']) a.person.remove(name)
  await world.settle()
  expect(a.state).toBe('paused brake')
  expect(b.files()).toHaveLength(4)
  a.engine!.answerBrake('remote', 'keep')
  await world.settle()
  expect(a.files()).toHaveLength(4)
  for (const name of ['1', '2', '3']) a.person.remove(name)
  await world.settle()
  expect(a.state).toBe('paused brake')
  a.engine!.answerBrake('remote', 'delete')
  await world.settle()
  expect(a.files()).toEqual(['4'])
  expect(b.state).toBe('paused brake')
  b.engine!.answerBrake('local', 'delete')
  await world.settle()
  expectSame(a, b)
})
