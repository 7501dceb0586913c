import { expect, test } from 'vitest'
import type { EngineOptions } from './engine-parts.ts'
import { VirtualDevices, type VirtualDevice } from '../../test/support/virtual-devices.ts'

/** SY-28: what has come or gone is remembered at rest as the next scan would remember it. */
async function withFolders(options: Partial<EngineOptions>) {
  const world = new VirtualDevices()
  const [a, b] = [world.add().start(), world.add(options).start()]
  await world.settle()
  for (const folder of ['d', 'd/e', 'h']) a.person.makeFolder(folder)
  for (const path of ['d/f', 'd/e/g', 'd/e/i']) a.write(path, path)
  await world.settle()
  expect(b.files()).toEqual(['d/', 'd/e/', 'd/e/g', 'd/e/i', 'd/f', 'h/'])
  return { world, a, b }
}

/** Of how many folders something is remembered, and what. */
const remembered = ({ store }: VirtualDevice): [string, string][] => [...store.digests].toSorted()

async function startAgain(b: VirtualDevice, world: VirtualDevices): Promise<void> {
  await b.stop()
  b.start()
  await world.settle()
}

test('it is what a scan remembers of the same', async () => {
  const { world, b } = await withFolders({ rememberAfter: 3 })
  const atRest = remembered(b)
  expect(atRest.length).toBe(3)
  b.store.digests.clear()
  await startAgain(b, world)
  expect(remembered(b)).toEqual(atRest)
})

test('the next start finds all as it was remembered', async () => {
  const { world, a, b } = await withFolders({ rememberAfter: 3 })
  for (const name of ['one', 'two', 'three']) a.write(`d/e/${name}`, name)
  await world.settle()
  const atRest = remembered(b)
  await startAgain(b, world)
  expect(remembered(b)).toEqual(atRest)
  expect(atRest.length).toBe(3)
})

test('as long as little has changed nothing is done', async () => {
  const { b } = await withFolders({ rememberAfter: 1_000 })
  expect(remembered(b)).toEqual([])
})

test('what is left out is seen by the next scan all the same, and so is what has changed meanwhile', async () => {
  const { world, b } = await withFolders({ rememberAfter: 3 })
  await b.stop()
  b.write('d/.DS_Store', 'left out')
  b.write('d/e/new', 'not known yet')
  b.person.remove('d/e/g')
  b.start()
  await world.settle()
  expect(world.remoteTree()).toEqual(['d/', 'd/e/', 'd/e/i', 'd/e/new', 'd/f', 'h/'])
})

test('SY-13 a mistake of ours in it ends this engine, and is no rejection that nobody hears of', async () => {
  const { world, a, b } = await withFolders({ rememberAfter: 3 })
  b.store.digests.set = () => {
    throw new Error('a mistake')
  }
  for (const name of ['one', 'two', 'three']) a.write(`d/e/${name}`, name)
  await expect(world.settle()).rejects.toThrow('a mistake')
  expect(b.state).toBe('stopped internal')
})
