import { deepEqual, equal, ok } from 'node:assert/strict'
import { emptyState } from '../../support/namespace-state.ts'
import type { Scenario } from '../scenario.ts'

/** The server is not what it was, or says what it should not. */
export const RESTORES: readonly Scenario[] = [
  {
    id: 'SV-05',
    title: 'the server is put back to a backup and tells nobody: what it lost is sent again, nothing is deleted',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['d/f', 'edited', 'deleted', 'renamed']) stage.a.write(name, name)
      await stage.settle()
      stage.server('server-backup')
      stage.a.write('edited', 'edited after')
      stage.a.write('new', 'new after')
      stage.a.remove('deleted')
      stage.a.rename('renamed', 'd/renamed')
      await stage.settle()
      const since = stage.since()
      stage.server('server-restored')
      await stage.settle()
      equal(since.asked('trash').length, 0)
      for (const text of ['d/f', 'edited after', 'new after', 'deleted', 'renamed'])
        ok(
          stage.remote.some((line) => line.endsWith(`=${text}`)),
          `${text} is lost`,
        )
      deepEqual(stage.a.tree, stage.remote)
      deepEqual(stage.b.tree, stage.remote)
    },
  },
  {
    id: 'SV-08',
    title: 'the store or the database does not answer for an hour: that is no empty list, and nothing is deleted',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['d/f', 'g', 'h']) stage.a.write(name, name)
      await stage.settle()
      const since = stage.since()
      stage.b.offline()
      stage.world.cloud.compact()
      stage.a.write('g', 'edited')
      await stage.pass(5_000)
      stage.world.cloud.isDown = true
      const end = stage.keepsBefalling(1, 'download', { do: 'refuse', code: 'store-unavailable', applied: false })
      stage.b.online()
      stage.b.remove('h')
      await stage.pass(1_800_000)
      stage.world.cloud.isDown = false
      await stage.pass(1_800_000)
      equal(stage.b.read('g'), 'g')
      equal(stage.b.read('d/f'), 'd/f')
      end()
      await stage.settle()
      stage.everywhere('d/', 'd/f=d/f', 'g=edited')
      deepEqual(since.journal, ['updated g', 'trashed h'])
    },
  },
  {
    id: 'SV-09',
    title:
      'something on the way spoils every answer: none is taken, also of what was done; nothing is deleted or sent twice',
    async play(stage) {
      for (const name of ['f', 'g', 'h']) stage.a.write(name, name)
      await stage.settle()
      const since = stage.since()
      const spoils = (...calls: string[]): (() => void)[] =>
        calls.map((call) => stage.keepsBefalling(0, call, { do: 'refuse', code: 'internal', applied: true }))
      const changes = spoils('changes')
      stage.a.write('f', 'edited')
      stage.a.write('new', 'new')
      stage.a.remove('g')
      stage.a.rename('h', 'renamed')
      stage.b.write('from b', 'from b')
      await stage.pass(600_000)
      equal(stage.a.state.startsWith('offline'), true)
      for (const end of changes) end()
      const ends = spoils('push', 'upload', 'download')
      await stage.pass(600_000)
      for (const end of ends) end()
      await stage.settle()
      stage.everywhere('f=edited', 'from b=from b', 'new=new', 'renamed=h')
      deepEqual(since.journal.sort(), ['created from b', 'created new', 'moved renamed', 'trashed g', 'updated f'])
    },
  },
  {
    id: 'SV-11',
    title: 'the account was made anew, empty, under the same name: it stops and says so, and keeps everything',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['d/f', 'g']) stage.a.write(name, name)
      await stage.settle()
      const { cloud, rules } = stage.world
      const real = cloud.backup()
      const root = '00000002-0000-7000-8000-0000000000ff' as never
      const nodes = new Map([[root, { ...real.state.nodes.get(cloud.rootId)!, id: root }]])
      cloud.restore({ state: { ...emptyState(), nodes }, horizon: 0 })
      rules.serverRestored()
      const since = stage.since()
      stage.a.write('g', 'edited')
      await stage.pass(600_000)
      for (const hand of [stage.a, stage.b]) equal(hand.state, 'stopped: root-gone')
      deepEqual(stage.b.tree, ['d/', 'd/f=d/f', 'g=g'])
      deepEqual(since.journal, [])
      cloud.restore(real)
      rules.serverRestored()
      await stage.settle()
      equal(stage.b.read('d/f'), 'd/f')
      ok(stage.remote.some((line) => line.endsWith('=edited')))
    },
  },
]
