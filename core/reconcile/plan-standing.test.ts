import { describe, expect, test } from 'vitest'
import { MAC, WINDOWS } from '../../test/support/planned-device.ts'
import { CASES, inTurn, sides } from '../../test/support/sync-cases.ts'
import type { Device } from './device.ts'
import type { Item } from './item.ts'

const { chmod, create, edit, mkdir, move, remove } = CASES

const blockedOn = (world: ReturnType<typeof sides>): string[] =>
  [...world.device.trees.items()]
    .filter((item) => item.blocked)
    .map(({ remote, local, blocked }) => `${(remote ?? local)!.place.name}: ${blocked!.reason}`)
    .toSorted()

describe('P7 names that this device cannot hold', () => {
  const mac = { abilities: MAC }
  const windows = { abilities: WINDOWS }

  test('NM-01 of two that differ in case the later one is blocked; nothing is renamed, nothing deleted', () => {
    const world = sides([], [], [create('A.txt', 'R1'), create('a.txt', 'R2')], mac)
    world.device.settle()
    expect(world.device.listing()).toEqual(['A.txt = R1'])
    expect(blockedOn(world)).toEqual(['a.txt: name-clash'])
    inTurn(world, [edit('A.txt', 'L')], [])
    world.device.settle()
    expect(world.w.tree()).toEqual(['A.txt', 'a.txt'])
    inTurn(world, [remove('A.txt')], [])
    world.device.settle()
    expect([world.w.tree(), world.device.listing(), blockedOn(world)]).toEqual([['a.txt'], ['a.txt = R2'], []])
  })

  test('NM-02 NM-17 two folders that differ in case are not merged, and the hidden one keeps its children', () => {
    const world = sides([], [], [mkdir('D'), create('D/f', 'R1'), mkdir('d'), create('d/g', 'R2')], mac)
    world.device.settle()
    expect(world.device.listing()).toEqual(['D/', 'D/f = R1'])
    expect(blockedOn(world)).toEqual(['d: name-clash'])
    inTurn(world, [remove('D')], [])
    world.device.settle()
    expect(world.w.tree()).toEqual(['d/', 'd/g'])
  })

  test('I18 which of two is blocked does not depend on which came to this device first', () => {
    const changes = [create('x', 'R1'), create('y', 'R2'), move('x', 'B'), move('y', 'b')]
    const atOnce = sides([], [], changes, mac)
    atOnce.device.settle()
    const oneByOne = sides([], [], [], mac)
    for (const change of [...changes.slice(0, 2), changes[3]!, changes[2]!]) {
      inTurn(oneByOne, [], [change])
      oneByOne.device.settle()
    }
    expect(oneByOne.device.listing()).toEqual(atOnce.device.listing())
    expect(blockedOn(oneByOne)).toEqual(blockedOn(atOnce))
  })

  test('NM-01 what has to go for another goes only when the server has all of it', () => {
    const world = sides(['x', 'y'], [], [], mac)
    inTurn(world, [edit('y', 'L')], [move('y', 'A'), move('x', 'a')])
    world.device.settle()
    expect(world.device.listing()).toEqual(['a = x'])
    expect(world.w.server.text(world.idOf('y'))).toBe('L')
  })

  test('RN-05 RN-06 a change of case alone is one rename', () => {
    const here = sides(['foo/', 'foo/f'], [move('foo', 'FOO')], [], mac)
    expect(here.settle().listing).toEqual(['FOO/', 'FOO/f = foo/f'])
    expect(here.done()).toEqual(['move-remote FOO'])
    const there = sides(['foo/', 'foo/f'], [create('foo/g', 'L')], [move('foo', 'FOO')], mac)
    expect(there.settle().listing).toEqual(['FOO/', 'FOO/f = foo/f', 'FOO/g = L'])
  })

  test('NM-05 a disk that decomposes names holds the same tree', () => {
    const world = sides(['é/', 'é/ü'], [edit('é/ü', 'L')], [create('é/ö', 'R')], mac)
    expect(world.settle().listing).toEqual(['é/', 'é/ö = R', 'é/ü = L'])
    expect(world.done()).toEqual(['upload-version é/ü', 'download é/ö'].map((step) => step.normalize('NFD')))
  })

  test('NM-04 of two spellings on one disk the second is blocked, and stays', () => {
    const world = sides([], [create('é', 'L1'), create('e\u0301', 'L2')], [])
    world.device.settle()
    expect([world.w.tree(), world.device.listing()]).toEqual([['é'], ['e\u0301 = L2', 'é = L1']])
    expect(blockedOn(world)).toEqual(['e\u0301: name-clash'])
    inTurn(world, [move('e\u0301', 'e')], [])
    expect(world.settle().listing).toEqual(['e = L2', 'é = L1'])
    expect(blockedOn(world)).toEqual([])
  })

  test('NM-07 NM-08 a name that Windows refuses is blocked with all that is in it, until it has another', () => {
    const world = sides([], [], [mkdir('a:b'), create('a:b/f', 'R1'), create('aux.txt', 'R2')], windows)
    world.device.settle()
    expect([world.device.listing(), blockedOn(world)]).toEqual([
      [],
      ['a:b: name-not-possible', 'aux.txt: name-not-possible'],
    ])
    inTurn(world, [], [move('a:b', 'ab')])
    world.device.settle()
    expect([world.device.listing(), blockedOn(world)]).toEqual([['ab/', 'ab/f = R1'], ['aux.txt: name-not-possible']])
  })

  test('P7 renamed there to what cannot be here: it goes from here, and is not deleted there', () => {
    const world = sides(['d/', 'd/f', 'g'], [], [move('d', 'd:')], windows)
    world.device.settle()
    expect(world.device.listing()).toEqual(['g = g'])
    expect(world.w.tree()).toEqual(['d:/', 'd:/f', 'g'])
  })

  test('NM-11 a path that is too long for this system is blocked where it becomes so', () => {
    const long = 'x'.repeat(100)
    const world = sides(
      [],
      [],
      [mkdir(long), mkdir(`${long}/${long}`), create(`${long}/${long}/${long}`, 'R')],
      windows,
    )
    world.device.settle()
    expect(world.device.listing()).toEqual([`${long}/`, `${long}/${long}/`])
    expect(blockedOn(world)).toEqual([`${long}: path-too-long`])
  })

  test('NM-11 what comes into a folder that is here although its path is too long tells why it does not', () => {
    const long = 'x'.repeat(100)
    const [above, deep] = [`${long}/${long}`, `${long}/${long}/${long}`]
    const world = sides([`${long}/`, `${above}/`, `${deep}/`], [], [], windows)
    inTurn(world, [], [create(`${deep}/f`, 'R')])
    world.device.settle()
    expect(world.device.listing()).toEqual([`${long}/`, `${above}/`, `${deep}/`])
    expect(blockedOn(world)).toEqual(['f: path-too-long'])
  })

  test('PM-01 a disk without the bit keeps it as it is', () => {
    const world = sides(['f'], [], [], windows)
    inTurn(world, [], [chmod('f')])
    expect(world.settle().listing).toEqual(['f* = f'])
    inTurn(world, [edit('f', 'L')], [])
    world.settle()
    expect(world.w.at('f').executable).toBe(true)
  })

  test('NM-14 what no server takes is blocked, and not sent under another name', () => {
    const world = sides([], [create('bad\u0001name', 'L'), create('good', 'L2')], [])
    world.device.settle()
    expect([world.w.tree(), blockedOn(world)]).toEqual([['good'], ['bad\u0001name: not-utf8']])
  })
})

describe('selective sync', () => {
  const without = (name: string): Partial<Device> => ({ isSelected: ({ remote }: Item) => remote?.place.name !== name })
  test('SS-01 unselected with something unsynced in it: that is sent first, then it goes from here', () => {
    const world = sides(['D/', 'D/E/', 'D/E/e', 'D/f', 'g'], [create('D/new', 'L1'), edit('D/f', 'L2')], [])
    world.device.device = { ...world.device.device, ...without('D'), unselected: [world.idOf('D')] }
    world.device.settle()
    expect(world.device.listing()).toEqual(['g = g'])
    expect(world.w.tree()).toEqual(['D/', 'D/E/', 'D/E/e', 'D/f', 'D/new', 'g'])
    expect(world.w.server.text(world.idOf('D/f'))).toBe('L2')
  })

  test('SS-01 unselected and clean: it goes, and comes back when it is selected again', () => {
    const world = sides(['D/', 'D/E/', 'D/E/e'], [], [])
    world.device.device = { ...world.device.device, ...without('D'), unselected: [world.idOf('D')] }
    world.device.settle()
    expect(world.device.listing()).toEqual([])
    world.device.device = { ...world.device.device, isSelected: () => true, unselected: [] }
    expect(world.settle().listing).toEqual(['D/', 'D/E/', 'D/E/e = D/E/e'])
  })

  test('SS-06 by id: the folder above may be renamed', () => {
    const world = sides(['P/', 'P/D/', 'P/f'], [], [move('P', 'Q')])
    const id = world.idOf('P/D')
    world.device.device = { ...world.device.device, isSelected: (item) => item.id !== id }
    world.device.settle()
    expect(world.device.listing()).toContain('Q/f = P/f')
    expect(world.w.tree()).toEqual(['Q/', 'Q/D/', 'Q/f'])
  })

  test('SS-07 moved there into what is not selected: it goes from here when the server has all of it', () => {
    const world = sides(['f', 'g'], [edit('f', 'L')], [mkdir('U'), move('f', 'U/f'), move('g', 'U/g')], without('U'))
    world.device.settle()
    expect(world.device.listing()).toEqual([])
    expect(world.w.server.text(world.idOf('f'))).toBe('L')
  })

  test('SS-03 not selected, and deleted by hand here: it stays there', () => {
    const world = sides(['D/', 'D/f'], [remove('D')], [], without('D'))
    world.device.settle()
    expect(world.w.tree()).toEqual(['D/', 'D/f'])
  })
})

describe('SH a place where the person may only read', () => {
  const reader = { canWrite: false }
  const base = ['d/', 'd/f', 'g']

  test.each([
    ['edited', [edit('g', 'L')], ['d/', 'd/f = d/f', 'g (edited here) = L', 'g = g'], ['g (edited here): read-only']],
    ['new', [create('d/n', 'L')], ['d/', 'd/f = d/f', 'd/n = L', 'g = g'], ['n: read-only']],
    ['deleted', [remove('d'), remove('g')], ['d/', 'd/f = d/f', 'g = g'], []],
    ['moved', [move('g', 'd/h'), move('d', 'e')], ['d/', 'd/f = d/f', 'g = g'], []],
    ['made executable', [chmod('g')], ['d/', 'd/f = d/f', 'g = g'], []],
  ])('SH-03 what is %s here is kept or comes back, and nothing is sent', (_, local, listing, blocked) => {
    const world = sides(base, local, [], reader)
    const { seq } = world.w.server.state
    world.device.settle()
    expect([world.device.listing(), blockedOn(world)]).toEqual([listing, blocked])
    expect(world.w.server.state.seq).toBe(seq)
  })

  test('SH-01 edited here and there: both are kept, the edit here beside the other', () => {
    const world = sides(base, [edit('g', 'L')], [edit('g', 'R')], reader)
    world.device.settle()
    expect([world.device.listing(), blockedOn(world)]).toEqual([
      ['d/', 'd/f = d/f', 'g (edited here) = L', 'g = R'],
      ['g (edited here): read-only'],
    ])
  })

  test('SH-06 gone there with an edit in it: that stays here, what is clean goes', () => {
    const world = sides([...base, 'd/h'], [edit('d/f', 'L')], [remove('d')], reader)
    world.device.settle()
    expect(world.device.listing()).toEqual(['d/', 'd/f = L', 'g = g'])
    expect(blockedOn(world)).toEqual(['d: not-empty', 'f: read-only'])
  })

  test('SH-01 when the right comes back, what was kept is sent', () => {
    const world = sides(base, [edit('g', 'L'), create('n', 'L2')], [], reader)
    world.device.settle()
    world.device.device = { ...world.device.device, canWrite: true }
    expect(world.settle().listing).toEqual(['d/', 'd/f = d/f', 'g (edited here) = L', 'g = g', 'n = L2'])
    expect(blockedOn(world)).toEqual([])
  })

  test('SH-03 a new file here and one there of its name: that of the server has the name', () => {
    const world = sides([], [create('x', 'L')], [create('x', 'R')], reader)
    world.device.settle()
    expect([world.device.listing(), blockedOn(world)]).toEqual([['x (2) = L', 'x = R'], ['x (2): read-only']])
  })
})
