import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Moves that meet other moves, edits and new things. */
export const MOVES_MEET: readonly Scenario[] = [
  {
    id: 'MV-02',
    title: 'two files move to one name: one keeps it, both live',
    async play(stage) {
      for (const name of ['f', 'g']) stage.a.write(name, name)
      stage.a.folders('X')
      await stage.settle()
      const before = stage.ids
      await stage.apart(
        (a) => a.rename('f', 'X/n'),
        (b) => b.rename('g', 'X/n'),
      )
      stage.texts('f', 'g')
      equal(stage.b.read('X/n'), 'f')
      equal(stage.idAt('X/n'), before.get('f'))
      equal([...stage.ids.values()].includes(before.get('g')!), true)
    },
  },
  {
    id: 'MV-03',
    title: 'each of two folders moves into the other: no circle, all reachable',
    async play(stage) {
      for (const name of ['A', 'B']) {
        stage.a.folders(name)
        stage.a.write(`${name}/${name}`, name)
      }
      await stage.settle()
      await stage.apart(
        (a) => a.rename('A', 'B/A'),
        (b) => b.rename('B', 'A/B'),
      )
      stage.everywhere('B/', 'B/A/', 'B/A/A=A', 'B/B=B')
    },
  },
  {
    id: 'MV-06',
    title: 'a folder renamed and a file in it edited on the server: the old path deletes nothing',
    async play(stage) {
      stage.a.folders('d')
      stage.a.write('d/f', 'one')
      await stage.settle()
      stage.b.offline()
      stage.server('web-rename', { path: 'd', to: 'e' })
      stage.server('web-edit', { path: 'e/f', bytes: 7, size: 3 })
      await stage.pass(5_000)
      const since = stage.since()
      // It was killed when half of that had come here.
      stage.when(1, 'before download', () => stage.b.device.crash('kill'))
      stage.b.online()
      await stage.settle()
      stage.everywhere('e/', 'e/f=c7.')
      equal(since.asked('trash').length, 0)
      deepEqual(since.journal, [])
    },
  },
  {
    id: 'MV-08',
    title: 'a folder renamed to two names has one, with all that is in it',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['f', 'g']) stage.a.write(`d/${name}`, name)
      await stage.settle()
      await stage.apart(
        (a) => {
          a.rename('d', 'x')
          a.write('x/from a', 'a')
        },
        (b) => {
          b.rename('d', 'y')
          b.write('y/from b', 'b')
        },
      )
      stage.everywhere('x/', 'x/f=f', 'x/from a=a', 'x/from b=b', 'x/g=g')
    },
  },
  {
    id: 'MV-09',
    title: 'files added to a folder while it is renamed end in it',
    async play(stage) {
      stage.a.folders('d')
      await stage.settle()
      stage.b.write('d/1', '1')
      stage.when(1, 'before upload', () => stage.server('web-rename', { path: 'd', to: 'e' }))
      stage.when(1, 'move', () => stage.b.write('d/2', '2'))
      await stage.settle()
      stage.b.write('e/3', '3')
      await stage.settle()
      stage.everywhere('e/', 'e/1=1', 'e/2=2', 'e/3=3')
    },
  },
  {
    id: 'MV-12',
    title: 'a partly synced folder renamed, its answer lost at a gateway: what is not selected lives',
    async play(stage) {
      stage.a.folders('d', 'd/hidden')
      stage.a.write('d/f', 'f')
      stage.a.write('d/hidden/g', 'g')
      stage.b.device.unselected.add('00000002-0000-7000-8000-000000000002')
      await stage.settle()
      equal(stage.idAt('d/hidden'), [...stage.b.device.unselected][0])
      deepEqual(stage.b.tree, ['d/', 'd/f=f'])
      const before = stage.ids
      const since = stage.since()
      stage.befalls(1, 'push', { do: 'refuse', code: 'busy', applied: true })
      stage.b.rename('d', 'e')
      await stage.settle()
      deepEqual(stage.remote, ['e/', 'e/f=f', 'e/hidden/', 'e/hidden/g=g'])
      deepEqual(stage.a.tree, stage.remote)
      deepEqual(stage.b.tree, ['e/', 'e/f=f'])
      for (const path of ['d', 'd/f', 'd/hidden', 'd/hidden/g'])
        equal(stage.idAt(path.replace('d', 'e')), before.get(path))
      deepEqual(since.journal, ['moved e'])
    },
  },
  {
    id: 'MV-18',
    title: 'a move that was done and answered with an error is done, and no copy is made',
    async play(stage) {
      stage.a.write('f', 'f')
      await stage.settle()
      const since = stage.since()
      stage.befalls(0, 'push', { do: 'refuse', code: 'store-unavailable', applied: true })
      stage.a.rename('f', 'g')
      await stage.settle()
      stage.everywhere('g=f')
      deepEqual(since.journal, ['moved g'])
      equal(stage.world.cloud.state.conflicts.size, 0)
    },
  },
  {
    id: 'MV-21',
    title: 'one folder seen twice, as a part of a whole and by itself: what moves in one is no loss in the other',
    devices: ['linux', 'linux', 'linux'],
    async play(stage) {
      const { a, c } = stage
      await stage.stop(2)
      a.folders('d')
      a.write('d/f', 'f')
      a.write('g', 'g')
      await stage.settle()
      c.device.root = stage.idAt('d') as typeof c.device.root
      c.device.store = c.device.newStore()
      stage.start(2)
      await stage.settle()
      deepEqual(c.tree, ['f=f'])
      const before = stage.ids
      const since = stage.since()
      a.rename('g', 'd/g')
      a.rename('d/f', 'f')
      await stage.settle()
      deepEqual(c.tree, ['g=g'])
      c.rename('g', 'h')
      a.rename('f', 'd/f')
      await stage.settle()
      deepEqual(c.tree, ['f=f', 'h=g'])
      deepEqual(stage.b.tree, ['d/', 'd/f=f', 'd/h=g'])
      deepEqual([stage.idAt('d/f'), stage.idAt('d/h')], [before.get('d/f'), before.get('g')])
      equal(since.asked('trash').length + since.asked('write-file').length, 0)
    },
  },
]
