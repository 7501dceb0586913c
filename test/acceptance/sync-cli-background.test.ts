import { existsSync, readdirSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OWN_FOLDER } from '../../client/sync/own-folder.ts'
import { openSyncWorld, WITHIN, type Computer, type SyncWorld } from './sync-cli-support.ts'

/** Processes: the one in the background, those in the foreground, and what is left when one of them is killed. */
let world: SyncWorld
let a: Computer
let b: Computer
let one: string
let two: string
let place: string
let count = 0

beforeAll(async () => {
  world = await openSyncWorld()
  a = await world.computer()
  b = await world.computer()
})
afterAll(() => world?.end())
beforeEach(() => {
  count++
  ;[one, two, place] = [`one ${count}`, `two ${count}`, `home/place ${count}`]
})

const state = (...parts: string[]): string => a.at('..', 'home', 'state', 'bitvault', 'sync', ...parts)

/** `a` works on its folder in the background, and both sides have these files. */
async function linked(files: Record<string, string> = { f: 'one' }): Promise<void> {
  for (const [name, text] of Object.entries(files)) await a.write(`${one}/${name}`, text)
  await a.ok('sync', '--background', one, place)
  await a.until(one, 'up-to-date')
}

const sent = async (): Promise<Record<string, string>> => {
  await b.sync(two, place)
  return b.tree(two)
}

const pidOf = async (folder: string): Promise<number> => (await a.status(folder)).process!.pid

async function killed(folder: string): Promise<void> {
  process.kill(await pidOf(folder), 'SIGKILL')
  await a.until(folder, 'not-running')
}

describe('the background process', () => {
  test('begins with --background, outlives the command, works on all links, and ends with stop', async () => {
    await linked()
    const first = await a.status(one)
    expect(first.process).toMatchObject({ kind: 'background' })
    await a.write(`${one}/g`, 'two')
    await expect.poll(sent, WITHIN).toEqual({ f: 'one', g: 'two' })
    await a.write(`other ${count}/h`, 'three')
    await a.ok('sync', '-b', `other ${count}`, `${place} other`)
    await a.until(`other ${count}`, 'up-to-date')
    expect(await pidOf(`other ${count}`)).toBe(first.process!.pid)
    expect(await a.ok('sync', 'stop')).toContain('has ended')
    expect(await a.status(one)).toMatchObject({ state: 'not-running', process: null })
    expect(await a.ok('sync', 'stop')).toBe('There is no background process.\n')
  })

  test('RT-09: there is one of them, and one process a folder; another one shows what that does', async () => {
    await linked()
    const pid = await pidOf(one)
    expect(await a.run(['sync', 'daemon'], 7)).toMatchObject({ err: expect.stringContaining(`process ${pid}`) })
    const view = a.start('sync', one)
    await view.until('up-to-date')
    await a.write(`${one}/g`, 'two')
    await expect
      .poll(
        () => view.events.some(({ step, at, path }) => step === 'upload-new' && at === 'end' && path === 'g'),
        WITHIN,
      )
      .toBe(true)
    expect(await view.stop()).toMatchObject({ exit: 130 })
    expect(await pidOf(one)).toBe(pid)
    await a.run(['sync', '--once', one])
    await a.ok('sync', 'stop')
    const own = a.start('sync', one)
    await own.until('up-to-date')
    const other = a.start('sync', one)
    await other.until('up-to-date')
    expect(await other.stop()).toMatchObject({ exit: 130 })
    expect(await a.status(one)).toMatchObject({ process: { kind: 'foreground', pid: own.child.pid } })
    expect(await own.stop()).toMatchObject({ exit: 130 })
  })

  test('takes a folder over when the foreground lets go of it', async () => {
    await a.write(`${one}/f`, 'one')
    const own = a.start('sync', one, place)
    await own.until('up-to-date')
    expect(await a.json('sync', '-b', one)).toMatchObject({ event: 'background', is: 'held' })
    await own.stop()
    await expect.poll(async () => (await a.status(one)).process?.kind, WITHIN).toBe('background')
  })

  test('DK-01: killed at any moment, it leaves nothing in the way, and nothing is lost', async () => {
    await linked()
    await killed(one)
    await a.write(`${one}/g`, 'while nobody looked')
    await a.ok('sync', '-b', one)
    await a.until(one, 'up-to-date')
    expect(await sent()).toEqual({ f: 'one', g: 'while nobody looked' })
    expect(await a.status(one)).toMatchObject({ uncleanStops: 1 })
    const { findings } = await a.json<{ findings: { check: string; text: string }[] }>('sync', 'doctor', one)
    expect(findings.find(({ check }) => check === 'stops')?.text).toContain('ended without warning 1 time')
  })

  test('goes on when the service at login cannot be begun from here', async () => {
    await linked()
    const { out } = await a.cli(['sync', 'service', 'install'], { env: { PATH: '' } })
    expect(out).toContain('Until then the background process goes on without it.')
    await a.until(one, 'up-to-date')
    await a.ok('sync', 'service', 'remove')
    await a.until(one, 'up-to-date')
  })

  test('RT-01, RT-07: a folder that is gone, or another one in its place, stops this link alone; nothing is deleted; it goes on when it is back', async () => {
    await linked()
    await a.write(`other ${count}/x`, 'x')
    await a.ok('sync', '-b', `other ${count}`, `${place} other`)
    await rename(a.at(one), a.at(`${one} away`))
    await a.until(one, 'stopped root-missing')
    await mkdir(a.at(one, OWN_FOLDER), { recursive: true })
    await writeFile(a.at(one, OWN_FOLDER, 'root'), '01999999-0000-7000-8000-000000000000\n')
    await writeFile(a.at(one, 'not-ours'), 'x')
    await a.until(one, 'stopped root-other')
    // I13: nothing is written to a disk that is not ours.
    expect(readdirSync(a.at(one, OWN_FOLDER))).toEqual(['root'])
    await a.until(`other ${count}`, 'up-to-date')
    expect(await sent()).toEqual({ f: 'one' })
    await rm(a.at(one), { recursive: true })
    await a.write(`${one} away/g`, 'two')
    await rename(a.at(`${one} away`), a.at(one))
    await a.until(one, 'up-to-date')
    expect(await sent()).toEqual({ f: 'one', g: 'two' })
    // It is watched again, not only looked at once.
    await a.write(`${one}/h`, 'three')
    await expect.poll(sent, WITHIN).toEqual({ f: 'one', g: 'two', h: 'three' })
  })

  test('DB-05: a damaged database is set aside, and nothing is deleted for it', async () => {
    await linked({ f: 'one', 'd/g': 'two' })
    const { link } = await a.status(one)
    await a.ok('sync', 'stop')
    await writeFile(state(link.id, 'sync.sqlite'), 'no database at all')
    const { findings, bad } = JSON.parse((await a.run(['sync', 'doctor', '--json', one], 1)).out) as {
      findings: { check: string; is: string }[]
      bad: number
    }
    expect([bad, findings.find(({ check }) => check === 'database')?.is]).toEqual([1, 'bad'])
    await rm(a.at(one, 'd/g'))
    await a.run(['sync', '--once', one])
    expect(await a.tree(one)).toEqual({ f: 'one', 'd/g': 'two' })
    expect(readdirSync(state(link.id))).toContain('sync.sqlite.damaged-1')
  })
})

describe('linking', () => {
  const refused = async (args: string[], code: string): Promise<string> => {
    const run = await a.run(['sync', '--once', ...args], 1)
    expect(run.err).toContain(`[${code}]`)
    return run.err
  }

  test('folders that are in each other’s way are refused, with what to do', async () => {
    await a.write(`${one}/d/f`, 'one')
    await a.run(['sync', '--once', `${one}/d`, place])
    expect(await refused([one, `${place} x`], 'holds-linked')).toContain('bitvault sync unlink')
    await mkdir(a.at(one, 'd/e'))
    await refused([`${one}/d/e`, `${place} x`], 'inside-linked')
    await refused(['../home', `${place} x`], 'too-wide')
    await refused(['/', `${place} x`], 'too-wide')
    await refused(['../home/config', `${place} x`], 'our-own')
    expect(await refused([`${one}/d`, `${place} x`], 'already-linked')).toContain('unlink')
    expect(await a.run(['sync', '--once', `none ${count}`], 4)).toBeDefined()
    expect(await a.run(['sync', '--once', `none ${count}`, `${place} none`], 4)).toBeDefined()
    expect(existsSync(a.at(`none ${count}`))).toBe(false)
  })

  test('a place that nobody named is not merged with what is there by surprise', async () => {
    await b.write(`${two}/there`, 'x')
    await b.sync(two, `home/${one}`)
    await a.write(`${one}/f`, 'one')
    expect(await refused([one], 'name-taken')).toContain(`bitvault sync '${a.at(one)}' 'home/${one}'`)
    await a.run(['sync', '--once', one, `home/${one}`])
    expect(await a.tree(one)).toEqual({ f: 'one', there: 'x' })
  })

  test('RT-06: a copy of a linked folder is a device of its own, with --anew; a folder that was moved goes on, with --moved', async () => {
    await a.write(`${one}/f`, 'one')
    await a.run(['sync', '--once', one, place])
    await cp(a.at(one), a.at(`${one} copy`), { recursive: true })
    await rm(a.at(`${one} copy/.bitvault/tmp`), { recursive: true })
    expect(await refused([`${one} copy`, place], 'marked')).toMatch(/--moved[\s\S]*--anew/)
    // I13: nothing was written where another mark is.
    expect(readdirSync(a.at(`${one} copy/.bitvault`))).not.toContain('tmp')
    expect(await refused(['--moved', `${one} copy`], 'not-moved')).toContain('is still there')
    await a.write(`${one} copy/g`, 'from the copy')
    await a.run(['sync', '--once', '--anew', `${one} copy`, place])
    await a.run(['sync', '--once', one])
    expect(await a.tree(one)).toEqual({ f: 'one', g: 'from the copy' })
    await rename(a.at(one), a.at(`${one} moved`))
    await writeFile(a.at(`${one} moved`, 'h'), 'after the move')
    await a.run(['sync', '--once', '--moved', `${one} moved`])
    expect(await sent()).toEqual({ f: 'one', g: 'from the copy', h: 'after the move' })
    expect((await a.status(`${one} moved`)).link.root).toBe(a.at(`${one} moved`))
  })

  test('unlink: files stay on both sides, and nothing of ours is left; it can be linked again', async () => {
    await linked()
    const { link } = await a.status(one)
    const names = async () => (await a.json<{ devices: { id: string }[] }>('devices')).devices.map(({ id }) => id)
    expect(await names()).toContain(link.device)
    expect(await a.ok('sync', 'unlink', one)).toContain('all files stay')
    expect(await a.tree(one)).toEqual({ f: 'one' })
    expect([existsSync(a.at(one, OWN_FOLDER)), existsSync(state(link.id))]).toEqual([false, false])
    expect(await names()).not.toContain(link.device)
    expect(await a.ok('whoami')).toContain('Ada')
    expect(await a.run(['sync', 'status', one], 4)).toMatchObject({ err: expect.stringContaining('[not-linked]') })
    expect(await sent()).toEqual({ f: 'one' })
    await a.run(['sync', '--once', one, place])
  })

  test('a file of links that a newer version wrote is refused, and stays as it is', async () => {
    const other = await world.computer()
    await other.write('here/f', 'one')
    await other.run(['sync', '--once', 'here', place])
    const path = join(other.cli.cwd, '..', 'home', 'config', 'bitvault', 'sync-links.json')
    const newer = (await readFile(path, 'utf8')).replace('"version": 1', '"version": 2')
    await writeFile(path, newer)
    expect(await other.run(['sync', 'status'], 5)).toMatchObject({ err: expect.stringContaining('newer version') })
    expect(await other.run(['sync', '--once', 'here'], 5)).toBeDefined()
    expect(await readFile(path, 'utf8')).toBe(newer)
  })
})

describe('the service', () => {
  test('is written, shown and removed', async () => {
    const other = await world.computer()
    const printed = await other.ok('sync', 'service', '--print', 'install')
    expect(printed).toMatch(/^ExecStart=\S+ \S+cli\/bin\.js sync daemon$/m)
    expect(existsSync(other.at('..', 'home', 'config', 'systemd'))).toBe(false)
    const { path } = await other.json<{ path: string }>('sync', 'service', 'install')
    expect(await readFile(path, 'utf8')).toBe(printed)
    expect(await other.ok('sync', 'service', 'status')).toContain(`installed    ${path}`)
    await other.ok('sync', 'service', 'remove')
    expect(existsSync(path)).toBe(false)
    expect(await other.run(['sync', 'service', 'whatever'], 2)).toBeDefined()
  })
})
