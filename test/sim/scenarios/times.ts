import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const YEAR_US = 365 * 86_400_000_000
const HOUR_NS = 3_600_000_000_000n

/** Of all files of a device, as a person or a program sets them. */
function setTimes(stage: Stage, at: number, timeOf: (before: string) => string): void {
  const { tree, hands } = stage.at(at).device
  for (const path of hands.files()) hands.touch(path, timeOf(tree.at(path)!.inode.mtimeNs))
}

/** Times of files, and clocks that are wrong. */
export const TIMES: readonly Scenario[] = [
  {
    id: 'TM-01',
    title: 'an edit of the same size, within the grain of the disk’s clock right after a sync, is found',
    devices: ['fat', 'short names'],
    async play(stage) {
      for (const at of [0, 1]) {
        const { device } = stage.at(at)
        const name = `f${at}`
        stage.at(at).write(name, 'one.')
        stage.at(at).syncNow()
        // To be sent: it was read twice before, since its time was too young to be trusted.
        const wanted = { where: new RegExp(name), nth: 3 }
        const write = (): void => {
          const { inode } = device.tree.at(name)!
          const before = device.tree.stamp(inode)
          stage.at(at).write(name, 'two.')
          // The clock has not ticked on: nothing but the bytes tells.
          deepEqual(device.tree.stamp(inode), before)
        }
        stage.when(at, 'before read-end', write, wanted)
        await stage.settle()
      }
      stage.everywhere('f0=two.', 'f1=two.')
    },
  },
  {
    id: 'TM-02',
    title: 'a tool that puts size and time back after an edit is found out by the time of change',
    devices: ['linux', 'fat'],
    async play(stage) {
      for (const at of [0, 1]) stage.at(at).write(`f${at}`, 'c1.c1.c1.c1.')
      await stage.settle()
      for (const at of [0, 1]) {
        const { tree } = stage.at(at).device
        const { mtimeNs } = tree.at(`f${at}`)!.inode
        stage.at(at).does('write-same-stamp', { path: `f${at}`, bytes: 7 + at, size: 12 })
        equal(tree.at(`f${at}`)!.inode.mtimeNs, mtimeNs)
      }
      await stage.settle()
      stage.everywhere('f0=c7.c7.~c7.~c', 'f1=c8.c8.~c8.~c')
    },
  },
  {
    id: 'TM-04',
    title: 'all times move by an hour or two seconds: the bytes prove that nothing changed, nothing is sent',
    devices: ['linux', 'fat'],
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['f', 'd/g', 'd/h']) stage.a.write(name, name)
      await stage.settle()
      const since = stage.since()
      setTimes(stage, 0, (before) => String(BigInt(before) + HOUR_NS))
      setTimes(stage, 1, (before) => String(BigInt(before) - 2_000_000_000n))
      await stage.settle()
      equal(since.asked('write-file').length + since.calls(stage.b.device, 'download'), 0)
      deepEqual(since.journal, [])
      equal(since.calls(stage.a.device, 'open') > 0, true)
    },
  },
  {
    id: 'TM-05',
    title: 'a clock that jumps back for years, and forward, decides nothing',
    devices: ['linux', { fs: 'linux', skewUs: 9 * YEAR_US }],
    async play(stage) {
      stage.a.write('f', '1')
      await stage.settle()
      for (const [round, years] of [-10, 25, -15, 0].entries()) {
        stage.a.device.skewUs += years * YEAR_US
        stage.a.write('f', `a ${round}`)
        await stage.settle()
        stage.b.write('f', `b ${round}`)
        await stage.settle()
        stage.a.write(`new ${round}`, 'new')
        await stage.settle()
        equal(stage.a.read('f'), `b ${round}`)
      }
      stage.everywhere('f=b 3', ...[0, 1, 2, 3].map((round) => `new ${round}=new`))
      equal(stage.copies.length, 0)
      stage.a.device.skewUs -= 8 * YEAR_US
      await stage.apart(
        (a) => a.write('f', 'from the past'),
        (b) => b.write('f', 'from the future'),
      )
      equal(stage.b.read('f'), 'from the past')
    },
  },
  {
    id: 'TM-07',
    title: 'a program sets every time to 1970 while nobody looks: nothing is sent, then or later',
    async play(stage) {
      for (const name of ['f', 'g', 'h']) stage.a.write(name, name)
      await stage.settle()
      await stage.stop(0)
      setTimes(stage, 0, () => '0')
      const since = stage.since()
      stage.start(0)
      await stage.settle()
      equal(since.asked('write-file').length, 0)
      stage.b.write('f', 'edited')
      await stage.settle()
      stage.everywhere('f=edited', 'g=g', 'h=h')
      equal(since.asked('write-file').length, 1)
    },
  },
  {
    id: 'TM-08',
    title: 'disks that keep coarser times than the one where a file came from send nothing back',
    devices: ['linux', 'fat', 'short names', 'windows'],
    async play(stage) {
      await stage.pass(1_234)
      stage.a.write('f', 'one')
      await stage.settle()
      stage.b.write('g', 'from fat')
      await stage.settle()
      const times = [0, 1, 2, 3].map((at) => stage.at(at).device.tree.at('f')!.inode.mtimeNs)
      equal(new Set(times).size > 1, true)
      const since = stage.since()
      for (const at of [0, 1, 2, 3]) {
        await stage.stop(at)
        stage.start(at)
      }
      await stage.settle()
      deepEqual(since.journal, [])
      equal(since.asked('write-file').length, 0)
    },
  },
]
