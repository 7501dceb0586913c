import { deepEqual, equal, notEqual } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** One writes, the other deletes; or both delete. */
export const EDIT_DELETE: readonly Scenario[] = [
  {
    id: 'ED-01',
    title: 'an edit beats a delete that was first: the same thing lives, with the bytes of the edit',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const before = stage.idAt('f')
      await stage.apart(
        (a) => a.remove('f'),
        (b) => b.write('f', 'edited'),
      )
      stage.everywhere('f=edited')
      equal(stage.idAt('f'), before)
      equal(stage.copies.length, 0)
    },
  },
  {
    id: 'ED-01b',
    title: 'an edit lands at any moment while a delete comes here: it is kept, and everybody has it',
    async play(stage) {
      const moments = [
        ['f0', 'before stat'],
        ['f1', 'before discard'],
        ['f2', 'discard'],
        ['f3', 'discard-take'],
        ['f4', 'discard-compare'],
      ] as const
      for (const [name] of moments) stage.a.write(name, 'one')
      await stage.settle()
      const { tree, hands } = stage.b.device
      for (const [name, gap] of moments) {
        const { inode } = tree.at(name)!
        const edits = (): void => void hands.rewrite(inode, Buffer.from(`${name} edited`))
        stage.when(1, gap, edits, { where: new RegExp(`${name}$`) })
      }
      for (const [name] of moments) stage.a.remove(name)
      await stage.settle()
      stage.everywhere(...moments.map(([name]) => `${name}=${name} edited`))
    },
  },
  {
    id: 'ED-02',
    title: 'a delete of what was edited meanwhile does nothing: the edit comes back',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const since = stage.since()
      await stage.apart(
        (a) => a.write('f', 'edited'),
        (b) => b.remove('f'),
      )
      stage.everywhere('f=edited')
      deepEqual(since.journal, ['updated f'])
    },
  },
  {
    id: 'ED-04',
    title: 'deleted here, edited there: it comes back, though there is nothing here to move aside',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.a.offline()
      stage.a.remove('f')
      stage.server('web-edit', { path: 'f', bytes: 1, size: 3 })
      await stage.pass(5_000)
      const since = stage.since()
      stage.a.online()
      await stage.settle()
      stage.everywhere('f=c1.')
      equal(since.asked('trash').length, 0)
    },
  },
  {
    id: 'ED-05',
    title: 'deleted on both sides is gone without a word',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const since = stage.since()
      await stage.apart(
        (a) => a.remove('f'),
        (b) => b.remove('f'),
      )
      stage.everywhere()
      deepEqual(since.journal, ['trashed f'])
      for (const { store } of stage.world.devices) equal(store.items.size, 0)
    },
  },
  {
    id: 'ED-07',
    title: 'deleted, and still on a device that has lost its memory: it is told as new, and what was deleted stays so',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const before = stage.idAt('f')
      await stage.stop(1)
      stage.a.remove('f')
      await stage.settle()
      stage.b.does('database-lost')
      const since = stage.since()
      stage.start(1)
      await stage.settle()
      stage.everywhere('f=one')
      notEqual(stage.idAt('f'), before)
      deepEqual(since.journal, ['created f'])
      deepEqual(stage.trash, ['f'])
    },
  },
  {
    id: 'ED-08',
    title: 'edited here, renamed and deleted there: the bytes live where it was last',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const before = stage.idAt('f')
      stage.b.offline()
      stage.server('web-rename', { path: 'f', to: 'g' })
      stage.server('web-trash', { path: 'g' })
      stage.b.write('f', 'edited')
      await stage.pass(5_000)
      stage.b.online()
      await stage.settle()
      stage.everywhere('g=edited')
      equal(stage.idAt('g'), before)
    },
  },
  {
    id: 'ED-10',
    title: 'nothing comes back from a device that was away until even the grave was gone',
    async play(stage) {
      for (const name of ['f', 'edited']) stage.a.write(name, name)
      await stage.settle()
      stage.b.offline()
      for (const name of ['f', 'edited']) {
        stage.a.remove(name)
        await stage.settle()
        stage.server('web-purge', { path: name })
      }
      stage.world.cloud.server.collect()
      stage.world.cloud.compact()
      stage.b.write('edited', 'while away')
      const since = stage.since()
      stage.b.online()
      await stage.settle()
      stage.everywhere('edited=while away')
      deepEqual(since.journal, ['created edited'])
      deepEqual(stage.b.kept, ['f'])
    },
  },
  {
    id: 'ED-11',
    title: 'what somebody brings back by mistake is told as restored, and waits where there is no room',
    async play(stage) {
      const names = Array.from({ length: 12 }, (_, at) => `f${at}`)
      stage.a.folders('old')
      for (const name of names) stage.a.write(`old/${name}`, name)
      await stage.settle()
      stage.world.onAnswer = () => 'delete'
      stage.a.person.removeTree('old')
      await stage.settle()
      deepEqual(stage.b.tree, [])
      stage.b.device.tree.isFull = true
      const since = stage.since()
      stage.server('web-restore', { path: 'old' })
      await stage.settle()
      deepEqual(since.journal, ['restored old'])
      equal(stage.b.blocked.length > 0, true)
      equal(since.asked('trash').length, 0)
      stage.b.device.tree.isFull = false
      await stage.settle()
      stage.everywhere('old/', ...names.map((name) => `old/${name}=${name}`))
    },
  },
]
