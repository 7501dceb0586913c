import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Much of everything: as much as a test has time for. The figures are in bench/. */
export const SCALE: readonly Scenario[] = [
  {
    id: 'SC-01',
    title: 'a folder with five hundred files comes over in few looks and few requests',
    async play(stage) {
      const names = Array.from({ length: 500 }, (_, at) => `f${at}`)
      stage.a.folders('d')
      for (const name of names) stage.a.write(`d/${name}`, name)
      const since = stage.since()
      await stage.settle()
      equal(stage.b.tree.length, 501)
      deepEqual(stage.b.tree, stage.remote)
      ok(since.calls(stage.a.device, 'list') < 60, `${since.calls(stage.a.device, 'list')} lists`)
      equal(since.asked('write-file').length, 500)
    },
  },
  {
    id: 'SC-02',
    title: 'a start where nothing changed lists each folder once, reads no file, and asks the server once',
    async play(stage) {
      const folders = Array.from({ length: 40 }, (_, at) => `d${at}`)
      for (const folder of folders) {
        stage.a.folders(folder)
        for (let file = 0; file < 10; file++) stage.a.write(`${folder}/${file}`, `${folder} ${file}`)
      }
      await stage.settle()
      await stage.pass(600_000)
      await stage.stop(0)
      const since = stage.since()
      stage.start(0)
      await stage.pass(20_000)
      equal(stage.a.state, 'up-to-date')
      equal(since.calls(stage.a.device, 'list'), 41)
      equal(since.calls(stage.a.device, 'open'), 0)
      ok(since.calls(stage.a.device, 'changes') <= 2)
    },
  },
  {
    id: 'SC-04',
    title: 'a thousand folders one in another are scanned, sent, fetched, renamed at the top and deleted',
    async play(stage) {
      let path = 'd'
      for (let level = 1; level <= 1_000; level++) {
        stage.a.folders(path)
        path += '/d'
      }
      stage.a.write(path, 'at the bottom')
      await stage.settle()
      equal(stage.b.read(path), 'at the bottom')
      stage.a.rename('d', 'e')
      await stage.settle()
      equal(stage.b.read(path.replace('d', 'e')), 'at the bottom')
      stage.world.onAnswer = () => 'delete'
      stage.b.person.removeTree('e')
      await stage.settle()
      stage.everywhere()
    },
  },
  {
    id: 'SC-05',
    title: 'many files are made and removed again and again while all is sent: it ends right, with bounded work',
    async play(stage) {
      stage.world.onAnswer = () => 'delete'
      const since = stage.since()
      const installs = (round: number): void => {
        stage.a.folders('lib')
        for (let folder = 0; folder < 8; folder++) {
          stage.a.folders(`lib/${folder}`)
          for (let file = 0; file < 8; file++) stage.a.write(`lib/${folder}/${file}`, `${round} ${folder} ${file}`)
        }
      }
      for (let round = 0; round < 6; round++) {
        installs(round)
        await stage.pass(150 * round)
        if (round < 5) stage.a.person.removeTree('lib')
        await stage.pass(40)
      }
      await stage.settle()
      equal(stage.b.tree.length, 73)
      equal(stage.b.read('lib/7/7'), '5 7 7')
      deepEqual(stage.b.tree, stage.remote)
      ok(since.asked('write-file').length <= 6 * 64)
      equal(stage.copies.length, 0)
    },
  },
]
