import { randomBytes, randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openCli, signInByDevice, waitFor, type Cli } from './cli-support.ts'
import { expectRefused, jsonLines, openCliWorld, writeFrom, type CliWorld } from './cli-world.ts'

let world: CliWorld
beforeAll(async () => void (world = await openCliWorld()))
afterAll(() => world?.stack.stop())

const run = (...args: string[]) => world.cli(args)
const ok = (...args: string[]) => world.ok(...args)
const put = (path: string, text: string) => world.put(path, text)
const statOf = (path: string) => world.statOf(path)
const work = (...parts: string[]) => world.work(...parts)

describe('conflicts', () => {
  const meet = async (path: string): Promise<void> => {
    await put(path, 'base')
    await put(path, 'theirs')
    expect(await writeFrom(world.phone, path, { text: 'mine', base: 1 })).toBe('conflict')
  }

  test('listed and shown with both sides', async () => {
    await meet('home/met/a.txt')
    const { out, err } = await run('conflicts', 'home')
    expect(out).toMatch(
      /^home\/met\/a\.txt\n {2}mine {4}\S+ \S+ {2}you {2}phone .* 4 B {2}came second\n {2}theirs .*test laptop .* 6 B {2}was there \(v2\)\n/,
    )
    expect(out).toMatch(/\n {2}beside {2}a \(conflicted copy from phone, .*\)\.txt\n/)
    expect(err).toContain('1 conflict. End one: bitvault conflicts resolve')
    const [conflict] = jsonLines(await ok('conflicts', '--json'))
    expect(conflict).toMatchObject({ place: 'home/met/a.txt', resolution: null, mine: { device: 'phone' } })
    expect(await ok('conflicts', 'show', String(conflict?.['id']))).toBe(
      await ok('conflicts', 'show', 'home/met/a.txt'),
    )
    await ok('conflicts', 'get', '-o', 'mine.txt', 'home/met/a.txt')
    expect(await readFile(work('mine.txt'), 'utf8')).toBe('mine')
    await ok('conflicts', 'resolve', 'home/met/a.txt', '--theirs')
  })

  test.each([
    ['--mine', 'mine', false],
    ['--theirs', 'theirs', false],
    ['--both', 'theirs', true],
  ])('%s', async (choice, content, isCopyThere) => {
    const path = `home/met${choice}/a.txt`
    await meet(path)
    await ok('conflicts', 'resolve', path, choice)
    expect(await ok('cat', path)).toBe(content)
    expect((await ok('ls', `home/met${choice}`)).includes('conflicted copy')).toBe(isCopyThere)
    expect(await ok('conflicts', 'home')).toBe('There are no conflicts.\n')
    expect(await ok('conflicts', '--all')).toContain(`ended   ${choice.slice(2)}, `)
  })

  test('--merged writes the file as a version of the original', async () => {
    await meet('home/merge/a.txt')
    await writeFile(work('merged.txt'), 'mine and theirs')
    expect(await ok('conflicts', 'resolve', 'home/merge/a.txt', '--merged', 'merged.txt')).toBe(
      'home/merge/a.txt: your merged file is the newest version now\n',
    )
    expect(await ok('cat', 'home/merge/a.txt')).toBe('mine and theirs')
    const { id } = jsonLines(await ok('conflicts', '--all', '--json')).find(
      ({ place }) => place === 'home/merge/a.txt',
    ) as { id: string }
    expect(await run('conflicts', 'resolve', id, '--mine')).toMatchObject({ exit: 5 })
  })

  test('in a folder with --conflicts manual the later one is held until somebody decides', async () => {
    await ok('mkdir', 'home/manual')
    await ok('set', '--conflicts', 'manual', 'home/manual')
    expect(await ok('stat', 'home/manual')).toMatch(/^conflicts {2}manual$/m)
    await meet('home/manual/a.txt')
    expect(await ok('ls', 'home/manual')).toBe('a.txt\n')
    expect(await ok('conflicts')).toContain('held    until somebody decides')
    await ok('conflicts', 'get', 'home/manual/a.txt')
    expect(await readFile(work('a.txt.mine'), 'utf8')).toBe('mine')
    await ok('conflicts', 'resolve', 'home/manual/a.txt', '--mine')
    expect(await ok('cat', 'home/manual/a.txt')).toBe('mine')
    await ok('set', '--conflicts', 'inherit', 'home/manual')
    expect(await statOf('home/manual')).toMatchObject({ conflictPolicy: null })
  })

  test('a put that meets another write in such a folder is held, and says so', async () => {
    await ok('mkdir', 'home/held')
    await ok('set', '--conflicts', 'manual', 'home/held')
    await put('home/held/b.txt', 'one')
    await writeFile(work('b.txt'), randomBytes(48 * 1024 * 1024))
    const { child, ended } = world.cli.start(['put', '--json', 'b.txt', 'home/held/'])
    await waitFor(child, 'stdout', /"event":"progress".*"objectsSent":[1-9]/)
    // Held in the middle, however slowly the other device writes.
    child.kill('SIGSTOP')
    expect(await writeFrom(world.phone, 'home/held/b.txt', { text: 'two', base: 1 })).toBe('applied')
    child.kill('SIGCONT')
    const { exit, out } = await ended
    expect(exit).toBe(5)
    const { node, originalId } = jsonLines(out).find(({ outcome }) => outcome === 'conflict') as {
      node: { id: string }
      originalId: string
    }
    expect(node.id).toBe(originalId)
    expect(await ok('conflicts', 'show', 'home/held/b.txt')).toContain('48.0 MiB  came second')
    await ok('conflicts', 'resolve', 'home/held/b.txt', '--both')
    expect(await ok('ls', 'home/held')).toBe('b (2).txt\nb.txt\n')
  })
})

describe('changes and devices', () => {
  test('from the beginning, from a cursor, and live', async () => {
    const all = jsonLines(await ok('changes', '--json'))
    expect(all[0]).toMatchObject({ event: 'change', seq: 1, path: expect.stringMatching(/^home/) })
    const { cursor } = all.at(-1) as { cursor: string }
    await ok('mkdir', 'home/watched')
    expect((await run('changes', '--cursor', cursor)).out).toMatch(/^\S+ \S+ {2}new {7}home\/watched\/\n$/)

    const { child, ended } = world.cli.start(['changes', '--follow'])
    await waitFor(child, 'stderr', /Waiting for changes/)
    const seen = waitFor(child, 'stdout', /deleted {3}home\/watched\/b\.txt/)
    await put('home/watched/a.txt', 'live')
    await ok('mv', 'home/watched/a.txt', 'home/watched/b.txt')
    await ok('rm', 'home/watched/b.txt')
    await seen
    child.kill('SIGINT')
    const { exit, out, err } = await ended
    expect(exit).toBe(130)
    expect(out).toMatch(
      / new {7}home\/watched\/a\.txt {2}4 B, v1\n.* moved {5}home\/watched\/a\.txt → home\/watched\/b\.txt\n/,
    )
    expect(err).toMatch(/Go on from here: bitvault changes --cursor \S+\n$/)
    expect(err).not.toContain('[interrupted]')
  })

  test('what changed about a file but its content is told as that', async () => {
    await put('home/about/a.txt', 'a')
    const { cursor } = jsonLines(await ok('changes', '--json')).at(-1) as { cursor: string }
    await ok('set', '--executable', 'home/about/a.txt')
    await put('home/about/a.txt', 'ab')
    const told = (await ok('changes', '--cursor', cursor)).split('\n').map((line) => line.slice(21))
    expect(told).toEqual(['changed   home/about/a.txt  not its content', 'changed   home/about/a.txt  2 B, v2', ''])
  })

  test('who follows is told when the connection is lost for a while, and when it is back', async () => {
    const { child, ended } = world.cli.start(['changes', '--follow'])
    await waitFor(child, 'stderr', /Waiting for changes/)
    const lost = waitFor(child, 'stderr', /The connection is lost: trying again/)
    await world.stack.worker.kill9()
    await lost
    const back = waitFor(child, 'stderr', /Back again/)
    await world.stack.worker.restart()
    await back
    const seen = waitFor(child, 'stdout', /new {7}home\/after the cut\//)
    await ok('mkdir', 'home/after the cut')
    await seen
    child.kill('SIGINT')
    const { err } = await ended
    expect(err.match(/The connection is lost/g)).toHaveLength(1)
  })

  test('devices are listed with how they fare, and signed out', async () => {
    expect(await ok('devices')).toBe('No device synchronises.\n')
    const other = await openCli(await temporaryFolder(), world.stack.url)
    await signInByDevice(other, world.stack.url)
    const api = await signedIn(other)
    await post(api, '/v1/devices', { name: 'desk', platform: 'linux-x64' })
    expect(await ok('devices')).toMatch(/^desk {2}linux-x64 {2}just now {2}– {2}[0-9a-f-]{36}\n$/)
    expect(JSON.parse(await ok('devices', '--json'))).toMatchObject({ devices: [{ name: 'desk', current: false }] })
    expect(await ok('devices', 'revoke', 'desk')).toBe('Revoked desk: it is signed out.\n')
    // A session may be believed for two seconds.
    await expect.poll(async () => (await other(['whoami'])).exit, { timeout: 30_000 }).toBe(3)
    expect(await run('devices', 'revoke', 'desk')).toMatchObject({ exit: 4 })
  })

  test('spaces set says what holds now', async () => {
    expect(await ok('spaces', 'set', 'home', '--trash-days', '90', '--versions-count', '5')).toBe(
      'home: the trash is kept for 90 days; old versions for ever, of a file the newest 5\n',
    )
    expect(JSON.parse(await ok('spaces', 'set', 'home', '--versions-count', 'all', '--json'))).toMatchObject({
      name: 'home',
      trashDays: 90,
      versionCount: null,
    })
  })
})

describe('bad input', () => {
  beforeAll(async () => {
    await put('home/bad/a.txt', 'a')
  })
  test.each([
    [['conflicts', 'show', 'home/bad/a.txt'], 4, 'not-found'],
    [['conflicts', 'show', randomUUID()], 4, 'not-found'],
    [['conflicts', 'resolve', 'home/bad/a.txt'], 2, 'usage'],
    [['conflicts', 'resolve', 'home/bad/a.txt', '--mine', '--both'], 2, 'usage'],
    [['conflicts', 'resolve', 'home/bad/a.txt', '--merged', 'missing.txt'], 4, 'local-not-found'],
    [['devices', 'revoke', 'nothing'], 4, 'not-found'],
    [['spaces', 'set', 'home'], 2, 'usage'],
    [['spaces', 'set', 'home', '--versions-days', '-3'], 2, 'usage'],
    [['spaces', 'set', 'home/bad', '--trash-days', '3'], 2, 'usage'],
    [['changes', '--cursor', 'forged'], 1, 'cursor-invalid'],
  ] as const)('%j', (args, exit, code) => expectRefused(world, args, { exit, code }))
})

/** The session that a command line was signed in with. */
async function signedIn(of: Cli): Promise<string> {
  const kept = await readFile(join(of.cwd, '..', 'home', 'config', 'bitvault', 'credentials.json'), 'utf8')
  return /"accessToken":\s*"([^"]+)"/.exec(kept)?.[1] ?? ''
}

const post = async (token: string, path: string, body: unknown): Promise<void> => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(world.stack.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(response.status, await response.text()).toBe(201)
}
