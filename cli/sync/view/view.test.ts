import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { aLink, aStatus } from '../../../test/support/a-link.ts'
import type { BlockedItem, LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import type { LinkEvent } from '../../../client/node/sync/host/link-event.ts'
import { sayTo } from '../../say.ts'
import { screen } from '../../test-screen.ts'
import { testWorld } from '../../test-world.ts'
import { plain } from '../../text/paint.ts'
import { displayWidth, escapeForTerminal } from '../../text/terminal-text.ts'
import { eventLine } from './event-line.ts'
import { linkLines, type ViewOptions } from './link-lines.ts'
import { showLive } from './live-view.ts'
import { sayEvents } from './say-events.ts'
import { folderForShell, shownFolder } from './shown-folder.ts'

const NOW = 1_800_000_000_000
const options = (over: Partial<ViewOptions> = {}): ViewOptions => ({
  columns: 79,
  rows: 22,
  nowMs: NOW,
  paint: plain,
  name: escapeForTerminal,
  home: '/home/test',
  ...over,
})
const lines = (status: Partial<LinkStatus>, over: Partial<ViewOptions> = {}) =>
  linkLines(aStatus(status), options(over))
const blocked = (count: number, of: Partial<BlockedItem> = {}): Partial<LinkStatus> => ({
  blocked: count,
  reason: 'blocked',
  blockedItems: Array.from({ length: Math.min(50, count) }, (_, at) => ({
    path: `d/file ${at}`,
    reason: 'no-permission',
    detail: 'EACCES',
    ...of,
  })),
})

describe('how a link fares, word for word', () => {
  test('up to date', () => {
    expect(lines({ lastChangeAt: NOW - 600_000 })).toEqual([
      '~/Photos ⇄ home/photos',
      '  up to date · 12,345 items · last change 10 min ago',
    ])
  })

  test('syncing: what moves, what is left, how long', () => {
    const progress = { filesLeft: 1_204, bytesLeft: 3_435_973_836, bytesPerSecond: 12_897_484, more: false }
    const moving = [
      { step: 'upload-new', path: '2026/a.jpg' },
      { step: 'download', path: 'b.mp4' },
      { step: 'move-local', path: 'c' },
    ]
    expect(lines({ state: 'syncing', progress, moving })).toEqual([
      '~/Photos ⇄ home/photos',
      '  syncing · 1,204 files left · 3.20 GiB · 12.3 MiB/s · ETA 4:27',
      '  ↑ 2026/a.jpg',
      '  ↓ b.mp4',
      '  ↓ c',
    ])
    const more = lines({ state: 'syncing', progress: { ...progress, filesLeft: 1, more: true } })
    expect(more[1]).toBe('  syncing · 1+ files left · 3.20 GiB+ · 12.3 MiB/s')
  })

  test('I16: blocked is not up to date, and says why, a reason at a time', () => {
    const items = [
      ...blocked(5).blockedItems!,
      { path: 'A.txt', reason: 'name-clash', detail: '"a.txt" is the same name here' },
    ]
    expect(lines({ ...blocked(6), blockedItems: items })).toEqual([
      '~/Photos ⇄ home/photos',
      '  up to date, but for what is blocked · 12,345 items',
      '  6 items are blocked',
      '    this computer does not let us read or write it',
      '      d/file 0',
      '      d/file 1',
      '      d/file 2',
      '    to this system it has the name of something else here',
      '      A.txt  "a.txt" is the same name here',
      '    … and 2 more: bitvault sync status --blocked ~/Photos',
    ])
  })

  test('P9: the question, and both answers', () => {
    const brake = { mass: 'local', items: 1_201, of: 1_276 } as const
    expect(lines({ state: 'paused', reason: 'brake', brake }).slice(1)).toEqual([
      '  waits for an answer · 12,345 items · not up to date so far',
      '  1,201 of 1,276 items are gone on the server, and would be deleted here. None',
      '  is until you say so.',
      '  If that was meant: bitvault sync answer delete ~/Photos',
      '  If not, they come back: bitvault sync answer keep ~/Photos',
    ])
  })

  test.each([
    ['signed-out', 'bitvault login --server https://vault.example'],
    ['root-missing', 'Is its drive connected?'],
    ['root-other', 'bitvault sync doctor ~/Photos'],
    ['root-gone', 'What is here stays.'],
    ['internal', 'It is tried again.'],
  ])('stopped by %s: what to do', (reason, text) => {
    expect(lines({ state: 'stopped', reason }).join(' ').replaceAll(/ +/g, ' ')).toContain(text)
  })

  test('what else a person should know', () => {
    const link = aLink({ up: 512_000, unselected: [{ id: aLink().id, name: 'raw' }], paused: true })
    const text = lines({
      link,
      state: 'not-running',
      reason: 'paused',
      canWrite: false,
      refusals: 2,
      watcherTrouble: 'the system watches no more',
    }).join('\n')
    for (const part of [
      'paused, and not running',
      'read only',
      'up at most 500 KiB/s',
      '1 folder not selected',
      '2 steps were refused',
      'The system watches no more.',
    ])
      expect(text).toContain(part)
  })
})

describe('whatever comes, it fits', () => {
  const long = `${'a very long folder name '.repeat(20)}/写真写真写真写真写真写真写真写真写真写真写真写真/x`
  const statuses: Partial<LinkStatus>[] = [
    { link: aLink({ root: `/home/test/${long}`, place: `home/${long}` }) },
    { state: 'syncing', moving: Array.from({ length: 8 }, (_, at) => ({ step: 'download', path: `${long}${at}` })) },
    { ...blocked(1_000, { path: long }), state: 'up-to-date' },
    { ...blocked(1_000, { path: long, reason: 'refused', detail: long }) },
    { state: 'offline', reason: long },
    {
      state: 'paused',
      reason: 'brake',
      brake: { mass: 'remote', items: 9_999_999, of: 99_999_999 },
      link: aLink({ root: `/srv/${long}` }),
    },
    {
      link: aLink({ root: '/home/test/e\u001b[2Jvil', place: 'home/\u202egpj' }),
      ...blocked(3, { path: '\u001b]0;x\u0007' }),
    },
  ]
  test.each([20, 40, 79, 200])('into %i columns and a few rows', (columns) => {
    for (const status of statuses)
      for (const rows of [4, 10, 22]) {
        const shown = lines(status, { columns, rows })
        expect(shown.length).toBeLessThanOrEqual(rows)
        for (const line of shown) {
          expect(displayWidth(line), line).toBeLessThanOrEqual(columns)
          expect(line).not.toMatch(/[\u0000-\u001f\u202e]/)
        }
      }
  })
})

describe('events as lines', () => {
  const world = testWorld()
  const say = sayTo(world, { json: false, quiet: false })
  const line = (event: Partial<LinkEvent> & { kind: string }) =>
    eventLine({ time: NOW, ...event } as LinkEvent, say)?.slice(21)
  test.each([
    [{ kind: 'state', state: 'up-to-date' }, 'up to date'],
    [{ kind: 'step', at: 'end', step: 'upload-new', path: 'a' }, 'sent      a'],
    [{ kind: 'step', at: 'begin', step: 'upload-new', path: 'a' }, undefined],
    [{ kind: 'step', at: 'failed', step: 'download', path: 'a', error: 'ENOSPC' }, 'failed    a: ENOSPC'],
    [
      { kind: 'blocked', path: 'a', reason: 'busy', detail: 'it keeps changing' },
      'blocked   a: it keeps changing [busy]',
    ],
    [{ kind: 'progress', filesLeft: 1 }, undefined],
    [{ kind: 'guard', path: '', detail: 'x' }, undefined],
    [{ kind: 'access', canWrite: false }, 'You may only read here now: nothing is sent.'],
  ] as const)('%j', (event, text) => expect(line(event as never)).toBe(text))
})

describe('drawn in place', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const realSleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms)
      signal?.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason)), { once: true })
    })

  test('over itself, only when something has changed, and the last picture stays', async () => {
    const terminal = screen({ columns: 60 })
    const written = vi.spyOn(terminal.output, 'write')
    const world = testWorld({ stdout: terminal.output, env: { NO_COLOR: '1' }, sleep: realSleep })
    let status = aStatus({ state: 'syncing', moving: [{ step: 'download', path: 'a' }] })
    const view = showLive(async () => [status], world, sayTo(world, { json: false, quiet: false }))
    await vi.advanceTimersByTimeAsync(500)
    expect(terminal.rows()).toEqual(['~/Photos ⇄ home/photos', '  syncing · 12,345 items', '  ↓ a'])
    expect(written).toHaveBeenCalledTimes(1)
    status = aStatus()
    await vi.advanceTimersByTimeAsync(500)
    const last = ['~/Photos ⇄ home/photos', '  up to date · 12,345 items']
    expect(terminal.rows()).toEqual(last)
    expect(written).toHaveBeenCalledTimes(2)
    await view.close()
    expect(terminal.rows()).toEqual(last)
    expect(terminal.isCursorShown()).toBe(true)
  })

  test('what cannot be asked leaves the last picture', async () => {
    const terminal = screen({ columns: 60 })
    const world = testWorld({ stdout: terminal.output, env: { NO_COLOR: '1' }, sleep: realSleep })
    let isGone = false
    const ask = async () => {
      if (isGone) throw new Error('gone')
      return [aStatus()]
    }
    const view = showLive(ask, world, sayTo(world, { json: false, quiet: false }))
    await vi.advanceTimersByTimeAsync(300)
    isGone = true
    await vi.advanceTimersByTimeAsync(300)
    expect(terminal.rows()).toHaveLength(2)
    await view.close()
    expect(terminal.isCursorShown()).toBe(true)
  })
})

describe('folders as people write them', () => {
  test.each([
    ['/home/test/Photos', '~/Photos', '~/Photos'],
    ['/home/test', '~', '~'],
    ['/home/tester/x', '/home/tester/x', '/home/tester/x'],
    ["/home/test/it's", "~/it's", `'/home/test/it'\\''s'`],
    ['/srv/a b', '/srv/a b', "'/srv/a b'"],
  ])('%s', (path, shown, quoted) => {
    expect([shownFolder(path, '/home/test'), folderForShell(path, '/home/test')]).toEqual([shown, quoted])
  })
})

test('lines of what happens tell once that there is work, whatever it does in between', async () => {
  const world = testWorld()
  const said = sayTo(world, { json: false, quiet: false })
  const source = { status: async () => aStatus() } as unknown as Parameters<typeof sayEvents>[0]
  const view = await sayEvents(source, world, said)
  const state = (name: 'scanning' | 'syncing' | 'up-to-date'): LinkEvent => ({ kind: 'state', state: name, time: 0 })
  for (const name of ['scanning', 'syncing', 'scanning', 'syncing', 'up-to-date', 'scanning'] as const)
    view.take(state(name))
  await view.close()
  const lines = world.out().trim().split('\n')
  expect(lines.map((line) => line.replace(/^.{19} {2}/, ''))).toEqual([
    'looking for changes',
    'up to date',
    'looking for changes',
  ])
})
