import { describe, expect, test } from 'vitest'
import { CASES, inTurn, sides } from '../../test/support/sync-cases.ts'

describe('edits', () => {
  test('EE-01 P2 both edit: the server has the name first, the other is a conflicted copy on both sides', () => {
    const world = sides(['f'], [CASES.edit('f', 'L')], [CASES.edit('f', 'R')])
    expect(world.settle().listing).toEqual([expect.stringMatching(/^f \(conflicted copy .*\) = L$/), 'f = R'])
    expect(world.done()).toEqual(['upload-version f', 'move-local f', 'download f'])
  })

  test('EE-01 both edit to the same bytes: nothing is sent, and nothing is a conflict (I21)', () => {
    const world = sides(['f'], [CASES.edit('f', 'LR')], [CASES.edit('f', 'LR')])
    expect(world.settle().listing).toEqual(['f = LR'])
    expect(world.done()).toEqual(['adopt f'])
  })

  test('EE-10 each further edit of what met another gets a name of its own', () => {
    const world = sides(['f'], [CASES.edit('f', 'L1')], [CASES.edit('f', 'R1')])
    world.settle()
    inTurn(world, [CASES.edit('f', 'L2')], [CASES.edit('f', 'R2')])
    const { listing } = world.settle()
    expect(listing.map((line) => line.split(' = ')[1]).toSorted()).toEqual(['L1', 'L2', 'R2'])
  })

  test('ED-01 P3 an edit here beats a delete there, under its own id', () => {
    const world = sides(['d/', 'd/f'], [CASES.edit('d/f', 'L')], [CASES.remove('d/f')])
    const id = world.device.at('d/f')
    expect(world.settle().listing).toEqual(['d/', 'd/f = L'])
    expect(world.device.at('d/f')).toBe(id)
  })

  test('ED-04 an edit there beats a delete here: it comes back', () => {
    const world = sides(['f'], [CASES.remove('f')], [CASES.edit('f', 'R')])
    expect(world.settle().listing).toEqual(['f = R'])
    expect(world.done()).toEqual(['download f'])
  })

  test('ED-05 deleted on both sides: it is forgotten, and nothing is told', () => {
    const world = sides(['f'], [CASES.remove('f')], [CASES.remove('f')])
    expect(world.settle().listing).toEqual([])
    expect(world.done()).toEqual(['forget ?'])
    expect(world.device.trees.item(world.idOf('f'))).toBeNull()
  })

  test('ED-08 edited here, renamed and deleted there: the bytes live', () => {
    const world = sides(['f'], [CASES.edit('f', 'L')], [CASES.move('f', 'g'), CASES.remove('g')])
    expect(world.settle().listing).toEqual(['g = L'])
  })

  test('RC-15 an edit of what was moved into a folder that is deleted here, and deleted there: it outlives both deletes', () => {
    const remote = [CASES.move('b', 'a/a'), CASES.remove('a/a'), CASES.move('a', 'd')]
    const world = sides(['b', 'a/'], [CASES.edit('b', 'L'), CASES.remove('a')], remote)
    expect(world.settle().listing).toEqual(['d/', 'd/a = L'])
  })

  test('an edit here and a rename there: both', () => {
    const world = sides(['f'], [CASES.edit('f', 'L')], [CASES.move('f', 'g')])
    expect(world.settle().listing).toEqual(['g = L'])
    expect(world.done()).toEqual(['move-local f', 'upload-version g'])
  })

  test('a rename here and an edit there: both, and no byte is sent', () => {
    const world = sides(['f'], [CASES.move('f', 'g')], [CASES.edit('f', 'R')])
    expect(world.settle().listing).toEqual(['g = R'])
    expect(world.done()).toEqual(['move-remote g', 'download g'])
  })

  test('WR-01 a file that is not read yet is left where it is, and nothing is decided about it', () => {
    const world = sides(['f', 'g', 'd/', 'd/h'], [], [CASES.edit('f', 'R'), CASES.move('g', 'n'), CASES.remove('d')])
    for (const path of ['f', 'g', 'd/h']) world.device.touch(path)
    world.device.settle()
    expect(world.done()).toEqual([])
    expect(world.device.listing()).toEqual(['d/', 'd/h?', 'f?', 'g?'])
  })
})

describe('creates', () => {
  test('CR-02 both create a file of one name: the one here is renamed before that of the server comes', () => {
    const world = sides([], [CASES.create('x', 'L')], [CASES.create('x', 'R')])
    expect(world.settle().listing).toEqual([expect.stringMatching(/^x \(conflicted/), 'x = R'])
    expect(world.done()).toEqual(['upload-new x', 'move-local x', 'download x'])
  })

  test('CR-03 both create a folder of one name: one folder, and only files that differ are in conflict', () => {
    const local = [
      CASES.mkdir('d'),
      CASES.create('d/l', 'L1'),
      CASES.create('d/both', 'L2'),
      CASES.create('d/same', 'LR'),
    ]
    const remote = [
      CASES.mkdir('d'),
      CASES.create('d/r', 'R1'),
      CASES.create('d/both', 'R2'),
      CASES.create('d/same', 'LR'),
    ]
    const { listing } = sides([], local, remote).settle()
    expect(listing).toEqual([
      'd/',
      expect.stringMatching(/^d\/both \(conflicted .* = L2$/),
      'd/both = R2',
      'd/l = L1',
      'd/r = R1',
      'd/same = LR',
    ])
  })

  test('CR-05 data that is here already is taken for what the server has, without a byte: one plan, however deep', () => {
    const tree = [CASES.mkdir('a'), CASES.mkdir('a/b'), CASES.create('a/b/f', 'LR'), CASES.create('g', 'LR2')]
    const world = sides([], tree, tree)
    expect(world.settle().listing).toEqual(['a/', 'a/b/', 'a/b/f = LR', 'g = LR2'])
    expect(new Set(world.done().map((step) => step.split(' ')[0]))).toEqual(new Set(['pair', 'adopt']))
    expect(world.rounds).toBe(2)
  })

  test('TC-03 P2 a folder here and a file there want one name: the folder takes another, whole', () => {
    const world = sides([], [CASES.mkdir('x'), CASES.create('x/f', 'L')], [CASES.create('x', 'R')])
    expect(world.settle().listing).toEqual(['x (2)/', 'x (2)/f = L', 'x = R'])
  })

  test('TC-03 a file here and a folder there: the file is a conflicted copy, the folder has the name', () => {
    const world = sides([], [CASES.create('x', 'L')], [CASES.mkdir('x'), CASES.create('x/f', 'R')])
    expect(world.settle().listing).toEqual([expect.stringMatching(/^x \(conflicted .* = L$/), 'x/', 'x/f = R'])
  })

  test('AS-02 a file taken away and made anew is an edit of it: its id and its history stay', () => {
    const world = sides(['f'], [CASES.remove('f'), CASES.create('f', 'L')], [])
    expect(world.settle().listing).toEqual(['f = L'])
    expect(world.done()).toEqual(['pair f', 'upload-version f'])
    expect(world.device.at('f')).toBe(world.idOf('f'))
  })

  test('FD-08 a folder deleted and made anew there, with the same files: nothing is transferred', () => {
    const remote = [CASES.remove('d'), CASES.mkdir('d'), CASES.create('d/f', 'd/f')]
    const world = sides(['d/', 'd/f'], [], remote)
    expect(world.settle().listing).toEqual(['d/', 'd/f = d/f'])
    expect(world.done().some((step) => /download|upload|remove/.test(step))).toBe(false)
  })
})

describe('the executable bit', () => {
  test('PM-01 it travels by itself, both ways', () => {
    const world = sides(['f', 'g'], [CASES.chmod('f')], [CASES.chmod('g')])
    expect(world.settle().listing).toEqual(['f* = f', 'g* = g'])
    expect(world.done()).toEqual(['set-executable-remote f', 'set-executable-local g'])
  })

  test('RC-7 set on one side, new bytes on the other: both', () => {
    const world = sides(['f', 'g'], [CASES.chmod('f'), CASES.edit('g', 'L')], [CASES.edit('f', 'R'), CASES.chmod('g')])
    expect(world.settle().listing).toEqual(['f* = R', 'g* = L'])
  })
})
