import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** A file becomes a folder, a folder a file or link. */
export const KINDS: readonly Scenario[] = [
  {
    id: 'TC-02',
    title: 'a folder becomes a file while another edits in it: the edit is kept, and the file is there',
    async play(stage) {
      stage.a.folders('D')
      stage.a.write('D/child', 'one')
      await stage.settle()
      await stage.apart(
        (a) => {
          a.person.removeTree('D')
          a.write('D', 'a file now')
        },
        (b) => b.write('D/child', 'edited'),
      )
      stage.texts('a file now', 'edited')
      equal(stage.b.read('D'), 'a file now')
    },
  },
  {
    id: 'TC-03',
    title: 'a file is edited here and a folder there: the folder has the name, the edit is beside it',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      await stage.apart(
        (a) => {
          a.remove('f')
          a.folders('f')
          a.write('f/inside', 'inside')
        },
        (b) => b.write('f', 'edited'),
      )
      stage.texts('inside', 'edited')
      equal(stage.b.read('f/inside'), 'inside')
    },
  },
  {
    id: 'TC-05',
    title: 'a folder with ignored things in it becomes a link there: they stay, and it is said why',
    async play(stage) {
      stage.a.write('.bitvaultignore', '*.o\n')
      stage.a.folders('D')
      stage.a.write('D/f', 'f')
      await stage.settle()
      stage.b.write('D/mine.o', 'built here')
      await stage.settle()
      stage.a.person.removeTree('D')
      stage.a.person.symlink('D', 'elsewhere')
      await stage.settle()
      deepEqual(stage.remote, ['.bitvaultignore=*.o\n', 'D->elsewhere'])
      deepEqual(stage.b.tree, ['.bitvaultignore=*.o\n', 'D/', 'D/mine.o=built here'])
      deepEqual(stage.b.blocked, ['D: name-clash', 'D: not-empty'])
      const before = stage.world.scheduler.events
      await stage.pass(3_600_000)
      // It waits, and does not try again and again.
      equal(stage.world.scheduler.events - before < 2_000, true)
      stage.b.remove('D/mine.o')
      await stage.settle()
      stage.everywhere('.bitvaultignore=*.o\n', 'D->elsewhere')
    },
  },
  {
    id: 'TC-06',
    title: 'the old thing moves away, another kind takes its name, all at once: both live',
    devices: ['linux', 'linux', 'mac'],
    async play(stage) {
      stage.a.write('f', 'f')
      stage.a.folders('D')
      stage.a.write('D/g', 'g')
      await stage.settle()
      const before = stage.ids
      const since = stage.since()
      stage.a.rename('f', 'moved')
      stage.a.folders('f')
      stage.a.write('f/new', 'new')
      stage.a.rename('D', 'f/D')
      stage.a.write('D', 'a file now')
      await stage.settle()
      stage.everywhere('D=a file now', 'f/', 'f/D/', 'f/D/g=g', 'f/new=new', 'moved=f')
      deepEqual([stage.idAt('moved'), stage.idAt('f/D')], [before.get('f'), before.get('D')])
      equal(since.asked('trash').length, 0)
    },
  },
]
