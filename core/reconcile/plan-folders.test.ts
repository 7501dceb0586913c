import { describe, expect, test } from 'vitest'
import { CASES, inTurn, sides } from '../../test/support/sync-cases.ts'
import type { BrakeAnswer } from './device.ts'
import type { Item } from './item.ts'

const { create, edit, mkdir, move, remove } = CASES

describe('a folder deleted there', () => {
  test('FD-01 P4 with something new in it here: it is made anew for that, and the rest goes', () => {
    const world = sides(['D/', 'D/old', 'D/E/', 'D/E/old'], [create('D/new', 'L')], [remove('D')])
    expect(world.settle().listing).toEqual(['D/', 'D/new = L'])
  })

  test('FD-01 P3 with an edit in it: with just enough folders to hold that', () => {
    const world = sides(['D/', 'D/E/', 'D/E/f', 'D/F/', 'D/F/g'], [edit('D/E/f', 'L')], [remove('D')])
    expect(world.settle().listing).toEqual(['D/', 'D/E/', 'D/E/f = L'])
  })

  test('FD-02 something moved into it here: it is made anew for that', () => {
    const world = sides(['D/', 'f'], [move('f', 'D/f')], [remove('D')])
    expect(world.settle().listing).toEqual(['D/', 'D/f = f'])
    expect(world.device.at('D/f')).toBe(world.idOf('f'))
  })

  test('P1 children go first, each by itself', () => {
    const world = sides(['D/', 'D/E/', 'D/E/f', 'D/g'], [], [remove('D')])
    world.settle()
    expect(world.done().at(-1)).toBe('remove-local D')
    expect(world.done().indexOf('remove-local D/E/f')).toBeLessThan(world.done().indexOf('remove-local D/E'))
  })

  test('TC-02 replaced by a file while a child is edited: the child is kept, the file is placed', () => {
    const world = sides(['D/', 'D/f'], [edit('D/f', 'L')], [remove('D'), create('D', 'R')])
    expect(world.settle().listing).toEqual([expect.stringMatching(/^D \(2\)\/$/), 'D (2)/f = L', 'D = R'])
  })

  test('TC-05 with something ignored in it: it stays, and says why; nothing is sent', () => {
    const world = sides(['D/', 'D/f', 'D/ignored'], [], [remove('D')])
    const ignored = world.device.at('D/ignored')
    world.device.device = { ...world.device.device, isLeftAlone: ({ id }) => id === ignored }
    world.device.settle()
    expect(world.device.listing()).toEqual(['D/', 'D/ignored = D/ignored'])
    expect(world.device.trees.item(world.device.at('D'))?.blocked?.reason).toBe('not-empty')
    expect(world.device.done.some((step) => step.do === 'create-remote-folder')).toBe(false)
  })
})

test('RC-11 what is on its way is waited for, and nothing is blocked because of it', () => {
  const world = sides(
    ['D/', 'D/f', 'E/', 'E/g'],
    [create('D/new', 'L1'), create('x', 'L2'), remove('E')],
    [remove('D'), create('x', 'R')],
  )
  const busy = new Set<string>([world.device.at('D/new'), world.device.at('x'), world.idOf('E/g')])
  world.device.device = { ...world.device.device, isBusy: ({ id }) => busy.has(id) }
  world.device.settle()
  expect(world.done()).toEqual(['remove-local D/f'])
  busy.clear()
  expect(world.settle().listing).toEqual(['D/', 'D/new = L1', expect.stringMatching(/^x \(conf.* = L2$/), 'x = R'])
})

test('RC-11 I21 what takes the name of something that can leave it only later waits for that', () => {
  const world = sides(['D/', 'D/f'], [move('D', 'E'), create('D', 'L')], [])
  const before = world.device.device
  const leaving = world.idOf('D')
  const isLeaving = ({ id }: Item): boolean => id === leaving
  world.device.device = { ...before, isBusy: isLeaving, isAboutToLeave: isLeaving }
  world.device.settle()
  expect(world.done()).toEqual([])
  world.device.device = before
  expect(world.settle().listing).toEqual(['D = L', 'E/', 'E/f = D/f'])
})

describe('a folder deleted here', () => {
  test('P4 FD-07 goes as one, the topmost', () => {
    const world = sides(['D/', 'D/E/', 'D/E/f', 'D/g'], [remove('D')], [])
    world.settle()
    expect(world.done().filter((step) => !step.startsWith('forget'))).toEqual(['trash-remote ?'])
    expect(world.w.server.node(world.idOf('D'))?.trashedAt).not.toBeNull()
    for (const path of ['D/E', 'D/E/f', 'D/g']) expect(world.w.server.node(world.idOf(path))?.trashedAt).toBeNull()
  })

  test('FD-07 deleted half, stopped, deleted wholly: one unit in the trash', () => {
    const world = sides(['D/', 'D/f', 'D/g'], [remove('D/f')], [])
    inTurn(world, [remove('D')], [])
    world.settle()
    expect(world.done().filter((step) => step.startsWith('trash'))).toHaveLength(1)
  })

  test('P4 with something in it that was not seen here: that stays, and the folder for it', () => {
    const world = sides(['D/', 'D/f', 'D/E/', 'D/E/g'], [remove('D')], [create('D/new', 'R')])
    expect(world.settle().listing).toEqual(['D/', 'D/new = R'])
  })

  test('P4 with something that was edited there, or moved into it', () => {
    const edited = sides(['D/', 'D/f', 'D/g'], [remove('D')], [edit('D/f', 'R')])
    expect(edited.settle().listing).toEqual(['D/', 'D/f = R'])
    const moved = sides(['D/', 'D/f', 'h'], [remove('D')], [move('h', 'D/h')])
    expect(moved.settle().listing).toEqual(['D/', 'D/h = h'])
  })

  test('FD-05 with folders in it that are not selected: those stay on the server, and the folder here', () => {
    const world = sides(['D/', 'D/f'], [remove('D')], [mkdir('D/U'), create('D/U/u', 'R')])
    world.device.device = { ...world.device.device, isSelected: ({ remote }) => remote?.place.name !== 'U' }
    world.device.settle()
    expect(world.w.tree()).toEqual(['D/', 'D/U/', 'D/U/u'])
    expect(world.device.listing()).toEqual(['D/'])
  })

  test('FD-04 SS-03 what is ignored or not selected is not deleted there because it is not here', () => {
    const world = sides(['D/', 'D/f', 'E/', 'E/g'], [remove('D'), remove('E')], [])
    const ignored = new Set<string>([world.idOf('D'), world.idOf('D/f')])
    world.device.device = {
      ...world.device.device,
      isLeftAlone: ({ id }) => ignored.has(id),
      isSelected: ({ remote }) => remote?.place.name !== 'E',
    }
    world.device.settle()
    expect(world.w.tree()).toEqual(['D/', 'D/f', 'E/', 'E/g'])
  })
})

test('P7 what was moved there into a folder that is ignored here stays and tells why, and so does what comes to its name', () => {
  const world = sides(['f'], [], [mkdir('D')])
  const ignored = world.w.at('D').id
  world.device.device = { ...world.device.device, isLeftAlone: ({ id }) => id === ignored }
  inTurn(world, [], [move('f', 'D/f'), create('f', 'R')])
  world.device.settle()
  expect(world.device.listing()).toEqual(['f = f'])
  const blocked = [...world.device.trees.items()].flatMap((item) => item.blocked?.reason ?? [])
  expect(blocked.toSorted()).toEqual(['left-out', 'name-clash'])
})

describe('P9 the brake', () => {
  const files = ['D/', ...Array.from({ length: 9 }, (_, at) => `D/${at}`)]
  const brake = (local: BrakeAnswer, remote: BrakeAnswer) => ({
    brake: { atLeast: 5, share: 0.5, answer: { local, remote, older: 'ask' as const } },
  })

  test.each(['local', 'remote'] as const)(
    'I14 more than it lets through: no %s delete is done, and it is told',
    (direction) => {
      const deletes = [remove('D')]
      const world =
        direction === 'remote'
          ? sides(files, deletes, [], brake('ask', 'ask'))
          : sides(files, [], deletes, brake('ask', 'ask'))
      world.device.pull()
      expect(world.device.plan()).toMatchObject({ steps: [], brake: { mass: direction, items: 10, of: 10 } })
    },
  )

  test('I14 other changes go on meanwhile', () => {
    const world = sides([...files, 'f'], [remove('D'), edit('f', 'L')], [create('g', 'R')], brake('ask', 'ask'))
    world.device.settle()
    expect(world.w.tree()).toContain('D/8')
    expect(world.device.listing()).toEqual(['f = L', 'g = R'])
  })

  test('P9 `delete` lets them go, `keep` brings all back, on either side', () => {
    const gone = (answer: BrakeAnswer) => [
      sides(files, [remove('D')], [], brake('ask', answer)),
      sides(files, [], [remove('D')], brake(answer, 'ask')),
    ]
    for (const world of gone('delete')) expect(world.settle().listing).toEqual([])
    for (const world of gone('keep')) {
      world.device.settle()
      expect(world.device.listing()).toHaveLength(10)
      expect(world.w.tree()).toHaveLength(10)
    }
  })

  describe('DB-02 many files are older than they were: a backup was put back', () => {
    const names = files.slice(1)
    const goneBack = (older: BrakeAnswer) => {
      const world = sides(files, [], [edit('D/0', 'R')], {
        brake: { atLeast: 5, share: 0.5, answer: { local: 'ask', remote: 'ask', older } },
      })
      for (const name of names) world.device.goBack(name, `${name} old`)
      world.device.settle()
      return world
    }

    test('nothing of them is sent, and it is told', () => {
      const world = goneBack('ask')
      expect(world.device.plan()).toMatchObject({ steps: [], brake: { mass: 'older', items: 9, of: 10 } })
      expect(names.map((name) => world.w.server.text(world.idOf(name)))).toEqual(['R', ...names.slice(1)])
    })

    test('`keep`: what the server has keeps the name, and theirs stand beside it', () => {
      const world = goneBack('keep')
      expect(names.map((name) => world.w.server.text(world.idOf(name)))).toEqual(['R', ...names.slice(1)])
      expect(world.device.listing().filter((line) => line.endsWith(' old'))).toHaveLength(9)
    })

    test('`delete`: they are the newest versions, but where somebody has changed the file meanwhile', () => {
      const world = goneBack('delete')
      expect(world.w.server.text(world.idOf('D/0'))).toBe('R')
      for (const name of names.slice(1)) expect(world.w.server.text(world.idOf(name))).toBe(`${name} old`)
    })

    test('a few never trip it', () => {
      const world = sides(files, [], [], brake('ask', 'ask'))
      for (const name of names.slice(0, 4)) world.device.goBack(name, 'old')
      world.device.settle()
      expect(world.w.server.text(world.idOf('D/0'))).toBe('old')
    })
  })

  test('FD-04 what is ignored is not counted', () => {
    const world = sides(files, [remove('D')], [], { ...brake('ask', 'ask'), isLeftAlone: () => true })
    world.device.pull()
    expect(world.device.plan()).toEqual({ steps: [], brake: null, more: false })
  })

  test('few deletes never trip it', () => {
    const world = sides(['f', 'g', 'h'], [remove('f'), remove('g'), remove('h')], [], brake('ask', 'ask'))
    expect(world.settle().listing).toEqual([])
  })
})

test('SC-04 trees of 1,000 levels', () => {
  const world = sides([], [], [])
  let path = ''
  for (let level = 0; level < 999; level++) world.device.mkdir((path += `${path && '/'}d`))
  world.device.write(`${path}/f`, 'L')
  world.device.device = { ...world.device.device, maxSteps: 10_000 }
  expect(world.device.settle()).toBe(1)
  world.device.remove('d')
  world.device.settle()
  expect(world.w.tree()).toEqual([])
})
