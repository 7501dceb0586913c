import { equal, ok } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Two people write into one file. */
export const EDIT_EDIT: readonly Scenario[] = [
  {
    id: 'EE-01',
    title: 'of two edits the first keeps the name, the other becomes a conflicted copy everywhere',
    devices: ['linux', 'linux', 'mac'],
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const since = stage.since()
      await stage.apart(
        (a) => a.write('f', 'from a'),
        (b) => b.write('f', 'from b'),
      )
      stage.texts('from a', 'from b')
      equal(stage.c.read('f'), 'from a')
      equal(stage.copies.length, 1)
      equal(since.asked('write-file').length, 2)
      equal(since.asked('trash').length, 0)
    },
  },
  {
    id: 'EE-02',
    title: 'the times of two edits decide nothing, whichever is older',
    async play(stage) {
      for (const name of ['older', 'newer']) stage.a.write(name, 'one')
      await stage.settle()
      await stage.apart(
        (a) => {
          for (const name of ['older', 'newer']) a.write(name, `${name} from a`)
          a.person.touch('older', '1000000000000000000')
          a.person.touch('newer', '1900000000000000000')
        },
        (b) => {
          for (const name of ['older', 'newer']) b.write(name, `${name} from b`)
        },
      )
      for (const name of ['older', 'newer']) equal(stage.b.read(name), `${name} from a`)
      stage.texts('older from a', 'older from b', 'newer from a', 'newer from b')
    },
  },
  {
    id: 'EE-04',
    title: 'a write between the last look and the download is kept beside',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.when(1, 'before download', () => stage.b.write('f', 'from b'))
      stage.a.write('f', 'from a')
      await stage.settle()
      equal(stage.b.read('f'), 'from a')
      stage.texts('from a', 'from b')
    },
  },
  {
    id: 'EE-05',
    title: 'a write right before the new version takes the name is kept beside',
    async play(stage) {
      for (const name of ['f', 'g', 'h']) stage.a.write(name, 'one')
      await stage.settle()
      // Before the old file is linked away, after that, and after the last look at it.
      stage.when(1, 'replace', () => stage.b.write('f', 'f from b'), { where: /^f$/ })
      stage.when(1, 'replace-link', () => stage.b.write('g', 'g from b'), { where: /^g$/ })
      stage.when(1, 'replace-rename', () => stage.b.write('h', 'h from b'), { where: /^h$/ })
      for (const name of ['f', 'g', 'h']) stage.a.write(name, `${name} from a`)
      await stage.settle()
      for (const name of ['f', 'g', 'h']) equal(stage.b.read(name), `${name} from a`)
      stage.texts('f from a', 'f from b', 'g from a', 'g from b', 'h from a', 'h from b')
    },
  },
  {
    id: 'EE-05b',
    title:
      'a write right before the new version takes the name is kept, also when its folder gets another name at once',
    async play(stage) {
      stage.a.folders('d')
      stage.a.write('d/f', 'one')
      await stage.settle()
      stage.when(1, 'replace-rename', () => stage.b.write('d/f', 'from b'))
      stage.when(1, 'move', () => stage.b.rename('d', 'e'), { where: /trash/ })
      stage.a.write('d/f', 'from a')
      await stage.settle()
      equal(stage.b.read('e/f'), 'from a')
      stage.texts('from a', 'from b')
    },
  },
  {
    id: 'EE-07',
    title: 'twenty devices edit one file: one stays, nineteen are copies, lost answers add none',
    devices: Array.from({ length: 20 }, () => 'linux' as const),
    async play(stage) {
      const all = Array.from({ length: 20 }, (_, at) => at)
      stage.a.write('f', 'one')
      await stage.settle()
      for (const at of [1, 3, 7]) stage.befalls(at, 'upload', { do: 'reply-lost' })
      await stage.apart(...all.map((at) => (hand: typeof stage.a) => hand.write('f', `from ${at}`)))
      stage.texts(...all.map((at) => `from ${at}`))
      equal(stage.copies.length, 19)
      equal(stage.b.read('f'), 'from 0')
    },
  },
  {
    id: 'EE-08',
    title: 'of several saves the last one is kept, and that of the other side',
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
      equal(stage.b.read('f'), 'v3')
      stage.texts('v3', 'x')
    },
  },
  {
    id: 'EE-10',
    title: 'each edit of somebody who may only read is kept here by itself, beside what the server has',
    devices: ['linux', { fs: 'linux', canWrite: false }],
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const since = stage.since()
      stage.b.write('f', 'mine 1')
      await stage.settle()
      stage.a.write('f', 'two')
      await stage.settle()
      stage.b.write('f', 'mine 2')
      await stage.settle()
      const held = stage.b.tree.map((line) => line.split('=')[1])
      for (const text of ['mine 1', 'mine 2']) ok(held.includes(text), `${text} is gone from ${held.join()}`)
      equal(since.asked('write-file', stage.b.device).length, 0)
    },
  },
  {
    id: 'EE-11',
    title: 'what was saved days later is based on the version that was loaded: it conflicts',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.b.write('f', 'two')
      await stage.settle()
      stage.server('web-edit', { path: 'f', bytes: 5, size: 3, n: 1 })
      await stage.settle()
      stage.texts('two', 'c5.')
      equal(stage.a.read('f'), 'two')
      equal(stage.copies.length, 1)
    },
  },
]
