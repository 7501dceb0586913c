import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import { TEMP_FOLDER } from '../virtual-temps.ts'

const NAMES = Array.from({ length: 12 }, (_, at) => `f${at}`)
const TREE = NAMES.map((name) => `${name}=${name}`).sort()

async function twelveFiles(stage: Stage): Promise<void> {
  for (const name of NAMES) stage.a.write(name, name)
  await stage.settle()
  // Nobody is near to answer.
  stage.world.onAnswer = () => null
}

/** The root is not there, not ours, or not what it was. */
export const ROOTS: readonly Scenario[] = [
  {
    id: 'RT-01',
    title: 'the drive is unplugged and an empty folder is left: it stops, deletes nothing, writes nothing there',
    async play(stage) {
      await twelveFiles(stage)
      const since = stage.since()
      stage.a.does('unmount', { n: 1_800_000_000 })
      stage.b.write('f0', 'edited meanwhile')
      await stage.pass(1_200_000)
      equal(stage.a.state, 'stopped: root-missing')
      deepEqual([...stage.a.device.tree.walk()], [])
      deepEqual(since.journal, ['updated f0'])
      await stage.settle()
      equal(stage.a.read('f0'), 'edited meanwhile')
      equal(since.asked('trash').length, 0)
    },
  },
  {
    id: 'RT-01b',
    title:
      'all vanishes from the root while it is being listed, and is back later: what was empty then is not believed',
    async play(stage) {
      stage.a.folders('d', 'e')
      for (const name of ['d/f', 'e/g']) stage.a.write(name, name)
      await stage.settle()
      const since = stage.since()
      const { root } = stage.a.device.tree
      const { entries } = root
      const known = (): number => [...stage.a.device.store.items.values()].filter(({ local }) => local !== null).length
      // Its inode is the same: a folder on the network whose server is gone.
      stage.when(0, 'before list', () => (root.entries = new Map()), { where: /^$/ })
      await stage.stop(0)
      stage.start(0)
      await stage.pass(600_000)
      equal(stage.a.state, 'stopped: root-missing')
      equal(known(), 4)
      root.entries = entries
      await stage.settle()
      deepEqual(since.journal, [])
      stage.everywhere('d/', 'd/f=d/f', 'e/', 'e/g=e/g')
    },
  },
  {
    id: 'RT-01c',
    title: 'the drive is unplugged while a version comes: what was unfinished is cleared when it is back',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.when(0, 'before temp-write', () => stage.a.does('unmount', { n: 60_000_000 }))
      stage.b.write('f', 'two')
      await stage.settle()
      stage.everywhere('f=two')
      equal(stage.a.device.tree.at(TEMP_FOLDER)?.inode.entries.size, 0)
    },
  },
  {
    id: 'RT-03',
    title: 'a disk is mounted over a folder below the root, and away again: what is below is unknown, not gone',
    async play(stage) {
      stage.a.folders('d', 'd/e')
      for (const name of ['d/f', 'd/e/g']) stage.a.write(name, name)
      await stage.settle()
      const since = stage.since()
      stage.a.does('mount-over', { path: 'd', n: 1_800_000_000 })
      stage.a.device.tree.onChange('')
      await stage.pass(1_200_000)
      deepEqual(since.journal, [])
      await stage.pass(1_200_000)
      stage.everywhere('d/', 'd/e/', 'd/e/g=d/e/g', 'd/f=d/f')
    },
  },
  {
    id: 'RT-03b',
    title: 'a folder that another disk is mounted over is told, and not tried again and again',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['d/f', 'd/g']) stage.a.write(name, name)
      await stage.settle()
      stage.a.does('mount-over', { path: 'd', n: 7_200_000_000 })
      const since = stage.since()
      for (const name of ['f', 'g']) stage.b.write(`d/${name}`, `${name} edited meanwhile`)
      await stage.pass(1_200_000)
      deepEqual(
        stage.a.blocked.filter((line) => line.startsWith('d:')),
        ['d: special-file'],
      )
      const lists = since.calls(stage.a.device, 'list')
      ok(lists < 300, `it was listed ${lists} times in 20 minutes`)
      await stage.pass(7_200_000)
      stage.everywhere('d/', 'd/f=f edited meanwhile', 'd/g=g edited meanwhile')
    },
  },
  {
    id: 'RT-04b',
    title: 'the root is emptied slowly, by a few files at a time: it asks as it does when they go at once',
    async play(stage) {
      await twelveFiles(stage)
      for (const name of NAMES) {
        stage.a.remove(name)
        await stage.pass(20_000)
      }
      equal(stage.a.state, 'paused: brake')
      ok(stage.remote.length >= 5, `${stage.remote.length} are left on the server`)
      stage.a.device.engine!.answerBrake('remote', 'keep')
      await stage.pass(60_000)
      deepEqual(stage.a.tree, stage.remote)
      // It was answered: a single delete is no mass.
      stage.a.remove(stage.remote.find((line) => line.includes('='))!.split('=')[0]!)
      await stage.pass(60_000)
      deepEqual(stage.a.tree, stage.remote)
    },
  },
  {
    id: 'RT-04',
    title: 'the root is emptied by its person: it asks, and does neither until "delete" or "keep" is said',
    async play(stage) {
      await twelveFiles(stage)
      const since = stage.since()
      for (const name of NAMES) stage.a.remove(name)
      await stage.pass(3_600_000)
      equal(stage.a.state, 'paused: brake')
      deepEqual(stage.a.device.brake, { kind: 'brake', mass: 'remote', items: 12, of: 12 })
      deepEqual(since.journal, [])
      // Everything else goes on meanwhile.
      stage.a.write('new', 'new')
      await stage.pass(60_000)
      equal(stage.b.read('new'), 'new')
      stage.a.device.engine!.answerBrake('remote', 'keep')
      await stage.settle()
      stage.everywhere(...TREE, 'new=new')
      for (const name of NAMES) stage.a.remove(name)
      await stage.pass(60_000)
      stage.a.device.engine!.answerBrake('remote', 'delete')
      await stage.pass(60_000)
      deepEqual(stage.remote, ['new=new'])
      // The other device asks too before it takes so much away.
      equal(stage.b.state, 'paused: brake')
      equal(stage.b.tree.length, 13)
      stage.b.device.engine!.answerBrake('local', 'delete')
      await stage.settle()
      stage.everywhere('new=new')
    },
  },
  {
    id: 'RT-06',
    title: 'the root is pointed to a new, empty folder: as it is, it stops; linked anew, all comes there',
    async play(stage) {
      await twelveFiles(stage)
      const { device } = stage.a
      const since = stage.since()
      await stage.stop(0)
      device.tree.root = device.tree.make('folder', 'person')
      stage.start(0)
      await stage.pass(60_000)
      equal(stage.a.state, 'stopped: root-missing')
      await stage.stop(0)
      device.hasForgotten = true
      device.store = device.newStore()
      stage.start(0)
      await stage.settle()
      stage.everywhere(...TREE)
      deepEqual(since.journal, [])
    },
  },
  {
    id: 'RT-07',
    title:
      'another disk, with a tree of its own and its own marker, is at the path: it stops, and nothing crosses over',
    async play(stage) {
      await twelveFiles(stage)
      const { device } = stage.a
      const since = stage.since()
      const ours = device.tree.root
      await stage.stop(0)
      device.tree.root = device.tree.make('folder', 'person')
      stage.a.folders('.bitvault')
      stage.a.write('.bitvault/root', 'the marker of another')
      stage.a.write('f0', 'of another disk')
      for (const text of ['of another disk', 'the marker of another']) stage.isKeptAside(text)
      const others = stage.a.tree
      stage.start(0)
      stage.b.write('f1', 'edited meanwhile')
      await stage.pass(600_000)
      equal(stage.a.state, 'stopped: root-other')
      deepEqual(stage.a.tree, others)
      deepEqual(since.journal, ['updated f1'])
      await stage.stop(0)
      device.tree.root = ours
      stage.start(0)
      await stage.settle()
      equal(stage.a.read('f1'), 'edited meanwhile')
    },
  },
  {
    id: 'RT-10',
    title: 'a root that cannot be reached for a week is waited for, and never unlinked or forgotten',
    async play(stage) {
      await twelveFiles(stage)
      const since = stage.since()
      const end = stage.keepsBefalling(0, 'marker', { do: 'errno', code: 'EIO' })
      stage.b.write('f0', 'edited meanwhile')
      for (let day = 0; day < 7; day++) await stage.pass(86_400_000)
      deepEqual(since.journal, ['updated f0'])
      equal(stage.a.device.store.items.size, 12)
      end()
      await stage.settle()
      equal(stage.a.read('f0'), 'edited meanwhile')
      equal(since.calls(stage.a.device, 'download'), 1)
    },
  },
]
