import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

const NAMES = Array.from({ length: 30 }, (_, at) => `f${at}`)

/** How a device reads what the server has: pages of changes and of snapshots, long absences. */
export const JOURNAL: readonly Scenario[] = [
  {
    id: 'SV-02',
    title: 'the tree moves while a snapshot is read page by page: nothing is missed, nothing is there twice',
    devices: ['linux', 'linux', 'linux'],
    async play(stage) {
      await stage.stop(2)
      stage.a.folders('d', 'e')
      for (const name of NAMES) stage.a.write(`d/${name}`, name)
      await stage.settle()
      stage.c.device.store = stage.c.device.newStore()
      const page = (nth: number, work: () => void): void => stage.when(2, 'before snapshot', work, { nth })
      page(2, () => {
        stage.server('web-trash', { path: 'd/f29' })
        stage.server('web-rename', { path: 'd/f0', to: 'renamed' })
        stage.server('web-create', { path: 'd', to: 'new', bytes: 1, size: 3 })
      })
      page(3, () => {
        stage.server('web-move', { path: 'd', to: 'e' })
        stage.server('web-edit', { path: 'e/d/f1', bytes: 2, size: 3 })
        stage.server('web-trash', { path: 'e/d/f2' })
      })
      stage.start(2)
      await stage.settle()
      const left = NAMES.slice(3, 29).map((name) => `e/d/${name}=${name}`)
      stage.everywhere('e/', 'e/d/', 'e/d/renamed=f0', 'e/d/f1=c2.', 'e/d/new=c1.', ...left)
    },
  },
  {
    id: 'SV-03',
    title: 'a device comes back that was away longer than the journal reaches: the unchanged goes, the changed lives',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['deleted', 'deleted, edited here', 'renamed', 'edited', 'd/f']) stage.a.write(name, name)
      await stage.settle()
      stage.b.offline()
      for (const name of ['deleted', 'deleted, edited here']) stage.server('web-trash', { path: name })
      stage.server('web-rename', { path: 'renamed', to: 'new name' })
      stage.server('web-edit', { path: 'edited', bytes: 6, size: 3 })
      stage.b.write('deleted, edited here', 'edited')
      stage.b.write('d/g', 'new here')
      await stage.pass(86_400_000)
      stage.world.cloud.compact()
      const since = stage.since()
      stage.b.online()
      await stage.settle()
      stage.everywhere('d/', 'd/f=d/f', 'd/g=new here', 'deleted, edited here=edited', 'edited=c6.', 'new name=renamed')
      ok(stage.b.kept.includes('deleted'))
      ok(since.calls(stage.b.device, 'snapshot') > 0)
      equal(since.asked('trash').length, 0)
    },
  },
  {
    id: 'SV-14',
    title: 'taken out of the share and back in again, with changes meanwhile: the exchange is whole',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['d/deleted', 'd/edited', 'd/moved', 'd/same']) stage.a.write(name, name)
      await stage.settle()
      const { cloud, devices } = stage.world
      cloud.setRole(devices[1]!.actor, null)
      await stage.pass(120_000)
      equal(stage.b.state, 'stopped: root-gone')
      stage.a.remove('d/deleted')
      stage.a.write('d/edited', 'edited')
      stage.a.rename('d/moved', 'moved')
      stage.b.write('d/here', 'made while it was out')
      await stage.pass(120_000)
      cloud.compact()
      cloud.setRole(devices[1]!.actor, 'manager')
      await stage.settle()
      stage.everywhere('d/', 'd/edited=edited', 'd/here=made while it was out', 'd/same=d/same', 'moved=d/moved')
    },
  },
  {
    id: 'SV-15',
    title: 'a thousand changes come in bounded pages, each noted as it comes: a kill costs one page',
    async play(stage) {
      stage.b.offline()
      for (let folder = 0; folder < 10; folder++) {
        stage.a.folders(`d${folder}`)
        for (let file = 0; file < 20; file++) stage.a.write(`d${folder}/${file}`, `${folder} ${file}`)
      }
      await stage.settle()
      for (let folder = 0; folder < 10; folder++) stage.a.rename(`d${folder}`, `e${folder}`)
      await stage.settle()
      const since = stage.since()
      const cursors = new Set<string>()
      stage.spies(1, 'changes', (cursor) => void cursors.add(cursor))
      stage.when(1, 'before changes', () => stage.b.device.crash('kill'), { nth: 9 })
      stage.b.online()
      await stage.settle()
      deepEqual(stage.b.tree, stage.remote)
      equal(stage.b.tree.length, 210)
      ok(cursors.size > 15)
      // No page is asked for again but the one at which it died.
      ok(since.calls(stage.b.device, 'changes') - cursors.size < 200)
      equal(since.asked('trash').length, 0)
    },
  },
]
