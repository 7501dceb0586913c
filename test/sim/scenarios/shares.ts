import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Places that are taken away from somebody, and given back. */
export const SHARES: readonly Scenario[] = [
  {
    id: 'SH-06',
    title: 'the share is withdrawn while edits wait: it stops and says so; nothing is taken, nothing new comes',
    async play(stage) {
      for (const name of ['f', 'g']) stage.a.write(name, name)
      await stage.settle()
      stage.b.offline()
      stage.b.write('f', 'edited')
      stage.b.write('new', 'new')
      await stage.pass(5_000)
      stage.world.cloud.setRole(stage.b.device.actor, null)
      stage.b.online()
      stage.a.write('g', 'not for b any more')
      await stage.pass(600_000)
      equal(stage.b.state, 'stopped: root-gone')
      deepEqual(stage.b.tree, ['f=edited', 'g=g', 'new=new'])
      deepEqual(stage.remote, ['f=f', 'g=not for b any more'])
    },
  },
  {
    id: 'SH-07',
    title: 'withdrawn and given back at once, again and again: nothing of the new share is deleted',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['d/f', 'g']) stage.a.write(name, name)
      await stage.settle()
      const { cloud, devices } = stage.world
      const since = stage.since()
      for (const ms of [1, 400, 3_000, 90_000]) {
        cloud.setRole(devices[1]!.actor, null)
        cloud.ring()
        await stage.pass(ms)
        stage.a.write('g', `after ${ms}`)
        cloud.setRole(devices[1]!.actor, 'writer')
        cloud.ring()
        await stage.pass(200)
      }
      await stage.settle()
      stage.everywhere('d/', 'd/f=d/f', 'g=after 90000')
      equal(since.asked('trash').length, 0)
      equal(since.calls(stage.b.device, 'discard'), 0)
    },
  },
  {
    id: 'SH-09',
    title: 'all shares vanish for a while by a mistake of the server: every device waits with what it has',
    async play(stage) {
      const names = Array.from({ length: 12 }, (_, at) => `f${at}`)
      for (const name of names) stage.a.write(name, name)
      await stage.settle()
      const { cloud, devices } = stage.world
      const since = stage.since()
      for (const { actor } of devices) cloud.setRole(actor, null)
      cloud.compact()
      stage.b.write('f0', 'edited meanwhile')
      await stage.pass(3_600_000)
      for (const hand of [stage.a, stage.b]) {
        equal(hand.tree.length, 12)
        equal(hand.state, 'stopped: root-gone')
      }
      for (const { actor } of devices) cloud.setRole(actor, 'manager')
      await stage.settle()
      deepEqual(since.journal, ['updated f0'])
      stage.everywhere('f0=edited meanwhile', ...names.slice(1).map((name) => `${name}=${name}`))
    },
  },
  {
    id: 'SH-09b',
    title:
      'turned away once, and let in a moment later, as by a server that remembers for a moment: it asks again soon, and not in a minute',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const { actor } = stage.world.devices[1]!
      stage.world.cloud.setRole(actor, null)
      stage.world.cloud.ring()
      for (let seconds = 0; stage.b.state !== 'stopped: root-gone' && seconds < 120; seconds++) await stage.pass(1_000)
      equal(stage.b.state, 'stopped: root-gone')
      // Nobody tells: it asks.
      stage.world.cloud.setRole(actor, 'writer')
      await stage.pass(8_000)
      equal(stage.b.state, 'up-to-date')
    },
  },
  {
    id: 'SH-13',
    title: 'ownership goes to another while both are away: the tree is the same, ids too, nothing travels',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['d/f', 'g']) stage.a.write(name, name)
      await stage.settle()
      const before = stage.ids
      const { cloud, devices } = stage.world
      for (const hand of [stage.a, stage.b]) hand.offline()
      cloud.setRole(devices[0]!.actor, 'writer')
      cloud.setRole(devices[1]!.actor, 'manager')
      await stage.pass(600_000)
      const since = stage.since()
      for (const hand of [stage.a, stage.b]) hand.online()
      await stage.settle()
      deepEqual(stage.ids, before)
      deepEqual(since.journal, [])
      equal(since.calls(stage.b.device, 'download'), 0)
      stage.a.write('g', 'edited by who gave it away')
      await stage.settle()
      stage.everywhere('d/', 'd/f=d/f', 'g=edited by who gave it away')
    },
  },
]
