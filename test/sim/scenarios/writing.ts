import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

/** Somebody writes a file again and again, from now on for so long. */
function keepsWriting(stage: Stage, told: { path: string; size: number; everyMs: number; forMs: number }): void {
  const { path, size, everyMs, forMs } = told
  for (let at = 0; at <= forMs; at += everyMs)
    stage.world.scheduler.after(at * 1_000, () => stage.a.write(path, `after ${at}`.padEnd(size, '~')))
}

/** Files that are being written while they are read, sent or fetched. */
export const WRITING: readonly Scenario[] = [
  {
    id: 'WR-01',
    title: 'a file that changes while it is hashed is read again; half of each is never taken for it',
    async play(stage) {
      const [one, two] = ['1'.repeat(64), '2'.repeat(64)]
      const since = stage.since()
      stage.when(0, 'before read', () => stage.a.write('f', two), { where: /^f$/, nth: 2 })
      stage.a.write('f', one)
      await stage.settle()
      stage.everywhere(`f=${two}`)
      equal(since.asked('write-file').length, 1)
    },
  },
  {
    id: 'WR-02',
    title: 'a file that changes while its pieces are sent is not stored as a mixture: it is sent anew',
    async play(stage) {
      const [one, two] = ['1'.repeat(64), '2'.repeat(64)]
      let reads = 0
      // Both halves were read to hash it; these are read to send it.
      stage.whenever(0, 'before read', () => {
        if (++reads === 4) stage.a.write('f', two)
      })
      stage.a.write('f', one)
      await stage.settle()
      stage.everywhere(`f=${two}`)
      deepEqual(stage.versions('f'), [two])
    },
  },
  {
    id: 'WR-04',
    title: 'changed on the server while it is sent: what was sent becomes a copy',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      stage.when(0, 'before upload', () => stage.server('web-edit', { path: 'f', bytes: 4, size: 3 }))
      stage.a.write('f', 'from a')
      await stage.settle()
      stage.texts('c4.', 'from a')
      equal(stage.a.read('f'), 'c4.')
      equal(stage.copies.length, 1)
    },
  },
  {
    id: 'WR-05',
    title: 'a file that changes faster than it can be read does not hold up the others, and is told to be busy',
    async play(stage) {
      stage.a.write('image', 'one')
      await stage.settle()
      const since = stage.since()
      const end = stage.whenever(0, 'before read-end', () => stage.a.append('image', '.'), /^image$/)
      stage.a.append('image', '.')
      await stage.pass(10_000)
      stage.a.write('other', 'other')
      await stage.pass(5_000)
      equal(stage.b.read('other'), 'other')
      deepEqual(stage.a.blocked, ['image: busy'])
      equal(since.asked('write-file').length, 1)
      end()
      await stage.settle()
      stage.everywhere(`image=${stage.a.read('image')}`, 'other=other')
      deepEqual(stage.a.blocked, [])
    },
  },
  {
    id: 'WR-05b',
    title: 'a log that grows all day is read and sent now and then, not with every line',
    async play(stage) {
      const since = stage.since()
      keepsWriting(stage, { path: 'log', size: 10, everyMs: 50, forMs: 120_000 })
      await stage.settle()
      stage.everywhere('log=after 120000')
      const [reads, sent] = [since.calls(stage.a.device, 'open'), since.asked('write-file').length]
      ok(reads < 200 && sent < 40, `it was read ${reads} times, and sent ${sent} times`)
    },
  },
  {
    id: 'WR-07',
    title: 'the server has lost what was sent, twice: it is sent again without a word',
    async play(stage) {
      stage.befalls(0, 'upload', { do: 'refuse', code: 'upload-expired', applied: false })
      stage.befalls(0, 'upload', { do: 'refuse', code: 'upload-incomplete', applied: false }, { nth: 2 })
      for (const name of ['f', 'g']) stage.a.write(name, name)
      await stage.pass(20_000)
      stage.everywhere('f=f', 'g=g')
      deepEqual(stage.a.blocked, [])
    },
  },
  {
    id: 'WR-08',
    title: 'room that another program has taken for a file, all zeros yet, is not sent before it is filled',
    async play(stage) {
      const zeros = '\0'.repeat(24)
      stage.a.write('f', zeros)
      for (let step = 1; step <= 20; step++)
        stage.world.scheduler.after(step * 50_000, () => {
          stage.a.write('f', 'part '.repeat(5).slice(0, step).padEnd(24, '\0'))
        })
      await stage.settle()
      stage.everywhere(`f=${'part '.repeat(4)}\0\0\0\0`)
      equal(stage.versions('f').includes(zeros), false)
    },
  },
  {
    id: 'WR-10',
    title: 'a database and its side files, written on two devices: each file is whole, and each has its copy',
    async play(stage) {
      const files = ['db', 'db-wal', 'db-shm']
      for (const file of files) stage.a.write(file, `${file} 1`)
      await stage.settle()
      await stage.apart(
        (a) => files.forEach((file) => a.write(file, `${file} from a`)),
        (b) => files.forEach((file) => b.write(file, `${file} from b`)),
      )
      stage.texts(...files.flatMap((file) => [`${file} from a`, `${file} from b`]))
      for (const file of files) equal(stage.b.read(file), `${file} from a`)
      equal(stage.copies.length, 3)
      equal(stage.world.cloud.state.conflicts.size, 3)
    },
  },
  {
    id: 'WR-11',
    title: 'an empty file is a file: it is sent, fetched, moved, filled, emptied and deleted',
    async play(stage) {
      stage.a.folders('d')
      stage.a.write('empty', '')
      stage.a.write('also empty', '')
      await stage.settle()
      stage.everywhere('also empty=', 'd/', 'empty=')
      const before = stage.idAt('empty')
      stage.b.rename('empty', 'd/empty')
      await stage.settle()
      equal(stage.idAt('d/empty'), before)
      stage.a.write('d/empty', 'full')
      await stage.settle()
      stage.everywhere('also empty=', 'd/', 'd/empty=full')
      stage.b.person.truncate('d/empty')
      stage.b.remove('also empty')
      await stage.settle()
      stage.everywhere('d/', 'd/empty=')
      deepEqual(stage.versions('d/empty'), ['', 'full', ''])
    },
  },
]
