import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

const READER = ['linux', { fs: 'linux', canWrite: false }] as const

/** Who may only read, or less, or has no room. */
export const RIGHTS: readonly Scenario[] = [
  {
    id: 'SH-01',
    title:
      'the right to write is withdrawn while edits wait: they are kept beside, the server’s version is at the name',
    async play(stage) {
      for (const name of ['edited', 'deleted', 'renamed']) stage.a.write(name, name)
      await stage.settle()
      await stage.stop(1)
      stage.world.cloud.setRole(stage.b.device.actor, 'reader')
      stage.b.device.config.canWrite = false
      stage.b.write('edited', 'mine')
      stage.b.remove('deleted')
      stage.b.rename('renamed', 'elsewhere')
      stage.b.write('new', 'mine too')
      stage.a.write('edited', 'theirs')
      await stage.pass(10_000)
      const since = stage.since()
      stage.start(1)
      await stage.settle()
      deepEqual(since.journal, [])
      for (const line of ['edited=theirs', 'deleted=deleted', 'renamed=renamed', 'new=mine too'])
        ok(stage.b.tree.includes(line), `${line} is not in ${stage.b.tree.join()}`)
      equal(stage.b.tree.filter((line) => line.endsWith('=mine')).length, 1)
    },
  },
  {
    id: 'SH-01b',
    title:
      'the server refuses what the device thinks that it may: edits stay here, told, and are not tried again and again',
    async play(stage) {
      for (const name of ['edited', 'deleted', 'renamed']) stage.a.write(name, name)
      await stage.settle()
      stage.world.cloud.setRole(stage.b.device.actor, 'reader')
      const since = stage.since()
      stage.b.write('edited', 'mine')
      stage.b.remove('deleted')
      stage.b.rename('renamed', 'elsewhere')
      await stage.pass(3_600_000)
      deepEqual(since.journal, [])
      deepEqual(stage.b.tree, ['edited=mine', 'elsewhere=renamed'])
      deepEqual(stage.b.blocked, ['deleted: read-only', 'edited: read-only', 'elsewhere: read-only'])
      const asked = since.asked('trash').length + since.asked('move').length + since.asked('write-file').length
      ok(asked < 100, `it was asked ${asked} times in an hour`)
      stage.world.cloud.setRole(stage.b.device.actor, 'manager')
      await stage.settle()
      stage.everywhere('edited=mine', 'elsewhere=renamed')
    },
  },
  {
    id: 'SH-03',
    title: 'new files in a place where one may only read stay there, flagged; what was deleted or moved comes back',
    devices: READER,
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['d/f', 'd/g']) stage.a.write(name, name)
      await stage.settle()
      const since = stage.since()
      // Seen in one look: else what is missing in the one folder may be there again before it is found in the other.
      await stage.stop(1)
      stage.b.folders('mine')
      stage.b.write('mine/new', 'new')
      stage.b.write('d/new', 'new')
      stage.b.remove('d/f')
      stage.b.rename('d/g', 'mine/g')
      stage.start(1)
      await stage.settle()
      deepEqual(since.journal, [])
      deepEqual(stage.b.tree, ['d/', 'd/f=d/f', 'd/g=d/g', 'd/new=new', 'mine/', 'mine/new=new'])
      for (const name of ['mine', 'new']) ok(stage.b.blocked.includes(`${name}: read-only`))
      equal(since.asked('write-file', stage.b.device).length, 0)
    },
  },
  {
    id: 'SH-04',
    title: 'a file is moved from an own place into one where one may only read: it stays there, and in the own trash',
    devices: READER,
    async play(stage) {
      stage.a.write('f', 'the bytes')
      await stage.settle()
      // Each place is a root of its own: out of one, into the other.
      stage.a.remove('f')
      stage.b.offline()
      stage.b.write('moved', 'the bytes')
      await stage.pass(10_000)
      stage.b.online()
      await stage.settle()
      deepEqual(stage.trash, ['f'])
      deepEqual(stage.b.tree, ['moved=the bytes'])
      deepEqual(stage.b.blocked, ['moved: read-only'])
      stage.server('web-restore', { path: 'f' })
      await stage.settle()
      deepEqual(stage.a.tree, ['f=the bytes'])
    },
  },
  {
    id: 'SH-10',
    title:
      'the room on the server ends in the middle of a batch: what fits goes, the rest waits and says so, nothing is deleted',
    async play(stage) {
      stage.a.write('old', 'old')
      await stage.settle()
      stage.world.cloud.limitBytes = 100
      const since = stage.since()
      for (const [name, size] of [
        ['small 1', 10],
        ['large', 90],
        ['small 2', 10],
        ['larger', 95],
      ] as const)
        stage.a.write(name, name.padEnd(size, '.'))
      await stage.pass(3_600_000)
      deepEqual(
        stage.remote.map((line) => line.split('=')[0]),
        ['old', 'small 1', 'small 2'],
      )
      deepEqual(stage.a.blocked, ['large: refused', 'larger: refused'])
      const uploads = since.calls(stage.a.device, 'upload')
      ok(uploads < 80, `it was asked ${uploads} times in an hour`)
      equal(since.asked('trash').length, 0)
      equal(stage.a.tree.length, 5)
      stage.world.cloud.limitBytes = Infinity
      await stage.settle()
      equal(stage.b.tree.length, 5)
      deepEqual(stage.a.blocked, [])
    },
  },
  {
    id: 'SH-12',
    title: 'a new version has no room on the server: the old one stays there, the new one stays here and is told',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.world.cloud.limitBytes = 50
      stage.a.write('f', 'too much '.repeat(20))
      await stage.pass(1_200_000)
      deepEqual(stage.remote, ['f=one'])
      deepEqual(stage.a.blocked, ['f: refused'])
      equal(stage.a.state, 'up-to-date: blocked')
      equal(stage.a.read('f'), 'too much '.repeat(20))
      stage.a.write('f', 'fits')
      await stage.settle()
      stage.everywhere('f=fits')
      deepEqual(stage.a.blocked, [])
    },
  },
]
