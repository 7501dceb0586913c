import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

const NAMES = Array.from({ length: 10 }, (_, at) => `f${at}`)

/** What the device knows is lost, or of another time than its folder. */
export const DATABASES: readonly Scenario[] = [
  {
    id: 'DB-01',
    title: 'the database is lost: both sides are put together, nothing is deleted, only what differs is a copy',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['same', 'edited here', 'edited there', 'deleted here', 'deleted there', 'd/f'])
        stage.a.write(name, name)
      await stage.settle()
      await stage.stop(0)
      stage.a.write('edited here', 'here')
      stage.a.remove('deleted here')
      stage.a.write('new', 'new')
      stage.server('web-edit', { path: 'edited there', bytes: 4, size: 3 })
      stage.server('web-trash', { path: 'deleted there' })
      await stage.pass(10_000)
      const since = stage.since()
      stage.a.does('database-lost')
      stage.start(0)
      await stage.settle()
      const untouched = ['same', 'd/f', 'deleted here', 'deleted there', 'new']
      stage.texts(...untouched, 'here', 'edited here', 'c4.', 'edited there')
      equal(since.asked('trash').length, 0)
      equal(stage.copies.length, 2)
      equal(stage.a.read('edited there'), 'c4.')
    },
  },
  {
    id: 'DB-02',
    title:
      'the folder is put back from an old backup: what is newer on the server keeps its names until somebody decides',
    async play(stage) {
      for (const name of NAMES) stage.a.write(name, `${name} old`)
      await stage.settle()
      stage.a.does('folder-backup')
      for (const name of NAMES) stage.b.write(name, `${name} newer`)
      await stage.settle()
      stage.a.does('folder-restored')
      await stage.pass(3_600_000)
      const newer = NAMES.map((name) => `${name}=${name} newer`)
      deepEqual(stage.remote, newer)
      equal(stage.a.state, 'paused: brake')
      deepEqual(stage.a.device.brake, { kind: 'brake', mass: 'older', items: 10, of: 10 })
      stage.a.device.engine!.answerBrake('older', 'keep')
      await stage.settle()
      equal(stage.copies.length, 10)
      for (const line of newer) equal(stage.b.tree.includes(line), true)
    },
  },
  {
    id: 'DB-04',
    title: 'the database is there, the root is empty: nothing is taken for deleted',
    async play(stage) {
      for (const name of NAMES) stage.a.write(name, name)
      await stage.settle()
      await stage.stop(0)
      stage.world.onAnswer = () => null
      for (const name of NAMES) stage.a.remove(name)
      stage.a.does('own-folder-gone')
      const since = stage.since()
      stage.start(0)
      await stage.pass(3_600_000)
      equal(stage.a.state, 'stopped: root-missing')
      deepEqual(since.journal, [])
      equal(stage.b.tree.length, NAMES.length)
    },
  },
  {
    id: 'DB-05',
    title: 'a damaged database is set aside and built anew: nothing that is the same on both sides travels',
    async play(stage) {
      stage.a.folders('d')
      for (const name of NAMES) stage.a.write(`d/${name}`, name)
      await stage.settle()
      const since = stage.since()
      stage.a.does('database-lost')
      await stage.settle()
      deepEqual(since.journal, [])
      equal(since.asked('write-file').length + since.calls(stage.a.device, 'download'), 0)
      stage.everywhere('d/', ...NAMES.map((name) => `d/${name}=${name}`))
    },
  },
  {
    id: 'DB-08',
    title: 'rules and selection are lost with the database: nothing that was left out is deleted or sent',
    async play(stage) {
      stage.a.write('.bitvaultignore', '*.o\n')
      stage.a.folders('d')
      stage.a.write('d/f', 'f')
      await stage.settle()
      stage.b.device.unselected.add(stage.idAt('d')!)
      stage.b.write('built.o', 'not for others')
      await stage.settle()
      const since = stage.since()
      stage.b.does('database-lost')
      stage.b.device.unselected.clear()
      await stage.settle()
      deepEqual(since.journal, [])
      deepEqual(stage.remote, ['.bitvaultignore=*.o\n', 'd/', 'd/f=f'])
      equal(stage.b.read('built.o'), 'not for others')
      equal(stage.b.read('d/f'), 'f')
    },
  },
]
