import { deepEqual, equal, notEqual } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Files and folders go elsewhere, on one side. */
export const MOVES: readonly Scenario[] = [
  {
    id: 'MV-05',
    title: 'parent and child change places on one side: ids are kept on every device',
    devices: ['linux', 'linux', 'mac'],
    async play(stage) {
      stage.a.folders('A', 'A/B')
      stage.a.write('A/B/f', 'f')
      await stage.settle()
      const before = stage.ids
      const since = stage.since()
      stage.a.rename('A/B', 'C')
      stage.a.rename('A', 'C/A')
      await stage.settle()
      stage.everywhere('C/', 'C/A/', 'C/f=f')
      equal(stage.idAt('C'), before.get('A/B'))
      equal(stage.idAt('C/A'), before.get('A'))
      for (const at of [1, 2]) equal(since.calls(stage.at(at).device, 'download'), 0)
    },
  },
  {
    id: 'MV-11',
    title: 'a rename of a folder is one move, and nothing is downloaded again',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['1', '2', '3']) stage.a.write(`d/${name}`, name)
      await stage.settle()
      const before = stage.idAt('d')
      const since = stage.since()
      stage.a.rename('d', 'e')
      await stage.settle()
      equal(stage.idAt('e'), before)
      deepEqual(since.journal, ['moved e'])
      equal(since.calls(stage.b.device, 'download'), 0)
      stage.everywhere('e/', 'e/1=1', 'e/2=2', 'e/3=3')
    },
  },
  {
    id: 'MV-14',
    title: 'a move whose time changed on the way is still a move',
    async play(stage) {
      stage.a.write('f', 'the bytes')
      stage.a.folders('d')
      await stage.settle()
      const before = stage.idAt('f')
      const since = stage.since()
      stage.a.rename('f', 'd/f')
      stage.a.person.touch('d/f')
      await stage.settle()
      stage.everywhere('d/', 'd/f=the bytes')
      equal(stage.idAt('d/f'), before)
      equal(since.asked('write-file').length, 0)
      equal(since.calls(stage.b.device, 'download'), 0)
    },
  },
  {
    id: 'MV-14b',
    title: 'renamed, and edited an hour later, all of it without a way to the server: it keeps its id',
    async play(stage) {
      stage.a.write('f', 'the bytes')
      await stage.settle()
      const before = stage.idAt('f')
      stage.a.offline()
      stage.a.rename('f', 'g')
      await stage.pass(3_600_000)
      stage.a.write('g', 'other bytes')
      await stage.pass(60_000)
      stage.a.online()
      await stage.settle()
      stage.everywhere('g=other bytes')
      equal(stage.idAt('g'), before)
    },
  },
  {
    id: 'MV-15',
    title: 'moved out of the root goes to the trash and is not purged, moved back in time is nothing',
    async play(stage) {
      for (const name of ['f', 'g']) stage.a.write(name, name)
      await stage.settle()
      const since = stage.since()
      stage.a.does('move-out-and-back', { path: 'f', n: 1_000 })
      await stage.settle()
      deepEqual(since.journal, [])
      stage.everywhere('f=f', 'g=g')
      stage.a.does('move-out-and-back', { path: 'g', n: 60_000_000 })
      await stage.pass(30_000)
      stage.everywhere('f=f')
      deepEqual(stage.trash, ['g'])
      await stage.settle()
      stage.everywhere('f=f', 'g=g')
    },
  },
  {
    id: 'MV-17',
    title: 'a file moved into a folder as new as the move, of which the watcher tells the child first',
    watch: { lost: 0, doubled: 0.5, overflow: 0, delayUs: 400_000, trouble: null },
    async play(stage) {
      for (const name of ['f', 'g', 'h']) stage.a.write(name, name)
      await stage.settle()
      const before = stage.ids
      const since = stage.since()
      stage.a.folders('d', 'd/e')
      stage.a.rename('f', 'd/f')
      stage.a.rename('g', 'd/e/g')
      stage.a.rename('h', 'd/h')
      await stage.settle()
      stage.everywhere('d/', 'd/e/', 'd/e/g=g', 'd/f=f', 'd/h=h')
      for (const [was, is] of [
        ['f', 'd/f'],
        ['g', 'd/e/g'],
        ['h', 'd/h'],
      ])
        equal(stage.idAt(is!), before.get(was!))
      equal(since.asked('trash').length, 0)
    },
  },
  {
    id: 'MV-20',
    title: 'a new file with the inode of a deleted one is no move, whatever its size',
    async play(stage) {
      for (const name of ['f', 'same size']) stage.a.write(name, `the bytes of ${name}`)
      await stage.settle()
      const before = stage.ids
      for (const [old, fresh] of [
        ['f', 'g'],
        ['same size', 'h'],
      ] as const) {
        const { ino } = stage.a.device.tree.at(old)!.inode
        const { length } = stage.a.read(old)!
        stage.a.remove(old)
        stage.a.write(fresh, fresh === 'g' ? 'new' : '#'.repeat(length))
        equal(stage.a.device.tree.at(fresh)!.inode.ino, ino)
        await stage.settle()
        notEqual(stage.idAt(fresh), before.get(old))
      }
      stage.everywhere('g=new', `h=${'#'.repeat('the bytes of same size'.length)}`)
      deepEqual(stage.trash, ['f', 'same size'])
    },
  },
  {
    id: 'MV-23',
    title: 'a chain of folders that moves again and again while a device looks: nothing is sent twice',
    async play(stage) {
      stage.a.folders('a', 'a/b', 'a/b/c', 'other')
      for (const name of ['1', '2']) stage.a.write(`a/b/c/${name}`, name)
      await stage.settle()
      const since = stage.since()
      let times = 0
      const end = stage.whenever(1, 'before list', () => {
        if (times++ < 6)
          stage.server('web-move', { path: times % 2 ? 'a/b' : 'other/b', to: times % 2 ? 'other' : 'a' })
      })
      stage.server('web-rename', { path: 'a/b/c', to: 'd' })
      await stage.settle()
      end()
      stage.everywhere('a/', 'a/b/', 'a/b/d/', 'a/b/d/1=1', 'a/b/d/2=2', 'other/')
      equal(since.asked('write-file').length, 0)
      for (const { device } of [stage.a, stage.b]) {
        equal(since.calls(device, 'download'), 0)
        equal(since.asked('move', device).length, 0)
      }
    },
  },
]
