import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** How programs save, and what they hold open or locked. */
export const SAVES: readonly Scenario[] = [
  {
    id: 'AS-01',
    title: 'a new file takes the name of the old one in one step: that is an edit of it, under its id',
    async play(stage) {
      stage.a.write('doc', 'one')
      await stage.settle()
      const before = stage.idAt('doc')
      const since = stage.since()
      stage.a.save('doc', 'two')
      await stage.settle()
      stage.everywhere('doc=two')
      equal(stage.idAt('doc'), before)
      deepEqual(since.journal, ['updated doc'])
    },
  },
  {
    id: 'AS-02',
    title: 'moved aside, written anew, the old one deleted: an edit; the delete of another does not fire in the gap',
    async play(stage) {
      for (const name of ['doc', 'slow', 'deleted']) stage.a.write(name, `${name} 1`)
      await stage.settle()
      const before = stage.ids
      stage.a.person.saveAside('doc', Buffer.from('doc 2'))
      stage.a.does('save-aside-slowly', { path: 'slow', n: 3_000, bytes: 8, size: 3 })
      await stage.settle()
      stage.everywhere('deleted=deleted 1', 'doc=doc 2', 'slow=c8.')
      for (const name of ['doc', 'slow']) equal(stage.idAt(name), before.get(name))
      deepEqual(stage.trash, [])
      // Found gone by a scan, and there again before that is told.
      stage.when(0, 'before stat', () => stage.a.write('doc', 'doc 3'), { where: /^doc$/, nth: 2 })
      stage.a.remove('doc')
      await stage.settle()
      equal(stage.b.read('doc'), 'doc 3')
      equal(stage.idAt('doc'), before.get('doc'))
      deepEqual(stage.trash, [])
      // In the gap, when the name is free, comes the delete of somebody else.
      stage.a.rename('deleted', 'deleted.bak')
      stage.server('web-trash', { path: 'deleted' })
      await stage.pass(2_000)
      stage.a.write('deleted', 'deleted 2')
      if (stage.a.read('deleted.bak') !== null) stage.a.remove('deleted.bak')
      await stage.settle()
      stage.everywhere('deleted=deleted 2', 'doc=doc 3', 'slow=c8.')
    },
  },
  {
    id: 'AS-03',
    title: 'lock and swap files that come and go are not synced; what only looks like one is',
    async play(stage) {
      const theirs = ['~$doc.docx', '.~lock.x.ods#', '.doc.swp', '.nfs0123456789abcdef', '.DS_Store']
      const own = ['~$price list', '.#file', 'notes.swp.txt', 'x~', 'a.tmp', 'a.bak', 'lock']
      const since = stage.since()
      for (const name of [...theirs, ...own]) stage.a.write(name, name)
      stage.a.person.symlink('.#doc', 'me@host.123')
      await stage.settle()
      deepEqual(stage.remote, own.map((name) => `${name}=${name}`).sort())
      equal(since.asked('write-file').length, own.length)
      for (const name of [...theirs, '.#doc']) stage.a.remove(name)
      await stage.settle()
      equal(since.asked('trash').length, 0)
      stage.everywhere(...own.map((name) => `${name}=${name}`))
    },
  },
  {
    id: 'AS-05',
    title: 'a program has the old version open and saves after the new one came: the other’s bytes are kept',
    async play(stage) {
      for (const name of ['by name', 'by handle']) stage.a.write(name, 'one')
      await stage.settle()
      const { inode } = stage.a.device.tree.at('by handle')!
      for (const name of ['by name', 'by handle']) stage.b.write(name, `${name} from b`)
      await stage.settle()
      equal(stage.a.read('by name'), 'by name from b')
      stage.a.save('by name', 'based on one')
      // It never closed the file: what it writes goes where the old one went.
      stage.a.person.rewrite(inode, Buffer.from('into the old one'))
      stage.isKeptAside('into the old one')
      await stage.settle()
      deepEqual(stage.versions('by name'), ['one', 'by name from b', 'based on one'])
      equal(stage.a.read('by handle'), 'by handle from b')
      equal(stage.a.kept.includes('into the old one'), true)
    },
  },
  {
    id: 'AS-06',
    title: 'two saves within a second: the last one counts, and nothing conflicts with itself',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      for (const [round, gap] of [20, 60, 200, 700].entries()) {
        stage.a.save('f', `${round} a`)
        await stage.pass(gap)
        stage.a.save('f', `${round} b`)
        await stage.settle()
        stage.everywhere(`f=${round} b`)
      }
      equal(stage.world.cloud.state.conflicts.size, 0)
    },
  },
  {
    id: 'AS-08',
    title: 'another program holds a file for some seconds: nothing is deleted, and it is tried again',
    async play(stage) {
      for (const name of ['edited', 'moved', 'gone', 'sent']) stage.a.write(name, `${name} 1`)
      await stage.settle()
      const since = stage.since()
      const held = stage.b.device.hands.files().map((path) => stage.b.device.tree.at(path)!.inode)
      for (const inode of held) inode.trouble = 'locked'
      stage.a.write('edited', 'edited 2')
      stage.a.rename('moved', 'elsewhere')
      stage.a.remove('gone')
      stage.b.write('sent', 'sent from b')
      await stage.pass(20_000)
      deepEqual(stage.b.tree, ['edited=edited 1', 'gone=gone 1', 'moved=moved 1', 'sent=sent from b'])
      for (const inode of held) inode.trouble = null
      await stage.pass(600_000)
      stage.everywhere('edited=edited 2', 'elsewhere=moved 1', 'sent=sent from b')
      deepEqual(since.journal.sort(), ['moved elsewhere', 'trashed gone', 'updated edited', 'updated sent'])
    },
  },
]
