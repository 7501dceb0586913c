import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'
import { GOOD_WATCH } from '../virtual-watcher.ts'

const DEAF = { ...GOOD_WATCH, lost: 1 }

/** What watchers do not tell. */
export const WATCHING: readonly Scenario[] = [
  {
    id: 'WA-01',
    title: 'a watcher whose queue ran over says that anything may have changed: everything is looked at, at once',
    async play(stage) {
      stage.a.folders('d', 'e')
      for (const name of ['d/f', 'e/g']) stage.a.write(name, name)
      await stage.settle()
      stage.a.device.watch = DEAF
      stage.a.write('e/g', 'not heard')
      await stage.pass(30_000)
      equal(stage.b.read('e/g'), 'e/g')
      stage.a.device.watch = { ...GOOD_WATCH, overflow: 1 }
      stage.a.write('d/f', 'heard as anything')
      await stage.pass(30_000)
      stage.everywhere('d/', 'd/f=heard as anything', 'e/', 'e/g=not heard')
    },
  },
  {
    id: 'WA-02',
    title: 'the system has no watches left: that is told, and scans find what changes',
    devices: [{ fs: 'linux', watch: { ...GOOD_WATCH, trouble: 'no watches left' } }, 'linux'],
    async play(stage) {
      equal(stage.a.device.engine?.watcherTrouble(), 'no watches left')
      stage.a.write('f', 'f')
      await stage.pass(3_700_000)
      stage.everywhere('f=f')
    },
  },
  {
    id: 'WA-04',
    title: 'a folder that is filled before anybody watches it is listed with all that is in it',
    async play(stage) {
      stage.a.folders('d')
      // The watch of the new folder comes too late for what happens in it now.
      stage.a.device.watch = DEAF
      stage.a.folders('d/e', 'd/e/deep')
      for (const name of ['d/f', 'd/e/g', 'd/e/deep/h']) stage.a.write(name, name)
      stage.when(0, 'before list', () => {
        stage.a.write('d/late', 'late')
        stage.a.device.watch = GOOD_WATCH
      })
      await stage.pass(30_000)
      stage.everywhere('d/', 'd/e/', 'd/e/deep/', 'd/e/deep/h=d/e/deep/h', 'd/e/g=d/e/g', 'd/f=d/f', 'd/late=late')
    },
  },
  {
    id: 'WA-05',
    title: 'whatever changed while it was off is found when it starts, and told as what it is',
    async play(stage) {
      stage.a.folders('d', 'gone')
      for (const name of ['edited', 'same size', 'same stamp', 'deleted', 'renamed', 'd/in', 'gone/f'])
        stage.a.write(name, `1 ${name}`)
      await stage.settle()
      await stage.stop(0)
      const before = stage.ids
      const since = stage.since()
      stage.a.write('edited', '2 edited')
      stage.a.write('same size', '2 same size')
      stage.a.does('write-same-stamp', { path: 'same stamp', bytes: 9, size: '1 same stamp'.length })
      stage.a.remove('deleted')
      stage.a.rename('renamed', 'd/renamed')
      stage.a.rename('d', 'e')
      stage.a.person.removeTree('gone')
      stage.a.write('new', '1 new')
      await stage.pass(60_000)
      stage.start(0)
      await stage.settle()
      deepEqual(stage.b.tree, stage.a.tree)
      deepEqual(since.journal.sort(), [
        'created new',
        'moved e',
        'moved e/renamed',
        'trashed deleted',
        'trashed gone',
        'updated edited',
        'updated same size',
        'updated same stamp',
      ])
      equal(stage.idAt('e/renamed'), before.get('renamed'))
    },
  },
  {
    id: 'WA-07',
    title: 'a save of which no watcher tells is found by the scan of every hour',
    watch: DEAF,
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.pass(3_700_000)
      stage.everywhere('f=one')
      stage.a.save('f', 'two')
      await stage.pass(3_700_000)
      stage.everywhere('f=two')
    },
  },
]
