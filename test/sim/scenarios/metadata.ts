import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** What a file has beside its bytes, and what a disk forbids. */
export const METADATA: readonly Scenario[] = [
  {
    id: 'PM-01',
    title: 'the executable bit travels, and comes back unchanged through a system that has none',
    devices: ['linux', 'windows', 'linux'],
    async play(stage) {
      const isExecutable = (at: number): boolean => stage.at(at).device.tree.at('run')!.inode.executable
      stage.a.write('run', 'one')
      await stage.settle()
      const since = stage.since()
      stage.a.person.chmod('run', true)
      await stage.settle()
      equal(isExecutable(2), true)
      equal(since.asked('write-file').length, 0)
      stage.b.write('run', 'edited on Windows')
      await stage.settle()
      deepEqual([isExecutable(0), isExecutable(2)], [true, true])
      stage.c.person.chmod('run', false)
      await stage.settle()
      equal(isExecutable(0), false)
      equal(since.asked('set-attributes').length, 2)
      stage.everywhere('run=edited on Windows')
    },
  },
  {
    id: 'PM-04',
    title: 'a folder that the disk lets nobody write to: what comes for it is told, the old file stays whole',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['f', 'gone', 'named']) stage.a.write(`d/${name}`, `${name} 1`)
      await stage.settle()
      const folder = stage.b.device.tree.folderAt('d')
      folder.trouble = 'read-only'
      stage.a.write('d/f', 'f 2')
      stage.a.write('d/new', 'new')
      stage.a.remove('d/gone')
      stage.a.rename('d/named', 'd/renamed')
      await stage.pass(1_200_000)
      deepEqual(stage.b.tree, ['d/', 'd/f=f 1', 'd/gone=gone 1', 'd/named=named 1'])
      deepEqual(
        stage.b.blocked,
        ['f', 'gone', 'named', 'new'].map((name) => `${name}: no-permission`),
      )
      folder.trouble = null
      await stage.settle()
      stage.everywhere('d/', 'd/f=f 2', 'd/new=new', 'd/renamed=named 1')
      deepEqual(stage.b.blocked, [])
    },
  },
]
