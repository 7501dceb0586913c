import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Disk } from '../ports.ts'
import { failing, hashOf, scanWorld, type ScanWorld } from '../../../test/support/scan-world.ts'

let world: ScanWorld
beforeEach(async () => {
  world = await scanWorld()
})
afterEach(() => world.close())

describe('what was moved', () => {
  test('MV-14, MV-11: a renamed file and a moved folder keep their items', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one', 'e/': '', g: 'two' })
    await world.user.rename('d', 'e/d2')
    await world.user.rename('g', 'h')
    await world.user.setMtime('h', 1_600_000_000_000_000_000n)
    expect(await world.scanned()).toMatchObject({ gone: 0 })
    expect(world.whoIsWhere()).toEqual(['d at e/d2', 'e at e', 'f at e/d2/f', 'g at h'])
    expect(world.tree()).toContain(`h ${hashOf('two')}`)
  })

  test('MV-17: a file that was moved into a folder made in the same moment', async () => {
    await world.startWith({ f: 'one' })
    await world.user.makeFolder('new')
    await world.user.rename('f', 'new/f')
    await world.scanned()
    expect(world.whoIsWhere()).toEqual(['f at new/f', 'new at new'])
  })

  test('MD-03: a file that was moved out of a folder that was then removed', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one', 'd/g': 'two' })
    await world.user.rename('d/f', 'f')
    await world.user.remove('d')
    expect(await world.scanned()).toMatchObject({ gone: 2 })
    expect(world.whoIsWhere()).toEqual(['f at f'])
  })

  test('RN-03: swapped files and rotated folders', async () => {
    await world.startWith({ a: 'one', b: 'two', 'x/': '', 'y/': '', 'z/': '', 'x/1': '1', 'y/2': '2', 'z/3': '3' })
    for (const [from, to] of [
      ['a', 't'],
      ['b', 'a'],
      ['t', 'b'],
      ['x', 't'],
      ['z', 'x'],
      ['y', 'z'],
      ['t', 'y'],
    ] as const)
      await world.user.rename(from, to)
    expect(await world.scanned()).toMatchObject({ gone: 0 })
    expect(world.whoIsWhere()).toEqual(
      ['a at b', 'b at a', 'x at y', 'z at x', 'y at z', '1 at y/1', '3 at x/3', '2 at z/2'].sort(),
    )
    expect(await world.scanned()).toMatchObject({ changed: 0 })
  })

  test('MV-05: a parent and its child change places', async () => {
    await world.startWith({ 'a/': '', 'a/b/': '', 'a/b/f': 'one' })
    await world.user.rename('a/b', 'c')
    await world.user.rename('a', 'c/a')
    await world.scanned()
    expect(world.whoIsWhere()).toEqual(['a at c/a', 'b at c', 'f at c/f'])
  })

  test('MD-04: one removed, another moved to its name', async () => {
    await world.startWith({ x: 'one', y: 'two' })
    await world.user.rename('y', 'x')
    expect(await world.scanned()).toMatchObject({ gone: 1 })
    expect(world.whoIsWhere()).toEqual(['y at x'])
  })

  test('AS-01: an atomic save is an edit, seen before the rename or not', async () => {
    await world.startWith({ f: 'one', g: 'two' })
    await world.user.write('.f.tmp', 'three')
    await world.scanned()
    await world.user.rename('.f.tmp', 'f')
    await world.user.write('.g.tmp', 'four')
    await world.user.rename('.g.tmp', 'g')
    await world.scanned()
    expect(world.whoIsWhere()).toEqual(['f at f', 'g at g'])
    expect(world.tree()).toEqual([`f ${hashOf('three')}`, `g ${hashOf('four')}`])
  })

  test('FD-08: a folder that was removed and made again is the same item', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one' })
    await world.user.remove('d')
    await world.put({ 'd/': '', 'd/f': 'one', 'd/g': 'two' })
    await world.scanned()
    expect(world.whoIsWhere()).toEqual(['d at d', 'f at d/f', 'new at d/g'])
  })

  test('a folder moved away, and a new one at its name', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one' })
    await world.user.rename('d', 'e')
    await world.put({ 'd/': '', 'd/f': 'two' })
    await world.scanned()
    expect(world.whoIsWhere()).toEqual(['d at e', 'f at e/f', 'new at d', 'new at d/f'])
    expect(world.tree()).toContain(`d/f ${hashOf('two')}`)
  })

  test('a folder moved into a new one at its own name', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one' })
    await world.user.rename('d', 'x')
    await world.user.makeFolder('d')
    await world.user.rename('x', 'd/x')
    await world.scanned()
    const outcome = await world.scanned()
    expect(outcome).toMatchObject({ changed: 0, again: [] })
    expect(world.tree()).toEqual(['d folder', 'd/x folder', `d/x/f ${hashOf('one')}`])
    expect(world.whoIsWhere()).toContain('f at d/x/f')
  })

  test('P7: a folder that was renamed and may not be entered is neither gone nor new, until it may', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one' })
    await world.user.rename('d', 'e')
    const list: Disk['list'] = (path) => (path === 'e' ? failing('EACCES') : world.disk.list(path))
    const closed = world.withDisk({ list, listChanged: (folder) => list(folder.path) })
    expect(await world.scanned(world.scanner(closed))).toMatchObject({ gone: 0, unlisted: [{ path: 'e' }] })
    expect(world.whoIsWhere()).toEqual(['d at d', 'f at d/f'])
    await world.scanned()
    expect(world.whoIsWhere()).toEqual(['d at e', 'f at e/f'])
  })

  test('TC: a file becomes a folder that holds it', async () => {
    await world.startWith({ f: 'one' })
    await world.user.rename('f', 't')
    await world.user.makeFolder('f')
    await world.user.rename('t', 'f/f')
    await world.scanned()
    expect(world.whoIsWhere()).toEqual(['f at f/f', 'new at f'])
    expect(world.tree()).toEqual(['f folder', `f/f ${hashOf('one')}`])
  })

  test('LK-07: a second link is a file of its own; an edit through it is seen at both', async () => {
    await world.startWith({ f: 'one' })
    await world.user.link('f', 'g')
    await world.scanned()
    await world.user.write('g', 'two')
    await world.scanned()
    expect(world.tree()).toEqual([`f ${hashOf('two')}`, `g ${hashOf('two')}`])
  })

  test('MV-20: another file with the same inode is not a move', async () => {
    await world.startWith({ f: 'one' })
    const ino = (await world.disk.stat('f'))?.stamp.ino as string
    await world.user.remove('f')
    await world.user.write('g', 'other')
    const list = async (path: string) =>
      (await world.disk.list(path)).map((entry) => ({ ...entry, stamp: { ...entry.stamp, ino } }))
    await world.scanned(world.scanner(world.withDisk({ list })))
    expect(world.whoIsWhere()).toEqual(['new at g'])
  })
})
