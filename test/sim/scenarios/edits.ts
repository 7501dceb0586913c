import { equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Edit / edit, create / create, edit / delete. */
export const EDITS: readonly Scenario[] = [
  {
    id: 'EE-01',
    title: 'of two edits the first keeps the name, the other becomes a conflicted copy everywhere',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      await stage.apart(
        (a) => a.write('f', 'from a'),
        (b) => b.write('f', 'from b'),
      )
      stage.texts('from a', 'from b')
      equal(stage.a.read('f'), 'from a')
      equal(stage.copies.length, 1)
    },
  },
  {
    id: 'EE-02',
    title: 'the time of a file decides nothing',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      await stage.apart(
        (a) => {
          a.write('f', 'from a')
          a.person.touch('f', '1000000000000000000')
        },
        (b) => b.write('f', 'from b'),
      )
      equal(stage.b.read('f'), 'from a')
      stage.texts('from a', 'from b')
    },
  },
  {
    id: 'EE-04',
    title: 'a write between the last look and the download is kept',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.when(1, 'before download', () => stage.b.write('f', 'from b'))
      stage.a.write('f', 'from a')
      await stage.settle()
      stage.texts('from a', 'from b')
    },
  },
  {
    id: 'EE-05',
    title: 'a write right before the new version takes the name is kept',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.when(1, 'replace-link', () => stage.b.write('f', 'from b'))
      stage.a.write('f', 'from a')
      await stage.settle()
      stage.texts('from a', 'from b')
    },
  },
  {
    id: 'EE-07',
    title: 'six devices edit one file: one stays, five are copies, retries add none',
    devices: ['linux', 'linux', 'linux', 'linux', 'linux', 'linux'],
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      for (const at of [1, 3]) stage.befalls(at, 'upload', { do: 'reply-lost' })
      await stage.apart(
        ...Array.from({ length: 6 }, (_, at) => (hand: typeof stage.a) => hand.write('f', `from ${at}`)),
      )
      stage.texts(...Array.from({ length: 6 }, (_, at) => `from ${at}`))
      equal(stage.copies.length, 5)
    },
  },
  {
    id: 'EE-08',
    title: 'the last of several saves is kept, and the other side',
    async play(stage) {
      stage.a.write('f', 'v1')
      await stage.settle()
      await stage.apart(
        (a) => {
          a.write('f', 'v2')
          a.write('f', 'v3')
        },
        (b) => b.write('f', 'x'),
      )
      stage.texts('v3', 'x')
    },
  },
  {
    id: 'EE-10',
    title: 'edits of a reader stay here, and nothing is lost',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const { cloud, devices } = stage.world
      cloud.setRole(devices[1]!.actor, 'reader')
      stage.b.write('f', 'mine')
      await stage.settle()
      equal(stage.b.read('f'), 'mine')
      stage.a.write('f', 'two')
      await stage.settle()
      equal(stage.b.tree.filter((line) => line.endsWith('=mine')).length, 1)
    },
  },
  {
    id: 'CR-02',
    title: 'two files of one name: one keeps it, the other is a copy',
    async play(stage) {
      await stage.apart(
        (a) => a.write('x', 'from a'),
        (b) => b.write('x', 'from b'),
      )
      equal(stage.b.read('x'), 'from a')
      stage.texts('from a', 'from b')
    },
  },
  {
    id: 'CR-03',
    title: 'two folders of one name are one, only real clashes make copies',
    async play(stage) {
      await stage.apart(
        (a) => {
          a.person.makeFolder('d')
          a.write('d/a', 'a')
          a.write('d/both', 'from a')
        },
        (b) => {
          b.person.makeFolder('d')
          b.write('d/b', 'b')
          b.write('d/both', 'from b')
        },
      )
      stage.texts('a', 'b', 'from a', 'from b')
      equal(stage.remote.filter((line) => line.endsWith('/')).length, 1)
      equal(stage.copies.length, 1)
    },
  },
  {
    id: 'CR-05',
    title: 'the same data that is there already is adopted: nothing travels, no copy',
    async play(stage) {
      stage.a.write('f', 'the same')
      stage.b.offline()
      await stage.settle()
      stage.b.write('f', 'the same')
      await stage.pass(5_000)
      const before = stage.world.cloud.state.seq
      stage.b.online()
      await stage.settle()
      stage.everywhere('f=the same')
      equal(stage.world.cloud.state.seq, before)
    },
  },
  {
    id: 'ED-01',
    title: 'an edit beats a delete that was first',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      await stage.apart(
        (a) => a.person.remove('f'),
        (b) => b.write('f', 'edited'),
      )
      stage.everywhere('f=edited')
    },
  },
  {
    id: 'ED-02',
    title: 'a delete of what was edited meanwhile is refused, the edit comes back',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      await stage.apart(
        (a) => a.write('f', 'edited'),
        (b) => b.person.remove('f'),
      )
      stage.everywhere('f=edited')
    },
  },
  {
    id: 'ED-04',
    title: 'deleted here, edited there: it comes back',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.a.offline()
      stage.a.person.remove('f')
      stage.server('web-edit', { path: 'f', bytes: 1, size: 3 })
      await stage.pass(5_000)
      stage.a.online()
      await stage.settle()
      stage.everywhere('f=c1.')
    },
  },
  {
    id: 'ED-05',
    title: 'deleted on both sides is gone without a word',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      await stage.apart(
        (a) => a.person.remove('f'),
        (b) => b.person.remove('f'),
      )
      stage.everywhere()
    },
  },
  {
    id: 'ED-08',
    title: 'an edit here, renamed and deleted there: the bytes live',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.b.offline()
      stage.server('web-rename', { path: 'f', to: 'g' })
      stage.server('web-trash', { path: 'g' })
      stage.b.write('f', 'edited')
      await stage.pass(5_000)
      stage.b.online()
      await stage.settle()
      stage.texts('edited')
    },
  },
]
