import { deepEqual, equal, throws } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Disks that are full, damaged, or out of handles. */
export const DISK_TROUBLE: readonly Scenario[] = [
  {
    id: 'DK-03',
    title: 'the disk is full in the middle of what comes: no empty shell is shown or sent, and the old file stays',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const since = stage.since()
      stage.when(1, 'before temp-write', () => (stage.b.device.tree.isFull = true))
      stage.a.write('f', 'two')
      for (const name of ['g', 'h']) stage.a.write(name, name)
      await stage.pass(60_000)
      deepEqual(stage.b.tree, ['f=one'])
      deepEqual(
        stage.b.blocked,
        ['f', 'g', 'h'].map((name) => `${name}: no-space`),
      )
      equal(since.asked('write-file', stage.b.device).length, 0)
      // What is changed here still goes out: that takes no room.
      stage.b.rename('f', 'renamed')
      await stage.pass(60_000)
      equal(stage.remote[2], 'renamed=two')
      stage.b.device.tree.isFull = false
      await stage.pass(600_000)
      stage.everywhere('g=g', 'h=h', 'renamed=two')
    },
  },
  {
    id: 'DK-04',
    title:
      'the disk of the database is full, that of the files is not: nothing is deleted, and it goes on where it was',
    async play(stage) {
      for (const name of ['f', 'g', 'h']) stage.a.write(name, name)
      await stage.settle()
      const since = stage.since()
      for (const { device } of [stage.a, stage.b]) device.storeFault = 'ENOSPC'
      stage.a.write('f', 'edited')
      stage.b.remove('g')
      stage.server('web-create', { path: '', to: 'new', bytes: 3, size: 3 })
      await stage.pass(600_000)
      deepEqual(since.journal, ['created new'])
      equal(stage.a.state.startsWith('offline'), true)
      // What it cannot remember it refuses: nobody is told that it waits while it does not.
      throws(() => stage.a.device.engine!.pause(), { code: 'ENOSPC' })
      for (const { device } of [stage.a, stage.b]) device.storeFault = null
      await stage.settle()
      stage.everywhere('f=edited', 'h=h', 'new=c3.')
      deepEqual(since.journal.sort(), ['created new', 'trashed g', 'updated f'])
    },
  },
  {
    id: 'DK-04b',
    title: 'it is started while the disk of its database is full: it says so, waits, and goes on when there is room',
    async play(stage) {
      stage.a.write('f', 'f')
      await stage.settle()
      stage.a.device.storeFault = 'ENOSPC'
      stage.a.device.crash('kill')
      stage.a.write('f', 'edited')
      await stage.pass(60_000)
      stage.a.device.storeFault = null
      await stage.settle()
      stage.everywhere('f=edited')
    },
  },
  {
    id: 'DK-10',
    title: 'bytes that do not match their hash are thrown away and told; the old file stays, and it is tried again',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const { cloud } = stage.world
      stage.when(1, 'before download', () => cloud.server.damage(stage.idAt('f') as never))
      stage.a.write('f', 'two')
      await stage.pass(60_000)
      deepEqual(stage.b.tree, ['f=one'])
      deepEqual(stage.b.blocked, ['f: content-damaged'])
      cloud.state.damaged.clear()
      await stage.settle()
      stage.everywhere('f=two')
      deepEqual(stage.b.blocked, [])
    },
  },
  {
    id: 'DK-12',
    title: 'bits rot on a disk: that is no edit that is sent, and the next version comes over it',
    async play(stage) {
      for (const name of ['f', 'g']) stage.a.write(name, 'the true bytes')
      await stage.settle()
      const since = stage.since()
      stage.a.rots('f', 'the trux bytes')
      await stage.settle()
      await stage.stop(0)
      stage.start(0)
      await stage.settle()
      deepEqual(since.journal, [])
      equal(stage.b.read('f'), 'the true bytes')
      stage.b.write('f', 'the next version')
      await stage.settle()
      stage.everywhere('f=the next version', 'g=the true bytes')
      equal(stage.a.kept.includes('the trux bytes'), true)
    },
  },
  {
    id: 'DK-12b',
    title: 'bits rot on a disk: a look at all bytes finds it within a week, and it is offered as a repair',
    async play(stage) {
      stage.a.write('f', 'the true bytes')
      await stage.settle()
      stage.a.rots('f', 'the trux bytes')
      for (let day = 0; day < 7; day++) await stage.pass(86_400_000)
      deepEqual(stage.a.blocked, ['f: damaged-here'])
      deepEqual(stage.remote, ['f=the true bytes'])
      void stage.a.device.engine!.repair()
      await stage.settle()
      stage.everywhere('f=the true bytes')
      equal(stage.a.kept.includes('the trux bytes'), true)
    },
  },
  {
    id: 'DK-13',
    title: 'a scan that runs out of handles is none: what it did not see is not moved and not gone',
    async play(stage) {
      stage.a.folders('d', 'e', 'z')
      for (const name of ['d/f', 'd/g', 'e/h']) stage.a.write(name, name)
      await stage.settle()
      const since = stage.since()
      const end = stage.keepsBefalling(0, 'list', { do: 'errno', code: 'EMFILE' }, /^(e|z)$/)
      stage.a.rename('d/f', 'z/f')
      stage.a.remove('e/h')
      stage.a.device.tree.onChange('')
      await stage.pass(120_000)
      deepEqual(since.journal, [])
      end()
      await stage.settle()
      stage.everywhere('d/', 'd/g=d/g', 'e/', 'z/', 'z/f=d/f')
      deepEqual(since.journal.sort(), ['moved z/f', 'trashed e/h'])
    },
  },
]
