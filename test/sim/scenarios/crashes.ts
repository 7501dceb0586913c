import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** A device dies at any call; what was durable before is there after. */
export const CRASHES: readonly Scenario[] = [
  {
    id: 'DK-01',
    title:
      'it dies anywhere while a version comes: the name has the old bytes or the new, and nothing unfinished is left',
    dies: 1,
    async play(stage) {
      const [one, two] = ['1'.repeat(80), '2'.repeat(80)]
      stage.a.write('f', one)
      await stage.settle()
      stage.b.sync()
      stage.a.write('f', two)
      stage.a.write('new', two)
      stage.mayDie()
      for (let step = 0; step < 40; step++) {
        await stage.pass(100)
        equal([one, two].includes(stage.b.read('f')!), true)
        equal([null, two].includes(stage.b.read('new')), true)
      }
      stage.livesOn()
      await stage.settle()
      stage.everywhere(`f=${two}`, `new=${two}`)
    },
  },
  {
    id: 'DK-06',
    title:
      'it dies between a change of the disk and the note of it: what is there already is noted, nothing is done twice',
    dies: 1,
    async play(stage) {
      stage.a.folders('d', 'e')
      for (const name of ['f', 'd/g', 'd/h']) stage.a.write(name, name)
      await stage.settle()
      stage.b.sync()
      const since = stage.since()
      stage.a.rename('f', 'e/f')
      stage.a.rename('d', 'moved')
      stage.a.remove('moved/h')
      stage.mayDie()
      await stage.pass(5_000)
      stage.livesOn()
      await stage.settle()
      stage.everywhere('e/', 'e/f=f', 'moved/', 'moved/g=d/g')
      equal(since.journal.length, 3)
      equal(since.calls(stage.b.device, 'download'), 0)
    },
  },
  {
    id: 'DK-06b',
    title:
      'it dies right after a version got its name, and the server has a newer one by then: that is no edit of anybody',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.b.sync()
      const fetches = (call: string, path: string): void => {
        stage.befalls(1, call, { do: 'kill', when: 'after' }, { where: new RegExp(path) })
        stage.when(1, `before ${call}`, () => stage.server('web-edit', { path, bytes: 8, size: 3 }), {
          where: new RegExp(path),
        })
      }
      fetches('replace', 'f')
      stage.a.write('f', 'two')
      await stage.settle()
      fetches('placeNew', 'new')
      stage.a.write('new', 'one')
      await stage.settle()
      stage.everywhere('f=c8.', 'new=c8.')
      equal(stage.world.cloud.state.conflicts.size, 0)
    },
  },
  {
    id: 'DK-07',
    title: 'it dies between the answer of the server and the note of it: no copy, no second version',
    dies: 0,
    async play(stage) {
      for (const name of ['f', 'named']) stage.a.write(name, `${name} 1`)
      await stage.settle()
      stage.a.write('f', 'f 2')
      stage.a.write('new', 'new')
      stage.a.rename('named', 'renamed')
      stage.a.folders('d')
      stage.a.write('d/g', 'g')
      stage.a.sync()
      stage.mayDie()
      await stage.pass(5_000)
      stage.livesOn()
      await stage.settle()
      stage.everywhere('d/', 'd/g=g', 'f=f 2', 'new=new', 'renamed=named 1')
      deepEqual(stage.versions('f'), ['f 1', 'f 2'])
      for (const path of ['new', 'd/g', 'renamed']) equal(stage.versions(path).length, 1)
      equal(stage.world.cloud.state.conflicts.size, 0)
      equal(stage.world.cloud.state.nodes.size, 6)
    },
  },
  {
    id: 'DK-09',
    title: 'it dies while its own bytes become the copy: the old name, the new one or both hold them at any moment',
    dies: 1,
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.b.offline()
      stage.a.write('f', 'from a')
      stage.b.write('f', 'from b')
      stage.b.sync()
      await stage.pass(5_000)
      stage.b.online()
      stage.mayDie()
      for (let step = 0; step < 50; step++) {
        await stage.pass(100)
        equal(stage.b.tree.filter((line) => line.endsWith('=from b')).length >= 1, true)
      }
      stage.livesOn()
      await stage.settle()
      stage.texts('from a', 'from b')
      equal(stage.b.read('f'), 'from a')
      equal(stage.copies.length, 1)
    },
  },
]
