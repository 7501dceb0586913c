import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** One moves, the other deletes; or both at once on one device. */
export const MOVES_AND_DELETES: readonly Scenario[] = [
  {
    id: 'MD-01',
    title: 'a pure move and a delete of one file: the delete wins on every device, whichever was first',
    devices: ['linux', 'linux', 'mac'],
    async play(stage) {
      for (const name of ['deleted first', 'moved first']) stage.a.write(name, name)
      stage.a.folders('X')
      await stage.settle()
      await stage.apart(
        (a) => {
          a.remove('deleted first')
          a.rename('moved first', 'X/moved first')
        },
        (b) => {
          b.rename('deleted first', 'X/deleted first')
          b.remove('moved first')
        },
      )
      stage.everywhere('X/')
      deepEqual(stage.trash, ['X/moved first', 'deleted first'])
    },
  },
  {
    id: 'MD-01b',
    title: 'moved, then edited, and deleted by another meanwhile: the edit wins, under the same id',
    async play(stage) {
      stage.a.write('f', 'f')
      stage.a.folders('X')
      await stage.settle()
      const before = stage.idAt('f')
      const end = stage.keepsBefalling(1, 'push', { do: 'request-lost' })
      stage.b.rename('f', 'X/f')
      await stage.pass(3_000)
      stage.when(0, 'before push-reply', () => stage.b.write('X/f', 'edited'))
      stage.a.remove('f')
      await stage.pass(20_000)
      end()
      await stage.settle()
      stage.texts('edited')
      equal([...stage.ids.values()].includes(before!), true)
    },
  },
  {
    id: 'MD-03',
    title: 'out of a folder, then the folder is deleted: the file is moved first and never deleted',
    async play(stage) {
      stage.a.folders('D')
      stage.a.write('D/f', 'f')
      await stage.settle()
      const before = stage.idAt('D/f')
      const since = stage.since()
      stage.a.rename('D/f', 'f')
      stage.a.person.removeTree('D')
      await stage.settle()
      stage.everywhere('f=f')
      equal(stage.idAt('f'), before)
      deepEqual(since.journal, ['moved f', 'trashed D'])
      equal(since.calls(stage.b.device, 'download'), 0)
    },
  },
  {
    id: 'MD-04',
    title: 'one is deleted, another takes its name: that keeps its id and its versions',
    async play(stage) {
      for (const name of ['x', 'y']) stage.a.write(name, `the bytes of ${name}`)
      await stage.settle()
      stage.a.write('y', 'the new bytes of y')
      await stage.settle()
      const before = stage.idAt('y')
      const since = stage.since()
      stage.a.remove('x')
      stage.a.rename('y', 'x')
      await stage.settle()
      stage.everywhere('x=the new bytes of y')
      equal(stage.idAt('x'), before)
      deepEqual(stage.versions('x'), ['the bytes of y', 'the new bytes of y'])
      deepEqual(since.journal, ['trashed x', 'moved x'])
    },
  },
  {
    id: 'MD-06',
    title: 'many deletes and renames in one go: whatever leaves a folder is out before the folder goes',
    dies: 1,
    async play(stage) {
      const names = ['1', '2', '3', '4']
      stage.a.folders('D', 'D/E', 'kept')
      for (const name of names) stage.a.write(`D/E/${name}`, name)
      await stage.settle()
      const since = stage.since()
      for (const name of ['1', '3']) stage.a.rename(`D/E/${name}`, `kept/${name}`)
      stage.a.person.removeTree('D')
      stage.mayDie()
      await stage.pass(8_000)
      stage.livesOn()
      await stage.settle()
      stage.everywhere('kept/', 'kept/1=1', 'kept/3=3')
      equal(since.calls(stage.b.device, 'download'), 0)
    },
  },
  {
    id: 'MD-07',
    title: 'into a folder that somebody puts into the trash: it is there, comes back as one, and nothing is purged',
    async play(stage) {
      stage.a.folders('D', 'E')
      stage.a.write('D/f', 'f')
      await stage.settle()
      const before = stage.ids
      await stage.apart(
        (a) => a.rename('D', 'E/D'),
        (b) => b.person.removeTree('E'),
      )
      stage.server('web-restore', { path: 'E' })
      await stage.settle()
      stage.everywhere('E/', 'E/D/', 'E/D/f=f')
      for (const path of ['D', 'D/f']) equal(stage.idAt(`E/${path}`), before.get(path))
      equal(stage.world.cloud.state.purged.size, 0)
    },
  },
]
