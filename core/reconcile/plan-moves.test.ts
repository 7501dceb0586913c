import { describe, expect, test } from 'vitest'
import { MemoryTrees } from '../../test/support/memory-trees.ts'
import { ROOMY } from '../../test/support/planned-device.ts'
import { CASES, settledFile, sides } from '../../test/support/sync-cases.ts'
import type { NodeId } from '../ids.ts'
import { plan } from './plan.ts'

const { create, edit, mkdir, move, remove } = CASES

describe('moves on both sides', () => {
  test('MV-02 P5 two files want one name: one keeps it, the other is renamed, both live', () => {
    const world = sides(['X/', 'f', 'g'], [move('f', 'X/n')], [move('g', 'X/n')])
    expect(world.settle().listing).toEqual(['X/', expect.stringMatching(/^X\/n \(conflicted .* = f$/), 'X/n = g'])
  })

  test('MV-03 A into B here, B into A there: the server holds, the move here is taken back, nothing is lost', () => {
    const world = sides(['A/', 'A/a', 'B/', 'B/b'], [move('A', 'B/A')], [move('B', 'A/B')])
    expect(world.settle().listing).toEqual(['A/', 'A/B/', 'A/B/b = B/b', 'A/a = A/a'])
    expect(world.done()).toEqual(['move-local B/A', 'move-local B'])
  })

  test('MV-08 P5 a folder renamed on both sides has the name of the server, and all of it', () => {
    const world = sides(['d/', 'd/f'], [move('d', 'l'), create('l/g', 'L')], [move('d', 'r')])
    expect(world.settle().listing).toEqual(['r/', 'r/f = d/f', 'r/g = L'])
  })

  test('MV-18 both moved it to one place: that is noted, and nothing is done', () => {
    const world = sides(['f'], [move('f', 'g')], [move('f', 'g')])
    expect(world.settle().listing).toEqual(['g = f'])
    expect(world.done()).toEqual(['adopt g'])
  })

  test.each(['local', 'remote'] as const)('MV-05 parent and child swapped, %s', (side) => {
    const swap = [move('A/B', 'C'), move('A', 'C/A')]
    const there = side === 'remote'
    const world = sides(['A/', 'A/B/', 'A/B/f'], there ? [] : swap, there ? swap : [])
    expect(world.settle().listing).toEqual(['C/', 'C/A/', 'C/f = A/B/f'])
    expect([world.device.at('C/A'), world.device.at('C')]).toEqual([world.idOf('A'), world.idOf('A/B')])
  })

  test.each(['local', 'remote'] as const)(
    'MV-05 parent and child swapped with their names, %s: one stands aside',
    (side) => {
      const swap = [move('A/B', 'x'), move('A', 'x/B'), move('x', 'A')]
      const there = side === 'remote'
      const world = sides(['A/', 'A/B/', 'A/B/f'], there ? [] : swap, there ? swap : [])
      expect(world.settle().listing).toEqual(['A/', 'A/B/', 'A/f = A/B/f'])
      expect(world.device.at('A')).toBe(world.idOf('A/B'))
      expect(world.rounds).toBe(2)
    },
  )
})

describe('moves on one side', () => {
  test('MV-09 files are added here while the folder is renamed there: they are in it', () => {
    const world = sides(['d/'], [create('d/new', 'L')], [move('d', 'e')])
    expect(world.settle().listing).toEqual(['e/', 'e/new = L'])
  })

  test('MV-11 the move of a folder is one step, whatever is in it', () => {
    const files = Array.from({ length: 20 }, (_, at) => `d/${at}`)
    const here = sides(['d/', ...files], [move('d', 'e')], [])
    here.settle()
    expect(here.done()).toEqual(['move-remote e'])
    const there = sides(['d/', ...files], [], [move('d', 'e')])
    there.settle()
    expect(there.done()).toEqual(['move-local d'])
  })

  test('MV-17 into a folder that is new too: the folder first', () => {
    const world = sides(['f'], [mkdir('X'), mkdir('X/Y'), move('f', 'X/Y/f')], [])
    world.settle()
    expect(world.done()).toEqual(['create-remote-folder X', 'create-remote-folder X/Y', 'move-remote X/Y/f'])
    expect(world.rounds).toBe(1)
  })

  test('MV-06 a folder renamed and a file in it edited there: the file follows, nothing is deleted', () => {
    const world = sides(['d/', 'd/f'], [], [move('d', 'e'), edit('e/f', 'R')])
    expect(world.settle().listing).toEqual(['e/', 'e/f = R'])
    expect(world.done()).toEqual(['move-local d', 'download e/f'])
  })

  test('MD-01 a move meets a delete: the delete wins, on whichever side', () => {
    expect(sides(['X/', 'f'], [move('f', 'X/f')], [remove('f')]).settle().listing).toEqual(['X/'])
    expect(sides(['X/', 'f'], [remove('f')], [move('f', 'X/f')]).settle().listing).toEqual(['X/'])
  })

  test('MD-03 MD-06 moved out of a folder that is then deleted: it leaves before, on either side', () => {
    const changes = [move('D/f', 'f'), remove('D')]
    const here = sides(['D/', 'D/f', 'D/g'], changes, [])
    expect(here.settle().listing).toEqual(['f = D/f'])
    expect(here.done().slice(0, 2)).toEqual(['move-remote f', 'trash-remote ?'])
    const there = sides(['D/', 'D/f', 'D/g'], [], changes)
    expect(there.settle().listing).toEqual(['f = D/f'])
    expect(there.done().indexOf('move-local D/f')).toBeLessThan(there.done().indexOf('remove-local D'))
  })

  test('MD-03 out of a folder, deleted, into the name that it had', () => {
    const changes = [move('D/D', 'x'), remove('D'), move('x', 'D')]
    for (const world of [sides(['D/', 'D/D'], changes, []), sides(['D/', 'D/D'], [], changes)]) {
      expect(world.settle().listing).toEqual(['D = D/D'])
      expect(world.device.at('D')).toBe(world.idOf('D/D'))
    }
  })

  test('MD-04 x deleted and y moved to its name: the delete first; y keeps its id', () => {
    const changes = [remove('x'), move('y', 'x')]
    const here = sides(['x', 'y'], changes, [])
    here.settle()
    expect(here.done()).toEqual(['trash-remote ?', 'move-remote x', 'forget ?'])
    expect(here.device.at('x')).toBe(here.idOf('y'))
    const there = sides(['x', 'y'], [], changes)
    there.settle()
    expect(there.done()).toEqual(['remove-local x', 'move-local y'])
  })

  test('MD-07 moved there into what is then deleted: it goes with it, as a unit', () => {
    const world = sides(['D/', 'D/f', 'E/'], [], [move('D', 'E/D'), remove('E')])
    expect(world.settle().listing).toEqual([])
  })

  test('TC-06 a file is moved away and a folder takes its name', () => {
    const world = sides(['x'], [move('x', 'y'), mkdir('x'), create('x/f', 'L')], [])
    expect(world.settle().listing).toEqual(['x/', 'x/f = L', 'y = x'])
    expect(world.done()[0]).toBe('move-remote y')
  })
})

describe('chains and circles of names', () => {
  const chain = [move('c', 'd'), move('b', 'c'), move('a', 'b')]
  test('RN-02 a chain goes from its free end, on either side', () => {
    const here = sides(['a', 'b', 'c'], chain, [])
    here.settle()
    expect(here.done()).toEqual(['move-remote d', 'move-remote c', 'move-remote b'])
    const there = sides(['a', 'b', 'c'], [], chain)
    there.settle()
    expect(there.done()).toEqual(['move-local c', 'move-local b', 'move-local a'])
  })

  test('RN-02 a chain of 20,000 names', () => {
    const trees = new MemoryTrees('root' as NodeId)
    for (let at = 0; at < 20_000; at++) {
      const item = settledFile(`n${at}`, trees.root, `${at}`)
      trees.setRemote(item.id, item.remote)
      trees.setSynced(item.id, item.synced)
      trees.setLocal(item.id, { ...item.local!, place: { parent: trees.root, name: `${at + 1}` } })
    }
    const { steps, more } = plan(trees, { ...ROOMY, maxSteps: 30_000 })
    expect([steps.length, more]).toEqual([20_000, false])
    expect(steps[0]).toMatchObject({ do: 'move-remote', to: { name: '20000' } })
  })

  const circle = [move('a', 'x'), move('c', 'a'), move('b', 'c'), move('x', 'b')]
  test.each(['local', 'remote'] as const)(
    'RN-03 three folders change their names in a circle, %s: one stands aside',
    (side) => {
      const base = ['a/', 'a/1', 'b/', 'b/2', 'c/', 'c/3']
      const world = side === 'local' ? sides(base, circle, []) : sides(base, [], circle)
      expect(world.settle().listing).toEqual(['a/', 'a/3 = c/3', 'b/', 'b/1 = a/1', 'c/', 'c/2 = b/2'])
      expect(world.device.done.filter((step) => /move|park/.test(step.do))).toHaveLength(4)
    },
  )

  test('RN-03 a circle of names whose device stops in the middle goes on from there', () => {
    const base = ['a/', 'b/', 'c/']
    for (let steps = 1; steps <= 4; steps++) {
      const world = sides(base, [], circle)
      world.device.pull()
      world.device.perform(world.device.plan().steps.slice(0, steps))
      expect(world.settle().listing).toEqual(['a/', 'b/', 'c/'])
    }
  })

  test('RN-09 moved over another: that is deleted, and the one that was moved keeps its id', () => {
    const world = sides(['f', 'g'], [remove('g'), move('f', 'g')], [])
    expect(world.settle().listing).toEqual(['g = f'])
    expect(world.device.at('g')).toBe(world.idOf('f'))
  })
})
