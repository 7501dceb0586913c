import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Two people make something of one name. */
export const CREATE_CREATE: readonly Scenario[] = [
  {
    id: 'CR-02',
    title: 'of two files of one name one keeps it; here the loser has its new name before the winner comes',
    async play(stage) {
      let before: (string | null)[] = []
      stage.when(1, 'placeNew', () => (before = [stage.b.read('x'), ...stage.b.tree]), { where: /^x$/ })
      await stage.apart(
        (a) => a.write('x', 'from a'),
        (b) => b.write('x', 'from b'),
      )
      equal(before[0], null)
      equal(before[1]?.split('=')[1], 'from b')
      equal(stage.b.read('x'), 'from a')
      stage.texts('from a', 'from b')
      equal(stage.copies.length, 1)
    },
  },
  {
    id: 'CR-03',
    title: 'two folders of one name are one, only real clashes make copies',
    async play(stage) {
      await stage.apart(
        (a) => {
          a.folders('d')
          a.write('d/a', 'a')
          a.write('d/both', 'from a')
          a.write('d/same', 'the same')
        },
        (b) => {
          b.folders('d')
          b.write('d/b', 'b')
          b.write('d/both', 'from b')
          b.write('d/same', 'the same')
        },
      )
      stage.texts('a', 'b', 'from a', 'from b', 'the same')
      equal(stage.remote.filter((line) => line.endsWith('/')).length, 1)
      equal(stage.copies.length, 1)
    },
  },
  {
    id: 'CR-05',
    title: 'data that is there before the folder is linked is adopted: nothing travels, only what differs is a copy',
    async play(stage) {
      const { b } = stage
      await stage.stop(1)
      b.device.store = b.device.newStore()
      for (const hand of [stage.a, b]) {
        hand.folders('d')
        for (const name of ['1', '2', '3']) hand.write(`d/${name}`, `the bytes of ${name}`)
        hand.person.symlink('d/link', '1')
      }
      stage.a.write('differs', 'from a')
      b.write('differs', 'from b')
      await stage.settle()
      const since = stage.since()
      stage.start(1)
      await stage.settle()
      deepEqual(
        since.asked('write-file').map(({ outcome }) => outcome.outcome),
        ['conflict'],
      )
      equal(since.calls(b.device, 'download'), 1)
      equal(stage.copies.length, 1)
      stage.texts('the bytes of 1', 'the bytes of 2', 'the bytes of 3', 'from a', 'from b')
    },
  },
]
