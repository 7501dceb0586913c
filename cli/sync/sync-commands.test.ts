import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aLink } from '../../test/support/a-link.ts'
import { openLinkFile } from '../../client/node/sync/links/link-file.ts'
import type { LinkStatus } from '../../client/node/sync/host/link-status.ts'
import { runCli } from '../run.ts'
import { COMMANDS } from '../table/commands.ts'
import { testWorld } from '../test-world.ts'
import { clockFinding } from './doctor/server-findings.ts'
import { newlyIgnored, rulesIn, withoutRules, withRules } from './ignore-rules.ts'
import { linkedPathOf } from './linked-path.ts'
import { SYNC_WORDS } from './local-folder.ts'
import { outcomeOf } from './outcome.ts'

let dir: string
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'bv-sync-')))
  await mkdir(join(dir, 'Photos/.bitvault'), { recursive: true })
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const worldHere = (cwd = dir) =>
  testWorld({ cwd, home: dir, env: { XDG_CONFIG_HOME: join(dir, '.config'), XDG_STATE_HOME: join(dir, '.state') } })
const link = (over: Parameters<typeof aLink>[0] = {}) =>
  openLinkFile(join(dir, '.config', 'bitvault')).update((links) => [
    ...links,
    aLink({ root: join(dir, 'Photos'), ...over }),
  ])
async function run(args: string[], world = worldHere()) {
  const exit = await runCli(args, COMMANDS, world)
  return { exit, out: world.out(), err: world.err() }
}

describe('SY-21 what --once ends with', () => {
  test.each([
    ['up-to-date', null, 0, 0],
    ['up-to-date', 'blocked', 3, 6],
    ['paused', null, 0, 6],
    ['paused', 'brake', 0, 6],
    ['stopped', 'signed-out', 0, 3],
    ['stopped', 'root-missing', 0, 4],
    ['stopped', 'root-gone', 0, 4],
    ['stopped', 'root-busy', 0, 1],
    ['stopped', 'internal', 0, 1],
    ['scanning', null, 0, null],
    ['syncing', null, 2, null],
    ['offline', null, 0, null],
    ['starting', null, 0, null],
  ] as const)('%s %s with %i blocked: %s', (state, reason, blocked, exit) =>
    expect(outcomeOf({ state: state as LinkStatus['state'], reason, blocked })).toBe(exit),
  )
})

test('a mistyped command is no folder: the command is offered', async () => {
  const { exit, err } = await run(['sync', 'statsu'])
  expect([exit, err]).toEqual([4, expect.stringContaining('Did you mean: bitvault sync status')])
  expect((await run(['sync', 'holiday'])).err).toContain('It is made when you name a folder on the server')
  const words = COMMANDS.flatMap(({ name }) => (name.startsWith('sync ') ? [name.slice(5)] : []))
  expect([...SYNC_WORDS].toSorted()).toEqual(words.toSorted())
})

test('select says when nothing is linked', async () => {
  expect(await run(['sync', 'select'])).toMatchObject({ exit: 4, err: expect.stringContaining('no folder is linked') })
})

describe('SY-23 paths here and there', () => {
  test('what is not there, in a folder that is, is here', async () => {
    await link()
    const found = await linkedPathOf(worldHere(), 'Photos/raw')
    expect([found?.link.root, found?.names]).toEqual([join(dir, 'Photos'), ['raw']])
    expect(await linkedPathOf(worldHere(), 'Photos/no/raw')).toBeNull()
    expect(await linkedPathOf(worldHere(join(dir, 'Photos')), 'raw')).toBeNull()
  })

  test('what begins with a slash or a dot, or is there, and lies in a linked folder, is here', async () => {
    await link()
    await mkdir(join(dir, 'Photos/home'))
    await writeFile(join(dir, 'Photos/home/a'), '')
    const names = async (text: string, cwd = join(dir, 'Photos')) =>
      (await linkedPathOf(worldHere(cwd), text))?.names ?? null
    expect(await names(join(dir, 'Photos/gone/x'))).toEqual(['gone', 'x'])
    expect(await names('./gone')).toEqual(['gone'])
    expect(await names('../Photos')).toEqual([])
    expect(await names('.')).toEqual([])
    expect(await names('home/a')).toEqual(['home', 'a'])
    expect(await names('home/b')).toBe(null)
    expect(await names('Photos/home/a', dir)).toEqual(['home', 'a'])
    expect(await names('/home/photos', dir)).toBe(null)
    expect(await names('home/photos', dir)).toBe(null)
  })

  test('a link in it is itself, and a way to it leads through links', async () => {
    await link()
    await symlink('/etc', join(dir, 'Photos/outside'))
    await symlink(join(dir, 'Photos'), join(dir, 'way'))
    expect((await linkedPathOf(worldHere(), join(dir, 'Photos/outside')))?.names).toEqual(['outside'])
    expect((await linkedPathOf(worldHere(), join(dir, 'way/x')))?.names).toEqual(['x'])
  })
})

describe('SY-24 rules of what is left out', () => {
  test('are added once, and taken away with nothing else', () => {
    const text = '# mine\n*.tmp'
    expect(withRules(text, ['*.tmp', 'a b'])).toBe('# mine\n*.tmp\na b\n')
    expect(withRules(text, ['*.tmp'])).toBe(text)
    expect(withoutRules('# mine\r\n*.tmp\r\nx\r\n', ['*.tmp'])).toBe('# mine\r\nx\r\n')
    expect(rulesIn('# mine\r\n\r\n*.tmp  \n\\#x\n')).toEqual(['*.tmp', '\\#x'])
  })

  test('say what they leave out now: a folder for all that is in it, nothing of ours, nothing twice', async () => {
    const root = join(dir, 'Photos')
    for (const path of ['a.log', 'd/b.log', 'd/keep', 'build/x/y', '.bitvault/c.log', 'old/z.log']) {
      await mkdir(join(root, path, '..'), { recursive: true })
      await writeFile(join(root, path), '')
    }
    const found: string[] = []
    for await (const { path, kind } of newlyIgnored(root, 'old/\n', 'old/\n*.log\nbuild/\n'))
      found.push(`${kind} ${path}`)
    expect(found.toSorted()).toEqual(['file a.log', 'file d/b.log', 'folder build'])
  })

  test('the folder may be left out where it is clear which one is meant', async () => {
    await link()
    expect(await run(['sync', 'ignore', '*.log'])).toMatchObject({ exit: 0 })
    expect(await run(['sync', 'ignore', join(dir, 'Photos'), 'x/'])).toMatchObject({ exit: 0 })
    expect(await readFile(join(dir, 'Photos/.bitvaultignore'), 'utf8')).toBe('*.log\nx/\n')
    await link({ id: aLink().device, root: join(dir, 'Other') })
    expect(await run(['sync', 'ignore', '*.log'])).toMatchObject({
      exit: 2,
      err: expect.stringContaining('~/Photos, ~/Other'),
    })
    expect(await run(['sync', 'ignore'], worldHere(join(dir, 'Photos')))).toMatchObject({ exit: 0, out: '*.log\nx/\n' })
  })
})

describe('NW-13 the clock', () => {
  const at = (apartMs: number) =>
    clockFinding(1_800_000_000_000, { askedAt: 1_800_000_000_500 + apartMs, answeredAt: 1_800_000_000_600 + apartMs })
  test.each([
    [0, 'good', 'agrees with the server'],
    [-400, 'good', 'agrees with the server'],
    [3_000, 'good', '3 s ahead of the server'],
    [30_000, 'note', '30 s ahead of the server'],
    [-90_000, 'bad', '89 s behind the server'],
  ])('%i ms apart: %s', (apartMs, is, text) => expect(at(apartMs)).toMatchObject({ is, text }))
})

describe('without links, or with nobody who works on them', () => {
  test.each([
    [['sync', 'status'], 0, 'No folder is linked.'],
    [['sync', 'pause'], 4, '[not-linked]'],
    [['sync', 'doctor'], 4, '[not-linked]'],
    [['sync', 'plan', 'here'], 4, '[not-linked]'],
    [['sync', 'stop'], 0, 'There is no background process.'],
    [['sync', '--once', '--background', 'x'], 2, 'choose one'],
    [['sync', '--anew', '--moved', 'x'], 2, 'choose one'],
    [['sync', '--limit-up', 'fast', 'x'], 2, '--limit-up'],
    [['sync'], 2, 'something is missing'],
    [['sync', 'service', 'start'], 2, 'install, remove, status'],
  ])('%j ends with %i', async (args, exit, text) => {
    const said = await run(args)
    expect(said.exit).toBe(exit)
    expect(said.out + said.err).toContain(text)
  })

  test('a pause is kept, and said to be nobody’s business now', async () => {
    await link()
    expect(await run(['sync', 'pause'])).toMatchObject({
      exit: 0,
      out: '~/Photos is paused; nobody works on it now.\n',
    })
    expect(await run(['sync', 'pause', 'Photos'])).toMatchObject({
      out: '~/Photos is paused already; nobody works on it now.\n',
    })
    expect((await run(['sync', 'status'])).out).toContain('paused, and not running')
    expect(await run(['sync', 'answer', 'keep'])).toMatchObject({
      exit: 1,
      err: expect.stringContaining('[nothing-asked]'),
    })
    expect(await run(['sync', 'unselect', '--json'])).toMatchObject({ exit: 0, out: '' })
  })
})
