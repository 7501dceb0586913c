import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Activity } from './activity.ts'
import { labelOf } from './device.ts'
import { EventLog } from './event-log.ts'
import type { LinkEvent } from './link-event.ts'
import { readTally, Tally } from './tally.ts'
import { troubleText } from './trouble-text.ts'

let dir: string
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'bv-host-'))))
afterEach(() => rm(dir, { recursive: true, force: true }))

const state = (state: 'syncing' | 'up-to-date' | 'paused', reason?: string, time = 0): LinkEvent => ({
  time,
  kind: 'state',
  state,
  ...(reason !== undefined && { reason }),
})
const step = (at: 'begin' | 'end', item: string, path = item, time = 0): LinkEvent => ({
  time,
  kind: 'step',
  at,
  step: 'download',
  item,
  path,
})
const progress = (bytesPerSecond: number, time: number, filesLeft = 3): LinkEvent => ({
  time,
  kind: 'progress',
  filesLeft,
  bytesLeft: 10,
  bytesPerSecond,
  more: false,
})

describe('what the events of a link come to', () => {
  test('it is at rest when it has been in one state for a while, in which it does nothing', () => {
    const activity = new Activity()
    expect(activity.isAtRest(1e6)).toBe(false)
    activity.take(state('up-to-date', undefined, 1_000))
    expect([2_000, 4_000].map((ms) => activity.isAtRest(ms))).toEqual([false, true])
    activity.take(state('syncing', undefined, 5_000))
    expect(activity.isAtRest(1e6)).toBe(false)
    activity.take(state('paused', 'brake', 6_000))
    expect([7_000, 9_000].map((ms) => activity.isAtRest(ms))).toEqual([false, true])
  })

  test('what moves, what was done last, and nothing of it when it is at rest', () => {
    const activity = new Activity()
    expect(activity.shown).toMatchObject({ state: 'starting', moving: [], recent: [] })
    activity.take(state('syncing'))
    for (const item of ['a', 'b', 'c']) activity.take(step('begin', item))
    activity.take(step('end', 'a', 'a', 5))
    // It has got the id that the server gave it.
    activity.take(step('end', 'another id', 'b', 6))
    expect(activity.shown.moving.map(({ path }) => path)).toEqual(['c'])
    expect(activity.shown.recent.map(({ path, time }) => `${path} ${time}`)).toEqual(['b 6', 'a 5'])
    activity.take(state('up-to-date', undefined, 9))
    expect(activity.shown).toMatchObject({ state: 'up-to-date', since: 9, moving: [], progress: null })
  })

  test('stays small, however much happens', () => {
    const activity = new Activity()
    for (let i = 0; i < 100_000; i++) activity.take(step('begin', `item ${i}`))
    for (let i = 0; i < 100_000; i++) activity.take(step('end', `item ${i}`))
    expect([activity.shown.moving.length, activity.shown.recent.length]).toEqual([0, 8])
  })

  test('the rate is that of some seconds', () => {
    const activity = new Activity()
    activity.take(progress(100, 0))
    activity.take(progress(1_000, 500))
    const rate = activity.shown.progress!.bytesPerSecond
    expect(rate).toBeGreaterThan(250)
    expect(rate).toBeLessThan(500)
    activity.take(progress(1_000, 60_000))
    expect(activity.shown.progress!.bytesPerSecond).toBe(1_000)
    activity.take(progress(0, 60_500, 0))
    expect(activity.shown.progress).toBe(null)
  })

  test('P9: a question stands until it is none any more, whatever goes on meanwhile', () => {
    const activity = new Activity()
    activity.take({ time: 0, kind: 'brake', mass: 'remote', items: 30, of: 40 })
    for (const event of [state('paused', 'brake'), state('syncing'), state('paused')]) activity.take(event)
    expect(activity.shown.brake).toEqual({ mass: 'remote', items: 30, of: 40 })
    activity.take({ time: 0, kind: 'brake-over' })
    expect(activity.shown.brake).toBe(null)
  })
})

describe('SY-12, SY-14 what outlives the process', () => {
  test('counts are there after a restart; a file that cannot be read is none', async () => {
    const path = join(dir, 'link', 'tally.json')
    const tally = new Tally(path)
    tally.note({ refusals: 2, canWrite: false })
    await tally.save()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(new Tally(path).facts).toMatchObject({ refusals: 2, canWrite: false, uncleanStops: 0 })
    await writeFile(path, '{"refusals":"many","uncleanStops":3}')
    expect(readTally(path)).toMatchObject({ refusals: 0, uncleanStops: 3 })
    await writeFile(path, 'nothing')
    expect(readTally(path)).toBe(null)
  })

  test('a log holds what happened, not how far it was, in two files of a bounded size', async () => {
    const path = join(dir, 'events.jsonl')
    const log = new EventLog(path)
    log.add(step('begin', 'a'))
    log.add(progress(1, 1))
    for (let i = 0; i < 300; i++) log.add(step('end', 'x'.repeat(300)))
    await log.close()
    const lines = (await readFile(path, 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(300)
    expect(lines.every((line) => (JSON.parse(line) as { at: string }).at === 'end')).toBe(true)
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 300; i++) log.add(step('end', 'x'.repeat(300)))
      await log.close()
    }
    for (const name of [path, `${path}.1`]) expect((await stat(name)).size).toBeLessThanOrEqual(1024 * 1024)
  })

  test('more than can be written is left out, and that is said', async () => {
    const log = new EventLog(join(dir, 'events.jsonl'))
    for (let i = 0; i < 5_000; i++) log.add(step('end', 'x'.repeat(300)))
    await log.close()
    expect(await readFile(join(dir, 'events.jsonl'), 'utf8')).toMatch(/\{"kind":"left-out","events":\d{4}\}\n$/)
  })
})

describe('SY-7 what the server is told of a device', () => {
  const at = { state: 'up-to-date', reason: null, brake: null, blocked: 0, reasons: [] } as const
  test.each([
    [at, null],
    [{ ...at, state: 'offline' }, null],
    [{ ...at, blocked: 1, reasons: ['no-space'] }, '1 item is blocked: no-space'],
    [{ ...at, blocked: 3, reasons: ['busy', 'no-space', 'busy'] }, '3 items are blocked: busy, no-space'],
    [{ ...at, state: 'stopped', reason: 'root-missing' }, 'the folder is not there: is its drive connected?'],
    [{ ...at, state: 'stopped', reason: 'signed-out' }, null],
    [
      { ...at, state: 'paused', reason: 'brake', brake: { mass: 'remote', items: 30, of: 40 } },
      '30 of 40 items would be deleted: this waits for an answer',
    ],
    [
      { ...at, state: 'paused', reason: 'brake', brake: { mass: 'older', items: 30, of: 40 } },
      '30 of 40 items are older than they were, and would become the newest versions: this waits for an answer',
    ],
  ] as const)('%j: %s', (facts, text) => expect(troubleText(facts)).toBe(text))

  test.each([
    ['laptop', '/home/ada/Photos', 'laptop: Photos'],
    ['laptop', '/', 'laptop: /'],
    ['laptop', 'C:\\Users\\ada\\Photos', 'laptop: Photos'],
    ['a\u202eb\u0007', '/x/\u2066y', 'ab: y'],
    ['x'.repeat(200), '/a', 'x'.repeat(80)],
  ])('%j with %j is called %j', (host, root, name) => expect(labelOf(host, root, 'linux-x64').name).toBe(name))
})
