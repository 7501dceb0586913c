import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { untilSeen, writeTeamSpace } from '../support/team-space.ts'
import { openSyncWorld, WITHIN, type Computer, type SyncWorld } from './sync-cli-support.ts'

/** What the server says and takes away while a link is worked on: sign-ins, devices, rights, folders; and conflicts. */
let world: SyncWorld
let sql: Sql
let a: Computer
let b: Computer
let one: string
let two: string
let place: string
let count = 0

beforeAll(async () => {
  world = await openSyncWorld()
  sql = postgres(world.stack.ownerUrl, { max: 1, onnotice: () => {} })
  a = await world.computer()
  b = await world.computer()
})
afterAll(async () => {
  await sql?.end()
  await world?.end()
})
beforeEach(() => {
  count++
  ;[one, two, place] = [`one ${count}`, `two ${count}`, `home/place ${count}`]
})

async function linked(who: Computer, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await who.write(`${one}/${name}`, text)
  await who.ok('sync', '--background', one, place)
  await who.until(one, 'up-to-date')
}

const sent = async (): Promise<Record<string, string>> => {
  await b.sync(two, place)
  return b.tree(two)
}

const deviceOf = async (who: Computer, folder: string) => {
  const { link } = await who.status(folder)
  const { devices } = await b.json<{
    devices: { id: string; lag: number | null; lastError: string | null; live: boolean }[]
  }>('devices')
  return devices.find(({ id }) => id === link.device)
}

describe('NW-08 the sign-in', () => {
  test('that was ended stops the link and loses nothing; signing in again lets it go on', async () => {
    const c = await world.computer()
    await linked(c, { f: 'one' })
    await c.ok('logout')
    await c.until(one, 'stopped signed-out')
    expect((await c.run(['sync', 'status', one])).out).toContain('Sign in again, and it goes on: bitvault login')
    await c.write(`${one}/g`, 'meanwhile')
    expect(await c.tree(one)).toEqual({ f: 'one', g: 'meanwhile' })
    expect(await sent()).toEqual({ f: 'one' })
    expect(await c.run(['sync', 'doctor', one], 1)).toMatchObject({ out: expect.stringContaining('✗ sign-in') })
    expect(await c.run(['sync', '--once', one], 3)).toBeDefined()
    await c.signIn()
    await c.until(one, 'up-to-date')
    expect(await sent()).toEqual({ f: 'one', g: 'meanwhile' })
    await c.ok('sync', 'stop')
  })

  test('LV-14: of a device that was revoked elsewhere ends with it; after signing in it is registered anew', async () => {
    const c = await world.computer()
    await linked(c, { f: 'one' })
    const { link } = await c.status(one)
    await b.ok('devices', 'revoke', link.device)
    await c.until(one, 'stopped signed-out')
    expect(await sent()).toEqual({ f: 'one' })
    await b.write(`${two}/g`, 'two')
    await sent()
    await c.signIn()
    await expect.poll(() => c.tree(one), WITHIN).toEqual({ f: 'one', g: 'two' })
    await c.until(one, 'up-to-date')
    expect((await c.status(one)).link.device).not.toBe(link.device)
    expect(await deviceOf(c, one)).toMatchObject({ live: true })
    await c.ok('sync', 'stop')
  })
})

describe('rights in a space', () => {
  const setRole = (space: string, role: string) =>
    sql`update space_members set role = ${role} where space_id = ${space}`

  /** Whoever asks for a look need not wait for the next one. */
  const asked = (check: () => Promise<boolean>) =>
    expect
      .poll(async () => {
        await a.cli.here(['sync', '--once', '-q', one])
        return check()
      }, WITHIN)
      .toBe(true)

  test('SH-01, SH-03: a reader’s changes stay here, and go when writing is allowed again', async () => {
    const { tenantId, userId } = await a.json<{ tenantId: string; userId: string }>('whoami')
    const { id } = await writeTeamSpace(world.stack, { tenantId, userIds: [userId], name: `team ${count}` })
    await untilSeen(id, async () => (await a.json<{ spaces: { id: string }[] }>('spaces')).spaces)
    place = `team ${count}/d`
    await linked(a, { f: 'one' })
    expect(await a.status(one)).toMatchObject({ canWrite: true })
    await setRole(id, 'reader')
    await asked(async () => (await a.status(one)).canWrite === false)
    await a.write(`${one}/g`, 'mine')
    await a.until(one, 'up-to-date blocked')
    expect(await a.status(one)).toMatchObject({ blockedItems: [{ path: 'g', reason: 'read-only' }] })
    expect(await a.ok('sync', 'status', one)).toContain('read only')
    expect(await a.run(['sync', '--once', one], 6)).toBeDefined()
    await setRole(id, 'writer')
    await asked(async () => (await a.status(one)).state === 'up-to-date' && (await a.status(one)).blocked === 0)
    expect(await sent()).toEqual({ f: 'one', g: 'mine' })
  })

  test('SV-11, SH-09: a space that is withdrawn stops the link, and the files stay', async () => {
    const { tenantId, userId } = await a.json<{ tenantId: string; userId: string }>('whoami')
    const { id } = await writeTeamSpace(world.stack, { tenantId, userIds: [userId], name: `team ${count}` })
    await untilSeen(id, async () => (await a.json<{ spaces: { id: string }[] }>('spaces')).spaces)
    place = `team ${count}/d`
    await linked(a, { f: 'one' })
    await sql`delete from space_members where space_id = ${id}`
    await expect.poll(async () => (await a.status(one)).reason, { timeout: 150_000, interval: 500 }).toBe('root-gone')
    expect(await a.tree(one)).toEqual({ f: 'one' })
    expect(await a.ok('sync', 'status', one)).toContain('What is here stays.')
    await sql`insert into space_members (tenant_id, space_id, user_id, role) values (${tenantId}, ${id}, ${userId}, 'manager')`
    await asked(async () => (await a.status(one)).state === 'up-to-date')
  })
})

describe('the folder on the server', () => {
  test('SV-11: in the trash it stops the link; brought back, the link goes on', async () => {
    await linked(a, { f: 'one' })
    await b.ok('rm', '-r', place)
    await a.until(one, 'stopped root-gone')
    expect(await a.tree(one)).toEqual({ f: 'one' })
    expect(await a.run(['sync', 'doctor', one], 1)).toMatchObject({ out: expect.stringContaining('is in the trash') })
    await b.ok('restore', place)
    await a.until(one, 'up-to-date')
    expect(await a.tree(one)).toEqual({ f: 'one' })
  })

  test('SV-11: with a folder above it in the trash it is as gone as by itself', async () => {
    const above = place
    place = `${above}/below`
    await linked(a, { f: 'one' })
    await b.ok('rm', '-r', above)
    await a.until(one, 'stopped root-gone')
    await a.write(`${one}/g`, 'meanwhile')
    await b.ok('restore', above)
    await a.until(one, 'up-to-date')
    expect(await sent()).toEqual({ f: 'one', g: 'meanwhile' })
  })

  test('renamed and moved, it is the same folder', async () => {
    await linked(a, { f: 'one' })
    await b.ok('mv', place, `${place} renamed`)
    await a.write(`${one}/g`, 'two')
    await a.until(one, 'up-to-date')
    expect(await b.ok('ls', `${place} renamed`)).toBe('f\ng\n')
    expect(await a.ok('sync', 'doctor', one)).toContain(`${place} renamed; it was ${place} when it was linked`)
    place = `${place} renamed`
    expect(await sent()).toEqual({ f: 'one', g: 'two' })
  })
})

describe('conflicts', () => {
  test('are shown with where both sides are here, and end by a path of this computer', async () => {
    await linked(a, { 'd/f.txt': 'base', 'd/g.txt': 'base' })
    await sent()
    await a.ok('sync', 'pause', one)
    await a.until(one, 'paused')
    for (const name of ['f', 'g']) {
      await a.write(`${one}/d/${name}.txt`, 'from a')
      await b.write(`${two}/d/${name}.txt`, 'from b')
    }
    await sent()
    await a.ok('sync', 'resume', one)
    await a.until(one, 'up-to-date')
    const said = await a.ok('sync', 'conflicts', one)
    expect(said).toMatch(new RegExp(`^${place}/d/f\\.txt$`, 'm'))
    expect(said).toContain(`  here    ${a.at(one, 'd/f.txt')}\n          ${a.at(one, 'd/f (conflicted copy from ')}`)
    await a.ok('conflicts', 'resolve', a.at(one, 'd/f.txt'), '--mine')
    await a.ok('conflicts', 'resolve', `${one}/d/g.txt`, '--theirs')
    await expect.poll(() => a.tree(one), WITHIN).toEqual({ 'd/f.txt': 'from a', 'd/g.txt': 'from b' })
    expect(await a.ok('sync', 'conflicts', one)).toBe('There are no conflicts.\n')
  })
})

describe('what is told of a link', () => {
  test('LV-12, LV-13: the server knows how far the device is and what keeps it back, and no name of a file', async () => {
    await linked(a, { f: 'one' })
    await expect.poll(async () => (await deviceOf(a, one))?.lag, WITHIN).toBe(0)
    expect(await deviceOf(a, one)).toMatchObject({ live: true, lastError: null })
    spawnSync('mkfifo', [a.at(one, 'secret pipe')])
    await a.until(one, 'up-to-date blocked')
    await expect.poll(async () => (await deviceOf(a, one))?.lastError, WITHIN).toBe('1 item is blocked: special-file')
  })

  test('I16: a file that is being written to is not called up to date', async () => {
    await linked(a, { f: 'one' })
    const view = a.start('sync', one)
    await view.until('up-to-date')
    const before = view.events.length
    await writeFile(a.at(one, 'log'), randomBytes(30_000_000))
    for (let i = 0; i < 120; i++)
      await appendFile(a.at(one, 'log'), randomBytes(4_096)).then(() => new Promise(setImmediate))
    const during = view.events
      .slice(before)
      .filter(({ event, state, reason }) => event === 'state' && state === 'up-to-date' && reason === undefined)
    expect(during).toEqual([])
    await view.until('up-to-date')
    await view.stop()
    const { size } = await b.json<{ size: number }>('stat', `${place}/log`)
    expect(size).toBe(30_000_000 + 120 * 4_096)
  })

  test('doctor finds nothing wrong with a link that is well', async () => {
    await linked(a, { f: 'one' })
    const { findings, bad } = await a.json<{ findings: { check: string; is: string }[]; bad: number }>(
      'sync',
      'doctor',
      one,
    )
    expect(bad).toBe(0)
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'server',
        'clock',
        'sign-in',
        'folder',
        'file system',
        'watcher',
        'space',
        'database',
        'stops',
        'guard',
        'blocked',
        'safety trash',
        'place',
        'access',
        'device',
      ]),
    )
  })

  test('the log of a link is for its owner alone, and bounded', async () => {
    await linked(a, { f: 'one' })
    const { link } = await a.status(one)
    await a.ok('sync', 'stop')
    const log = a.at('..', 'home', 'state', 'bitvault', 'sync', link.id, 'events.jsonl')
    expect((await stat(log)).mode & 0o777).toBe(0o600)
    const lines = (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string })
    expect(lines.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['state', 'step']))
    expect(lines.some(({ kind }) => kind === 'progress')).toBe(false)
  })
})
