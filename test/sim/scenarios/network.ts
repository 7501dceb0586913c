import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

const NAMES = Array.from({ length: 30 }, (_, at) => `f${at}`)

/** Connections that are cut, and people who are signed out. */
export const NETWORK: readonly Scenario[] = [
  {
    id: 'NW-05',
    title: 'nobody tells that there is something new, or it is told too early: within a minute it is there',
    async play(stage) {
      stage.keepsBefalling(1, 'live', { do: 'request-lost' })
      await stage.stop(1)
      stage.start(1)
      await stage.settle()
      stage.a.write('f', 'f')
      await stage.pass(70_000)
      equal(stage.b.read('f'), 'f')
      // Told, and there is nothing; told again and again.
      const since = stage.since()
      for (let ring = 0; ring < 50; ring++) stage.world.cloud.ring()
      await stage.pass(30_000)
      ok(since.calls(stage.a.device, 'changes') < 60)
      deepEqual(since.journal, [])
      stage.everywhere('f=f')
    },
  },
  {
    id: 'NW-07',
    title: 'the token expires in the middle of a snapshot: what came so far counts for nothing',
    async play(stage) {
      for (const name of NAMES) stage.a.write(name, name)
      await stage.settle()
      stage.b.offline()
      stage.a.write('f0', 'edited')
      await stage.settle()
      stage.world.cloud.compact()
      const since = stage.since()
      for (const nth of [2, 4]) {
        stage.befalls(1, 'snapshot', { do: 'refuse', code: 'token-expired', applied: false }, { nth })
        stage.when(1, 'before snapshot-reply', () => equal(stage.b.tree.length, NAMES.length), { nth })
      }
      stage.b.online()
      await stage.settle()
      deepEqual(since.journal, [])
      stage.everywhere('f0=edited', ...NAMES.slice(1).map((name) => `${name}=${name}`))
      equal(since.calls(stage.b.device, 'discard'), 0)
    },
  },
  {
    id: 'NW-08',
    title: 'the session is ended by somebody else: it stops and says so, and takes nothing from the disk',
    async play(stage) {
      for (const name of ['f', 'g']) stage.a.write(name, name)
      await stage.settle()
      const { cloud } = stage.world
      const session = cloud.state.sessions.get(stage.b.device.actor.sessionId)!
      cloud.server.revoke(stage.b.device.actor.sessionId)
      const since = stage.since()
      stage.b.write('f', 'edited meanwhile')
      stage.b.remove('g')
      await stage.pass(600_000)
      deepEqual(stage.b.tree, ['f=edited meanwhile'])
      deepEqual(since.journal, [])
      equal(stage.b.device.lastStop, 'signed-out')
      session.isRevoked = false
      await stage.settle()
      stage.everywhere('f=edited meanwhile')
    },
  },
  {
    id: 'NW-11',
    title:
      'the link goes up and down while a file is sent, and the process dies: what is to be sent is known from the disk',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.befalls(0, 'upload', { do: 'request-lost' })
      stage.when(0, 'before upload-reply', () => stage.a.device.crash('kill'), { nth: 2 })
      stage.a.write('f', 'two')
      stage.a.write('new', 'new')
      for (const ms of [300, 900, 2_000, 4_000]) {
        await stage.pass(ms)
        stage.a.offline()
        await stage.pass(ms)
        stage.a.online()
        stage.a.syncNow()
      }
      await stage.settle()
      stage.everywhere('f=two', 'new=new')
      deepEqual(stage.versions('f'), ['one', 'two'])
      equal(stage.world.cloud.state.conflicts.size, 0)
    },
  },
  {
    id: 'NW-11b',
    title: 'paused and resumed at once, while something is under way: it goes on, and does not run hot',
    async play(stage) {
      stage.a.folders('d')
      stage.a.write('d/f', 'f')
      stage.when(1, 'makeFolder', () => {
        stage.b.device.engine!.pause()
        stage.b.device.engine!.resume()
      })
      const since = stage.since()
      await stage.pass(30_000)
      stage.everywhere('d/', 'd/f=f')
      ok(since.calls(stage.b.device, 'marker') < 200)
    },
  },
]
