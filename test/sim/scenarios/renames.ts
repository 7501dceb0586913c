import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

const bytesOf = (name: string): string => `the bytes of ${name}`

/** Names that free one another: chains, circles, case, targets that are displaced. */
export const RENAMES: readonly Scenario[] = [
  {
    id: 'RN-02',
    title: 'a chain of renames goes from the free end, and nothing is overwritten',
    async play(stage) {
      for (const name of ['a', 'b', 'c']) stage.a.write(name, bytesOf(name))
      await stage.settle()
      const since = stage.since()
      stage.a.rename('c', 'd')
      stage.a.rename('b', 'c')
      stage.a.rename('a', 'b')
      await stage.settle()
      stage.everywhere('b=the bytes of a', 'c=the bytes of b', 'd=the bytes of c')
      deepEqual(since.journal, ['moved d', 'moved c', 'moved b'])
      equal(since.calls(stage.b.device, 'download'), 0)
    },
  },
  {
    id: 'RN-03',
    title: 'three folders rotate, and the device that follows dies anywhere in between',
    dies: 1,
    async play(stage) {
      for (const name of ['a', 'b', 'c']) {
        stage.a.folders(name)
        stage.a.write(`${name}/${name}`, name)
      }
      await stage.settle()
      const before = stage.ids
      const since = stage.since()
      stage.a.does('rotate', { path: 'a', to: 'b', choice: 'c' })
      stage.mayDie()
      await stage.pass(8_000)
      stage.livesOn()
      await stage.settle()
      stage.everywhere('a/', 'b/', 'c/', 'b/a=a', 'c/b=b', 'a/c=c')
      equal(stage.idAt('b'), before.get('a'))
      equal(since.asked('trash').length + since.asked('write-file').length, 0)
    },
  },
  {
    id: 'RN-03b',
    title: 'three folders rotate, and the device where it happened dies anywhere in between',
    dies: 0,
    async play(stage) {
      for (const name of ['a', 'b', 'c']) {
        stage.a.folders(name)
        stage.a.write(`${name}/${name}`, name)
      }
      await stage.settle()
      await stage.pass(10_000)
      const since = stage.since()
      stage.a.does('rotate', { path: 'a', to: 'b', choice: 'c' })
      // What the person has done is on the disk; the engine comes later.
      stage.a.device.tree.commitNames()
      stage.mayDie()
      await stage.pass(8_000)
      stage.livesOn()
      await stage.settle()
      stage.everywhere('a/', 'b/', 'c/', 'b/a=a', 'c/b=b', 'a/c=c')
      equal(since.asked('trash').length + since.asked('write-file').length, 0)
    },
  },
  {
    id: 'RN-05',
    title: 'a rename of case only is one rename, on disks that tell case and that do not',
    devices: ['mac', 'linux', 'windows'],
    async play(stage) {
      stage.a.write('foo', 'foo')
      await stage.settle()
      const before = stage.idAt('foo')
      const since = stage.since()
      stage.a.rename('foo', 'FOO')
      await stage.settle()
      stage.everywhere('FOO=foo')
      stage.b.rename('FOO', 'Foo')
      await stage.settle()
      stage.everywhere('Foo=foo')
      stage.c.rename('Foo', 'foO')
      await stage.settle()
      stage.everywhere('foO=foo')
      equal(stage.idAt('foO'), before)
      deepEqual(since.journal, ['moved foO', 'moved foO', 'moved foO'])
      for (const at of [0, 1, 2]) equal(since.calls(stage.at(at).device, 'download'), 0)
    },
  },
  {
    id: 'RN-06',
    title: 'a folder is renamed in case only while another works in it: no second folder',
    devices: ['mac', 'linux', 'windows'],
    async play(stage) {
      stage.a.folders('docs')
      stage.a.write('docs/f', 'f')
      await stage.settle()
      await stage.apart(
        (a) => a.rename('docs', 'Docs'),
        (b) => {
          b.write('docs/g', 'g')
          b.write('docs/f', 'edited')
        },
      )
      stage.everywhere('Docs/', 'Docs/f=edited', 'Docs/g=g')
    },
  },
  {
    id: 'RN-08',
    title: 'renamed while it was ignored, and not ignored any more: no delete is sent',
    async play(stage) {
      stage.a.write('f', 'f')
      await stage.settle()
      stage.a.write('.bitvaultignore', 'f\n')
      await stage.settle()
      const since = stage.since()
      stage.a.rename('f', 'g')
      await stage.settle()
      stage.a.write('.bitvaultignore', '\n')
      await stage.settle()
      equal(since.asked('trash').length, 0)
      stage.texts('f', 'f', '\n')
    },
  },
  {
    id: 'RN-09',
    title: 'a rename over another: the mover keeps its id and versions, the bytes of the other are in the trash',
    async play(stage) {
      for (const name of ['x', 'y']) stage.a.write(name, bytesOf(name))
      await stage.settle()
      const before = stage.ids
      const since = stage.since()
      stage.a.rename('y', 'x')
      await stage.settle()
      stage.everywhere('x=the bytes of y')
      equal(stage.idAt('x'), before.get('y'))
      deepEqual(since.journal, ['trashed x', 'moved x'])
      stage.server('web-restore', { path: before.get('x')! })
      await stage.settle()
      stage.texts('the bytes of x', 'the bytes of y')
    },
  },
  {
    id: 'RN-03c',
    title: 'two files exchange their names: both ids are kept',
    devices: ['linux', 'windows'],
    async play(stage) {
      for (const name of ['x', 'y']) stage.a.write(name, bytesOf(name))
      await stage.settle()
      const before = stage.ids
      const since = stage.since()
      stage.a.does('swap', { path: 'x', to: 'y' })
      await stage.settle()
      stage.everywhere('x=the bytes of y', 'y=the bytes of x')
      equal(stage.idAt('x'), before.get('y'))
      equal(stage.idAt('y'), before.get('x'))
      equal(since.calls(stage.b.device, 'download'), 0)
    },
  },
]
