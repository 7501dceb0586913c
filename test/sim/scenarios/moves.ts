import { equal, ok } from 'node:assert/strict'
import type { Scenario, Stage } from '../scenario.ts'

/** The ids of what lives, by path: what was moved keeps its own. */
const ids = (stage: Stage): Map<string, string> =>
  new Map(stage.world.cloud.live().map(({ path, node }) => [path, node.id]))

/** Moves, renames, circles. */
export const MOVES: readonly Scenario[] = [
  {
    id: 'MV-02',
    title: 'two files move to one name: both live',
    async play(stage) {
      for (const name of ['f', 'g']) stage.a.write(name, name)
      stage.a.person.makeFolder('X')
      await stage.settle()
      await stage.apart(
        (a) => a.person.rename('f', 'X/n'),
        (b) => b.person.rename('g', 'X/n'),
      )
      stage.texts('f', 'g')
      equal(stage.a.read('X/n'), 'f')
    },
  },
  {
    id: 'MV-03',
    title: 'each of two folders moves into the other: no circle, all reachable',
    async play(stage) {
      for (const name of ['A', 'B']) {
        stage.a.person.makeFolder(name)
        stage.a.write(`${name}/${name}`, name)
      }
      await stage.settle()
      await stage.apart(
        (a) => a.person.rename('A', 'B/A'),
        (b) => b.person.rename('B', 'A/B'),
      )
      stage.everywhere('B/', 'B/A/', 'B/A/A=A', 'B/B=B')
    },
  },
  {
    id: 'MV-05',
    title: 'parent and child change places on one side: ids are kept',
    async play(stage) {
      for (const path of ['A', 'A/B']) stage.a.person.makeFolder(path)
      stage.a.write('A/B/f', 'f')
      await stage.settle()
      const before = ids(stage)
      stage.a.person.rename('A/B', 'C')
      stage.a.person.rename('A', 'C/A')
      await stage.settle()
      stage.everywhere('C/', 'C/A/', 'C/f=f')
      equal(ids(stage).get('C'), before.get('A/B'))
      equal(ids(stage).get('C/A'), before.get('A'))
    },
  },
  {
    id: 'MV-06',
    title: 'a folder renamed and a file in it edited on the server',
    async play(stage) {
      stage.a.person.makeFolder('d')
      stage.a.write('d/f', 'one')
      await stage.settle()
      stage.b.offline()
      stage.server('web-rename', { path: 'd', to: 'e' })
      stage.server('web-edit', { path: 'e/f', bytes: 7, size: 3 })
      await stage.pass(5_000)
      stage.b.online()
      await stage.settle()
      stage.everywhere('e/', 'e/f=c7.')
    },
  },
  {
    id: 'MV-08',
    title: 'a folder renamed to two names has one',
    async play(stage) {
      stage.a.person.makeFolder('d')
      stage.a.write('d/f', 'f')
      await stage.settle()
      await stage.apart(
        (a) => a.person.rename('d', 'x'),
        (b) => b.person.rename('d', 'y'),
      )
      stage.everywhere('x/', 'x/f=f')
    },
  },
  {
    id: 'MV-09',
    title: 'files added to a folder that is renamed end in it',
    async play(stage) {
      stage.a.person.makeFolder('d')
      await stage.settle()
      await stage.apart(
        (a) => a.person.rename('d', 'e'),
        (b) => b.write('d/new', 'new'),
      )
      stage.everywhere('e/', 'e/new=new')
    },
  },
  {
    id: 'MV-11',
    title: 'a rename of a folder is one move, and nothing is downloaded again',
    async play(stage) {
      stage.a.person.makeFolder('d')
      for (const name of ['1', '2', '3']) stage.a.write(`d/${name}`, name)
      await stage.settle()
      const [before, seq] = [ids(stage), stage.world.cloud.state.seq]
      stage.a.person.rename('d', 'e')
      let downloads = 0
      stage.when(1, 'before download', () => downloads++)
      await stage.settle()
      equal(ids(stage).get('e'), before.get('d'))
      equal(stage.world.cloud.state.seq, seq + 1)
      equal(downloads, 0)
    },
  },
  {
    id: 'MV-14',
    title: 'a move whose time changed on the way is still a move',
    async play(stage) {
      stage.a.write('f', 'the bytes')
      stage.a.person.makeFolder('d')
      await stage.settle()
      const before = ids(stage)
      stage.a.person.rename('f', 'd/f')
      stage.a.person.touch('d/f')
      await stage.settle()
      stage.everywhere('d/', 'd/f=the bytes')
      equal(ids(stage).get('d/f'), before.get('f'))
    },
  },
  {
    id: 'MV-15',
    title: 'moved out of the root goes to the trash, moved back in time is nothing',
    async play(stage) {
      stage.a.write('f', 'f')
      stage.a.write('g', 'g')
      await stage.settle()
      stage.a.does('move-out-and-back', { path: 'f', n: 1_000 })
      await stage.settle()
      stage.everywhere('f=f', 'g=g')
      stage.a.person.remove('g')
      await stage.settle()
      stage.everywhere('f=f')
      equal(stage.world.cloud.state.nodes.size, 3)
    },
  },
  {
    id: 'MV-17',
    title: 'a file moved into a folder that is as new as the move',
    async play(stage) {
      stage.a.write('f', 'f')
      await stage.settle()
      const before = ids(stage)
      stage.a.person.makeFolder('d')
      stage.a.person.rename('f', 'd/f')
      await stage.settle()
      stage.everywhere('d/', 'd/f=f')
      equal(ids(stage).get('d/f'), before.get('f'))
    },
  },
  {
    id: 'MV-18',
    title: 'a move that was done and answered with an error is done',
    async play(stage) {
      stage.a.write('f', 'f')
      await stage.settle()
      stage.befalls(0, 'push', { do: 'refuse', code: 'store-unavailable', applied: true })
      stage.a.person.rename('f', 'g')
      await stage.settle()
      stage.everywhere('g=f')
    },
  },
  {
    id: 'MV-20',
    title: 'a new file with the inode of a deleted one is no move',
    async play(stage) {
      stage.a.write('f', 'the old bytes')
      await stage.settle()
      const before = ids(stage)
      stage.a.person.remove('f')
      stage.a.write('g', 'new')
      await stage.settle()
      stage.everywhere('g=new')
      ok(ids(stage).get('g') !== before.get('f'))
    },
  },
  {
    id: 'MD-01',
    title: 'a pure move of what was deleted: the delete wins',
    async play(stage) {
      stage.a.write('f', 'f')
      stage.a.person.makeFolder('X')
      await stage.settle()
      await stage.apart(
        (a) => a.person.remove('f'),
        (b) => b.person.rename('f', 'X/f'),
      )
      stage.everywhere('X/')
    },
  },
  {
    id: 'MD-01b',
    title: 'moved and edited, and deleted elsewhere: the bytes live',
    async play(stage) {
      stage.a.write('f', 'f')
      stage.a.person.makeFolder('X')
      await stage.settle()
      await stage.apart(
        (a) => a.person.remove('f'),
        (b) => {
          b.person.rename('f', 'X/f')
          b.write('X/f', 'edited')
        },
      )
      stage.texts('edited')
    },
  },
  {
    id: 'MD-03',
    title: 'out of a folder, then the folder is deleted: the file lives',
    async play(stage) {
      stage.a.person.makeFolder('D')
      stage.a.write('D/f', 'f')
      await stage.settle()
      const before = ids(stage)
      stage.a.person.rename('D/f', 'f')
      stage.a.person.removeTree('D')
      await stage.settle()
      stage.everywhere('f=f')
      equal(ids(stage).get('f'), before.get('D/f'))
    },
  },
  {
    id: 'MD-04',
    title: 'deleted, and another takes its name: that keeps its id',
    async play(stage) {
      for (const name of ['x', 'y']) stage.a.write(name, `the bytes of ${name}`)
      await stage.settle()
      const before = ids(stage)
      stage.a.person.remove('x')
      stage.a.person.rename('y', 'x')
      await stage.settle()
      stage.everywhere('x=the bytes of y')
      equal(ids(stage).get('x'), before.get('y'))
    },
  },
  {
    id: 'RN-02',
    title: 'a chain of renames goes from the free end',
    async play(stage) {
      for (const name of ['a', 'b', 'c']) stage.a.write(name, `the bytes of ${name}`)
      await stage.settle()
      for (const [from, to] of [
        ['c', 'd'],
        ['b', 'c'],
        ['a', 'b'],
      ])
        stage.a.person.rename(from!, to!)
      await stage.settle()
      stage.everywhere('b=the bytes of a', 'c=the bytes of b', 'd=the bytes of c')
    },
  },
  {
    id: 'RN-03',
    title: 'three folders rotate, and the device dies in the middle',
    async play(stage) {
      for (const name of ['a', 'b', 'c']) {
        stage.a.person.makeFolder(name)
        stage.a.write(`${name}/${name}`, name)
      }
      await stage.settle()
      stage.when(1, 'before move', () => stage.when(1, 'before move', () => stage.b.device.crash('power')))
      stage.a.does('rotate', { path: 'a', to: 'b', choice: 'c' })
      await stage.settle()
      stage.everywhere('a/', 'b/', 'c/', 'b/a=a', 'c/b=b', 'a/c=c')
    },
  },
  {
    id: 'RN-05',
    title: 'a rename of case only, on disks that tell case and that do not',
    devices: ['mac', 'linux', 'windows'],
    async play(stage) {
      stage.a.write('foo', 'foo')
      await stage.settle()
      const before = ids(stage)
      stage.a.person.rename('foo', 'FOO')
      await stage.settle()
      stage.everywhere('FOO=foo')
      equal(ids(stage).get('FOO'), before.get('foo'))
      stage.at(1).person.rename('FOO', 'Foo')
      await stage.settle()
      stage.everywhere('Foo=foo')
    },
  },
  {
    id: 'RN-06',
    title: 'a folder is renamed in case only while another works in it',
    devices: ['mac', 'linux'],
    async play(stage) {
      stage.a.person.makeFolder('docs')
      stage.a.write('docs/f', 'f')
      await stage.settle()
      await stage.apart(
        (a) => a.person.rename('docs', 'Docs'),
        (b) => b.write('docs/g', 'g'),
      )
      stage.everywhere('Docs/', 'Docs/f=f', 'Docs/g=g')
    },
  },
  {
    id: 'RN-09',
    title: 'a rename over another: the mover keeps its id, the other is in the trash',
    async play(stage) {
      for (const name of ['x', 'y']) stage.a.write(name, `the bytes of ${name}`)
      await stage.settle()
      stage.a.person.rename('y', 'x')
      await stage.settle()
      stage.everywhere('x=the bytes of y')
    },
  },
  {
    id: 'MV-SWAP',
    title: 'two files exchange their names: both ids are kept',
    async play(stage) {
      for (const name of ['x', 'y']) stage.a.write(name, `the bytes of ${name}`)
      await stage.settle()
      const before = ids(stage)
      stage.a.does('swap', { path: 'x', to: 'y' })
      await stage.settle()
      stage.everywhere('x=the bytes of y', 'y=the bytes of x')
      equal(ids(stage).get('x'), before.get('y'))
      equal(ids(stage).get('y'), before.get('x'))
    },
  },
]
