import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Folders that a person does not want on one device. */
export const SELECTION: readonly Scenario[] = [
  {
    id: 'SS-01',
    title: 'a folder is unselected that holds files nobody else has: these are sent first, then it goes from here',
    async play(stage) {
      stage.a.folders('D')
      stage.a.write('D/f', 'f')
      await stage.settle()
      stage.b.offline()
      stage.b.write('D/new', 'new')
      stage.b.write('D/f', 'edited')
      await stage.pass(5_000)
      stage.unselect(1, 'D')
      stage.b.online()
      await stage.settle()
      deepEqual(stage.remote, ['D/', 'D/f=edited', 'D/new=new'])
      deepEqual(stage.a.tree, stage.remote)
      deepEqual(stage.b.tree, [])
    },
  },
  {
    id: 'SS-03',
    title: 'unselected, then deleted here by hand: nothing is deleted on the server, nor when it is selected again',
    async play(stage) {
      stage.a.folders('D')
      stage.a.write('D/f', 'f')
      await stage.settle()
      stage.unselect(1, 'D')
      await stage.pass(10)
      const since = stage.since()
      if (stage.b.tree.includes('D/')) stage.b.person.removeTree('D')
      await stage.settle()
      deepEqual(stage.b.tree, [])
      stage.select(1, 'D')
      await stage.settle()
      equal(since.asked('trash').length, 0)
      stage.everywhere('D/', 'D/f=f')
    },
  },
  {
    id: 'SS-04',
    title: 'unselected while paused, deleted on the server, filled here, resumed: the new file is kept',
    async play(stage) {
      stage.a.folders('D')
      stage.a.write('D/f', 'f')
      await stage.settle()
      stage.b.device.engine!.pause()
      await stage.pass(1_000)
      stage.unselect(1, 'D')
      stage.a.person.removeTree('D')
      await stage.pass(10_000)
      stage.b.write('D/new', 'new')
      await stage.pass(1_000)
      stage.b.device.engine!.resume()
      await stage.settle()
      const isHeld = [...stage.b.tree, ...stage.remote].some((line) => line.endsWith('=new'))
      ok(isHeld)
      equal(stage.remote.includes('D/f=f'), false)
    },
  },
  {
    id: 'SS-06',
    title: 'the folder above what is not selected is renamed and moved on the server: the selection follows the thing',
    async play(stage) {
      stage.a.folders('P', 'P/D', 'X')
      stage.a.write('P/f', 'f')
      await stage.settle()
      stage.b.device.unselected.add(stage.idAt('P/D')!)
      stage.a.write('P/D/g', 'g')
      await stage.settle()
      stage.server('web-rename', { path: 'P', to: 'Q' })
      stage.server('web-move', { path: 'Q', to: 'X' })
      stage.server('web-rename', { path: 'X/Q/D', to: 'E' })
      stage.server('web-make-folder', { path: 'X/Q', to: 'D' })
      await stage.settle()
      deepEqual(stage.a.tree, ['X/', 'X/Q/', 'X/Q/D/', 'X/Q/E/', 'X/Q/E/g=g', 'X/Q/f=f'])
      equal(
        stage.b.tree.some((line) => line.includes('/E/g')),
        false,
      )
      ok(stage.b.tree.includes('X/Q/D/'))
      ok(stage.b.tree.includes('X/Q/f=f'))
    },
  },
  {
    id: 'SS-07',
    title:
      'files move on the server to where nothing is selected: here the clean one goes, the edited one is sent first',
    async play(stage) {
      for (const name of ['clean', 'edited']) stage.a.write(name, name)
      await stage.settle()
      stage.b.offline()
      stage.a.folders('D')
      await stage.pass(5_000)
      stage.b.device.unselected.add(stage.idAt('D')!)
      stage.b.online()
      await stage.settle()
      stage.b.offline()
      for (const name of ['clean', 'edited']) stage.server('web-move', { path: name, to: 'D' })
      stage.b.write('edited', 'edited here')
      await stage.pass(5_000)
      stage.b.online()
      await stage.settle()
      deepEqual(stage.remote, ['D/', 'D/clean=clean', 'D/edited=edited here'])
      deepEqual(stage.a.tree, stage.remote)
      deepEqual(stage.b.tree, [])
    },
  },
]
