import { deepEqual, equal, notEqual } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Links of both kinds, and what is neither file nor folder. */
export const LINKS: readonly Scenario[] = [
  {
    id: 'LK-01',
    title: 'links that lead in circles are links: a scan lists each folder once',
    async play(stage) {
      await stage.settle()
      const since = stage.since()
      stage.a.folders('d')
      stage.a.person.symlink('d/up', '..')
      stage.a.person.symlink('self', 'self')
      stage.a.person.symlink('here', '.')
      await stage.pass(10_000)
      stage.everywhere('d/', 'd/up->..', 'here->.', 'self->self')
      equal(since.calls(stage.a.device, 'list') < 12, true)
    },
  },
  {
    id: 'LK-02',
    title: 'a link out of the root is synced as its text; where it leads is not read, written or deleted',
    async play(stage) {
      const through: string[] = []
      for (const at of [0, 1])
        for (const call of ['open', 'stat', 'list', 'list-look', 'discard', 'placeNew'])
          stage.spies(at, call, (detail) => {
            const isInto = /^(out|etc)\//.test(detail)
            if (isInto || (/^(out|etc)$/.test(detail) && (call === 'open' || call === 'list'))) through.push(detail)
          })
      stage.a.person.symlink('out', '../../outside')
      stage.a.person.symlink('etc', '/etc')
      await stage.settle()
      stage.everywhere('etc->/etc', 'out->../../outside')
      stage.b.remove('etc')
      stage.b.remove('out')
      stage.b.person.symlink('out', '../elsewhere')
      await stage.settle()
      stage.everywhere('out->../elsewhere')
      deepEqual(through, [])
    },
  },
  {
    id: 'LK-05',
    title: 'a store that is built anew, since links are kept otherwise now, takes no link for new, changed or deleted',
    async play(stage) {
      stage.a.folders('d')
      stage.a.write('d/f', 'f')
      for (const name of ['link', 'd/link']) stage.a.person.symlink(name, 'd/f')
      await stage.settle()
      const since = stage.since()
      stage.a.does('database-lost')
      await stage.settle()
      deepEqual(since.journal, [])
      equal(since.asked('write-file').length, 0)
      stage.everywhere('d/', 'd/f=f', 'd/link->d/f', 'link->d/f')
    },
  },
  {
    id: 'LK-07',
    title: 'an edit through the other name of a hard link, of which no watcher tells, is found by the full scan',
    async play(stage) {
      stage.a.folders('x', 'y')
      stage.a.write('x/f', 'one')
      stage.a.person.hardLink('x/f', 'y/g')
      await stage.settle()
      stage.everywhere('x/', 'x/f=one', 'y/', 'y/g=one')
      stage.a.person.writeUnseen('x/f', Buffer.from('two'))
      await stage.pass(600_000)
      equal(stage.b.read('x/f'), 'one')
      await stage.settle()
      stage.everywhere('x/', 'x/f=two', 'y/', 'y/g=two')
    },
  },
  {
    id: 'LK-08',
    title: 'an update of a file with two names here breaks the link: the other name keeps the old bytes',
    async play(stage) {
      stage.a.write('f', 'one')
      stage.a.person.hardLink('f', 'g')
      await stage.settle()
      stage.b.write('f', 'two')
      await stage.settle()
      stage.everywhere('f=two', 'g=one')
      const { tree } = stage.a.device
      notEqual(tree.at('f')!.inode, tree.at('g')!.inode)
    },
  },
  {
    id: 'LK-10',
    title: 'a pipe is told, never opened, and forgotten when it is gone',
    async play(stage) {
      stage.a.write('f', 'f')
      await stage.settle()
      stage.a.person.pipe('pipe')
      stage.a.remove('f')
      stage.a.person.pipe('f')
      await stage.settle()
      deepEqual(stage.a.blocked, ['f: special-file', 'pipe: special-file'])
      // What has its name cannot be synced: that is no delete (P7).
      deepEqual(stage.remote, ['f=f'])
      stage.a.remove('pipe')
      stage.a.remove('f')
      stage.a.write('f', 'again')
      await stage.settle()
      deepEqual(stage.a.blocked, [])
      equal(stage.a.device.store.items.size, 1)
      stage.everywhere('f=again')
    },
  },
  {
    id: 'LK-10b',
    title: 'into a folder whose name a pipe has nothing comes, nor is it tried, until the folder is there again',
    async play(stage) {
      stage.a.folders('d')
      await stage.settle()
      stage.a.rename('d', 'away')
      stage.a.person.pipe('d')
      stage.a.person.removeTree('away')
      stage.b.write('d/new', 'new')
      await stage.settle()
      deepEqual(stage.a.blocked, ['d: special-file'])
      deepEqual(stage.remote, ['d/', 'd/new=new'])
      stage.a.remove('d')
      stage.a.folders('d')
      await stage.settle()
      deepEqual(stage.a.blocked, [])
      stage.everywhere('d/', 'd/new=new')
    },
  },
  {
    id: 'LK-11',
    title: 'on Windows what is no file, folder or link stays as it is: not listed, not read, not sent',
    devices: ['windows', 'linux'],
    async play(stage) {
      stage.a.folders('d')
      stage.a.write('d/f', 'f')
      await stage.settle()
      const since = stage.since()
      for (const name of ['d/junction', 'placeholder']) stage.a.person.pipe(name)
      await stage.settle()
      equal(since.calls(stage.a.device, 'open'), 0)
      deepEqual(since.journal, [])
      deepEqual(stage.a.blocked, ['junction: special-file', 'placeholder: special-file'])
      stage.b.person.removeTree('d')
      await stage.settle()
      deepEqual(stage.a.tree, ['d/', 'd/junction|', 'placeholder|'])
      deepEqual(stage.a.blocked, ['d: not-empty', 'junction: special-file', 'placeholder: special-file'])
    },
  },
]
