import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Rules of what is left alone, that come, go and differ. */
export const IGNORING: readonly Scenario[] = [
  {
    id: 'SS-09',
    title: 'a rule is taken back: files here are new, those that the server has too are compared, not sent',
    async play(stage) {
      stage.a.write('.bitvaultignore', '*.log\n')
      await stage.settle()
      stage.a.write('same.log', 'the same bytes')
      stage.b.write('same.log', 'the same bytes')
      stage.a.write('differs.log', 'from a')
      stage.b.write('differs.log', 'from b')
      stage.b.write('only b.log', 'only b')
      await stage.settle()
      deepEqual(stage.remote, ['.bitvaultignore=*.log\n'])
      const since = stage.since()
      stage.a.write('.bitvaultignore', '\n')
      await stage.settle()
      stage.texts('\n', 'the same bytes', 'from a', 'from b', 'only b')
      equal(stage.copies.length, 1)
      equal(since.asked('trash').length, 0)
    },
  },
  {
    id: 'SS-10',
    title: 'rules travel as a file: each device keeps to its own until the new ones are there, whole, for a whole scan',
    async play(stage) {
      for (const name of ['a.o', 'b.log', 'c']) stage.a.write(name, name)
      await stage.settle()
      stage.b.offline()
      stage.a.write('.bitvaultignore', '*.o\n')
      stage.b.write('.bitvaultignore', '*.log\n')
      await stage.pass(5_000)
      const since = stage.since()
      stage.a.write('a.o', 'built on a')
      stage.b.write('b.log', 'logged on b')
      stage.b.write('a.o', 'built on b')
      await stage.pass(5_000)
      stage.b.online()
      await stage.settle()
      // The rules of a were first; those of b are beside them, as a copy, and are none.
      equal(stage.b.read('.bitvaultignore'), '*.o\n')
      // What was written in b.log while it was ignored is new here, and compared with what the server has.
      equal(stage.copies.length, 2)
      equal(stage.a.read('a.o'), 'built on a')
      equal(stage.b.read('a.o'), 'built on b')
      equal(stage.a.read('b.log'), 'b.log')
      const copies = stage.copies.map((line) => line.slice(line.indexOf('=') + 1))
      deepEqual(copies.toSorted(), ['*.log\n', 'logged on b'])
      equal(since.asked('trash').length, 0)
      // Half of a rule is no rule: what is written in two goes counts when it is whole.
      stage.when(0, 'before list', () => stage.a.write('.bitvaultignore', '*.o\nc\n'))
      stage.a.write('.bitvaultignore', '*\n')
      await stage.settle()
      equal(since.asked('trash').length, 0)
      equal(stage.b.read('c'), 'c')
    },
  },
]
