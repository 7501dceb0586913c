import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** A folder goes, with what whoever deletes it had not seen. */
export const FOLDER_DELETES: readonly Scenario[] = [
  {
    id: 'FD-01',
    title: 'a folder is deleted while another adds to it: the new file stays, in its folder; the others go',
    async play(stage) {
      stage.a.folders('D')
      for (const name of ['1', '2']) stage.a.write(`D/${name}`, name)
      await stage.settle()
      await stage.apart(
        (a) => a.person.removeTree('D'),
        (b) => b.write('D/new', 'new'),
      )
      stage.everywhere('D/', 'D/new=new')
      deepEqual(stage.b.kept, ['1', '2'])
      // The new one is on the server when the delete comes, and its sender had not seen it.
      stage.when(0, 'before push', () => stage.server('web-create', { path: 'D', to: 'newer', bytes: 1, size: 3 }))
      stage.a.person.removeTree('D')
      await stage.settle()
      stage.everywhere('D/', 'D/newer=c1.')
    },
  },
  {
    id: 'FD-02',
    title: 'a folder is deleted while files are sent into it: it is made again with those alone',
    async play(stage) {
      stage.a.folders('D')
      stage.a.write('D/old', 'old')
      await stage.settle()
      stage.when(1, 'before upload', () => stage.server('web-trash', { path: 'D' }))
      for (const name of ['1', '2', '3']) stage.b.write(`D/${name}`, name)
      await stage.settle()
      stage.everywhere('D/', 'D/1=1', 'D/2=2', 'D/3=3')
    },
  },
  {
    id: 'FD-04',
    title: 'ignored after it was synced, then deleted here: nothing is deleted on the server',
    async play(stage) {
      stage.a.folders('D')
      stage.a.write('D/f', 'f')
      await stage.settle()
      const since = stage.since()
      stage.a.write('.bitvaultignore', 'D/\n')
      await stage.settle()
      stage.a.person.removeTree('D')
      await stage.settle()
      deepEqual(stage.remote, ['.bitvaultignore=D/\n', 'D/', 'D/f=f'])
      equal(since.asked('trash').length, 0)
    },
  },
  {
    id: 'FD-04b',
    title: 'deleted here while it was ignored, and ignored no more: it comes back',
    async play(stage) {
      stage.a.folders('D')
      stage.a.write('D/f', 'f')
      stage.a.write('.bitvaultignore', 'D/\n')
      await stage.settle()
      deepEqual(stage.remote, ['.bitvaultignore=D/\n'])
      stage.a.write('.bitvaultignore', '\n')
      await stage.settle()
      stage.a.write('.bitvaultignore', 'D/\n')
      await stage.settle()
      const since = stage.since()
      stage.a.person.removeTree('D')
      await stage.settle()
      stage.a.write('.bitvaultignore', '\n')
      await stage.settle()
      stage.everywhere('.bitvaultignore=\n', 'D/', 'D/f=f')
      equal(since.asked('trash').length, 0)
    },
  },
  {
    id: 'FD-05',
    title: 'a folder is deleted here that has more on the server than is here: only what was here goes',
    async play(stage) {
      stage.a.folders('D')
      stage.a.write('D/f', 'f')
      await stage.settle()
      stage.a.folders('D/hidden')
      const hidden = (): string => stage.idAt('D/hidden')!
      stage.when(0, 'before push-reply', () => void stage.b.device.unselected.add(hidden()))
      await stage.settle()
      stage.a.write('D/hidden/g', 'g')
      await stage.settle()
      deepEqual(stage.b.tree, ['D/', 'D/f=f'])
      stage.b.person.removeTree('D')
      await stage.settle()
      deepEqual(stage.remote, ['D/', 'D/hidden/', 'D/hidden/g=g'])
      deepEqual(stage.a.tree, stage.remote)
      deepEqual(stage.trash, ['D/f'])
    },
  },
  {
    id: 'FD-07',
    title:
      'the delete of a large folder is one change on the server, wherever the device dies; the trash gives it back whole',
    dies: 0,
    async play(stage) {
      const names = Array.from({ length: 10 }, (_, at) => `D/${at}`)
      stage.a.folders('D', 'D/E')
      for (const name of names) stage.a.write(name, name)
      stage.a.write('D/E/f', 'f')
      await stage.settle()
      // What was made shortly before a machine fell may be lost with it: of that a delete is doubted.
      stage.a.write('later', 'later')
      await stage.settle()
      stage.world.onAnswer = () => 'delete'
      const since = stage.since()
      stage.a.person.removeTree('D')
      stage.a.device.tree.commitNames()
      stage.mayDie()
      await stage.pass(3_000)
      stage.livesOn()
      await stage.settle()
      stage.everywhere('later=later')
      deepEqual(since.journal, ['trashed D'])
      stage.server('web-restore', { path: 'D' })
      await stage.settle()
      stage.everywhere('later=later', 'D/', 'D/E/', 'D/E/f=f', ...names.map((name) => `${name}=${name}`))
    },
  },
  {
    id: 'FD-07b',
    title: 'the device dies anywhere while it takes a large folder away: nobody deletes anything for it',
    dies: 1,
    async play(stage) {
      const names = Array.from({ length: 7 }, (_, at) => `D/${at}`)
      stage.a.folders('D', 'D/E')
      for (const name of names) stage.a.write(name, name)
      await stage.settle()
      stage.world.onAnswer = () => 'delete'
      const since = stage.since()
      stage.server('web-trash', { path: 'D' })
      stage.mayDie()
      await stage.pass(3_000)
      stage.livesOn()
      await stage.settle()
      stage.everywhere()
      deepEqual(since.journal, ['trashed D'])
    },
  },
  {
    id: 'FD-08',
    title: 'removed and installed anew while another device looks: it ends with the new tree',
    async play(stage) {
      const files = ['1', '2', 'lib/3']
      stage.a.folders('D', 'D/lib')
      for (const file of files) stage.a.write(`D/${file}`, file)
      await stage.settle()
      const installs = (): void => {
        stage.a.folders('D', 'D/lib')
        for (const file of files) stage.a.write(`D/${file}`, `new ${file}`)
      }
      stage.when(1, 'before list', () => {
        stage.a.person.removeTree('D')
        stage.world.scheduler.after(20_000, installs)
      })
      stage.b.write('D/2', 'edited by b')
      await stage.settle()
      equal(stage.b.read('D/1'), 'new 1')
      equal(stage.b.read('D/lib/3'), 'new lib/3')
      stage.texts('new 1', 'new 2', 'new lib/3', 'edited by b')
    },
  },
]
