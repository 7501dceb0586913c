import { existsSync } from 'node:fs'
import { mkdir, rename, rm, utimes } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openSyncWorld, WITHIN, type Computer, type SyncWorld } from './sync-cli-support.ts'

/** Steering a link that the background process works on, and one that nobody does. */
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

/** Both sides have these files; `a` works on its folder in the background. */
async function linked(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await a.write(`${one}/${name}`, text)
  await mkdir(a.at(one), { recursive: true })
  await a.ok('sync', '--background', one, place)
  await a.until(one, 'up-to-date')
  await b.sync(two, place)
  expect(await b.tree(two)).toEqual(files)
}

const sent = async (): Promise<Record<string, string>> => {
  await b.sync(two)
  return b.tree(two)
}

describe('what a plan tells beside its steps', () => {
  test('a file that both sides have changed is kept twice', async () => {
    await linked({ f: 'one' })
    await a.ok('sync', 'pause', one)
    await a.write(`${one}/f`, 'here')
    await b.write(`${two}/f`, 'there')
    await b.sync(two)
    const { steps } = await a.json<{ steps: object[] }>('sync', 'plan', one)
    expect(steps).toMatchObject([
      { do: 'upload-version', path: 'f', detail: 'it was changed there too: both are kept' },
    ])
  })

  test('RT-01: without the folder, that it is not there', async () => {
    await linked({ f: 'one' })
    await rename(a.at(one), a.at(`${one} away`))
    await a.until(one, 'stopped root-missing')
    const { err } = await a.run(['sync', 'plan', one], 1)
    expect(err).toMatch(
      /^bitvault: the two sides cannot be compared now: stopped: the folder is not there\. \[not-now\]\n/,
    )
    await rename(a.at(`${one} away`), a.at(one))
    await a.until(one, 'up-to-date')
    // It is watched again, not only looked at once.
    await a.write(`${one}/g`, 'two')
    await expect.poll(sent, WITHIN).toEqual({ f: 'one', g: 'two' })
  })
})

describe('pause and resume', () => {
  test('nothing moves in between, and it outlives the process', async () => {
    await linked({ f: 'one' })
    expect(await a.ok('sync', 'pause', one)).toBe(`${a.at(one)} is paused.\n`)
    await a.until(one, 'paused')
    await a.write(`${one}/g`, 'two')
    await a.ok('sync', 'stop')
    expect(await a.status(one)).toMatchObject({ state: 'not-running', reason: 'paused' })
    await a.ok('sync', '--background', one)
    await a.until(one, 'paused')
    expect(await sent()).toEqual({ f: 'one' })
    expect(await a.ok('sync', 'resume', one)).toBe(`${a.at(one)} goes on.\n`)
    await a.until(one, 'up-to-date')
    expect(await sent()).toEqual({ f: 'one', g: 'two' })
  })

  test('--once ends with 6 while it is paused', async () => {
    await linked({ f: 'one' })
    await a.ok('sync', 'pause', one)
    expect(await a.run(['sync', '--once', one], 6)).toMatchObject({ out: expect.stringContaining('paused') })
    await a.ok('sync', 'resume', one)
    await a.run(['sync', '--once', one])
  })
})

describe('plan', () => {
  const steps = async (who: Computer, folder: string): Promise<string[]> =>
    (await who.json<{ steps: { do: string; path: string }[] }>('sync', 'plan', folder)).steps
      .map((step) => `${step.do} ${step.path}`)
      .toSorted()

  test('says what would be done and does nothing: of a link that is paused, that nobody works on, and that is new', async () => {
    await linked({ f: 'one', 'd/g': 'gone soon' })
    await a.ok('sync', 'pause', one)
    await a.until(one, 'paused')
    await a.write(`${one}/new`, 'x')
    await rm(a.at(one, 'd/g'))
    await b.write(`${two}/f`, 'edited there')
    await b.sync(two)
    const expected = ['download f', 'trash-remote d/g', 'upload-new new']
    expect(await steps(a, one)).toEqual(expected)
    await a.ok('sync', 'stop')
    expect(await steps(a, one)).toEqual(expected)
    const said = await a.ok('sync', 'plan', one)
    expect(said).toMatch(/^fetch +f +12 B$/m)
    expect(said).toMatch(/^delete there +d\/g$/m)
    expect(said).toContain('Nothing was done.')
    expect(await a.tree(one)).toEqual({ f: 'one', new: 'x' })
    expect(await sent()).toEqual({ f: 'edited there', 'd/g': 'gone soon' })
  })
})

describe('P9 the brake', () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`d/${at}`, String(at)]))

  test('I14: nothing is deleted before somebody answers; keep brings it back', async () => {
    await linked({ ...many, stays: 'x' })
    await rm(a.at(one, 'd'), { recursive: true })
    await a.until(one, 'paused brake')
    expect(await a.status(one)).toMatchObject({ brake: { mass: 'remote', items: 31, of: 32 } })
    const { out } = await a.run(['sync', 'status', one])
    expect(out).toContain('31 of 32 items are gone here, and would be deleted on the server.')
    expect(await a.run(['sync', '--once', one], 6)).toBeDefined()
    expect(Object.keys(await sent())).toHaveLength(31)
    await a.ok('sync', 'answer', 'keep', one)
    await a.until(one, 'up-to-date')
    expect(await a.tree(one)).toEqual({ ...many, stays: 'x' })
  })

  test('delete lets it go; without a question there is no answer', async () => {
    await linked({ ...many, stays: 'x' })
    await rm(a.at(one, 'd'), { recursive: true })
    await a.until(one, 'paused brake')
    expect(await a.ok('sync', 'answer', 'delete', one)).toContain('31 items are deleted on the server, into the trash.')
    await a.until(one, 'up-to-date')
    expect((await a.status(one)).brake).toBeNull()
    expect(await a.run(['sync', 'answer', 'delete', one], 1)).toMatchObject({
      err: expect.stringContaining('[nothing-asked]'),
    })
    expect(await a.run(['sync', 'answer', 'perhaps', one], 2)).toBeDefined()
  })
})

describe('DB-02 a backup is put back', () => {
  const old = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`d/${at}`, `old ${at}`]))
  const newer = Object.fromEntries(Object.keys(old).map((name) => [name, `newer than ${old[name]}`]))

  /** The server has newer versions, this computer the old files with their times. */
  async function putBack(): Promise<void> {
    await linked(newer)
    await a.ok('sync', 'pause', one)
    await a.until(one, 'paused')
    const past = new Date('2020-01-01T00:00:00Z')
    for (const [name, text] of Object.entries(old)) {
      await a.write(`${one}/${name}`, text)
      await utimes(a.at(one, name), past, past)
    }
    await a.ok('sync', 'resume', one)
    await a.until(one, 'paused brake')
    expect(await a.status(one)).toMatchObject({ brake: { mass: 'older', items: 30, of: 31 } })
    expect(await sent()).toEqual(newer)
  }

  test('nothing of it is sent before somebody answers; keep keeps both', async () => {
    await putBack()
    const { err } = await a.run(['sync', 'answer', 'delete', one], 2)
    expect(err).toContain('the answer is keep or send')
    expect(await a.ok('sync', 'answer', 'keep', one)).toContain('30 items are kept beside what the server has.')
    await a.until(one, 'up-to-date')
    const tree = await a.tree(one)
    expect(tree).toMatchObject(newer)
    expect(Object.values(tree).toSorted()).toEqual([...Object.values(old), ...Object.values(newer)].toSorted())
  })

  test('send makes the old files the newest versions', async () => {
    await putBack()
    expect(await a.ok('sync', 'answer', 'send', one)).toContain('30 items become the newest versions.')
    await a.until(one, 'up-to-date')
    expect(await sent()).toEqual(old)
  })
})

test('DK-12 repair says when nothing is damaged, and when nobody works on the folder', async () => {
  await linked({ f: 'x' })
  expect(await a.ok('sync', 'repair', one)).toContain('nothing is known to be damaged.')
  expect(await a.json('sync', 'repair', one)).toMatchObject({ files: 0 })
  await b.run(['sync', 'repair', two], 1)
})

describe('ignore', () => {
  test('adds, lists and removes rules, says what they leave out, and the other device has them too (SS-10)', async () => {
    await linked({ 'a.txt': '1', 'x.log': '2', 'build/out.bin': '3' })
    const added = await a.json('sync', 'ignore', one, '*.log', 'build/')
    expect(added).toMatchObject({
      added: ['*.log', 'build/'],
      leftOut: [
        { path: 'build', kind: 'folder' },
        { path: 'x.log', kind: 'file' },
      ],
    })
    expect(await a.ok('sync', 'ignore', one)).toBe('*.log\nbuild/\n')
    await a.write(`${one}/y.log`, 'not sent')
    await a.write(`${one}/b.txt`, 'sent')
    await a.until(one, 'up-to-date')
    await expect.poll(sent, WITHIN).toEqual({
      '.bitvaultignore': '*.log\nbuild/\n',
      'a.txt': '1',
      'b.txt': 'sent',
      'x.log': '2',
      'build/out.bin': '3',
    })
    expect(await a.json('sync', 'ignore', '--remove', one, '*.log')).toMatchObject({
      noLongerLeftOut: [
        { path: 'x.log', kind: 'file' },
        { path: 'y.log', kind: 'file' },
      ],
    })
    await expect.poll(async () => (await sent())['y.log'], WITHIN).toBe('not sent')
    expect(await a.run(['sync', 'ignore', '--remove', one, '*.never'], 4)).toBeDefined()
    expect(await a.run(['sync', 'ignore', one, '# a comment'], 2)).toBeDefined()
  })
})

describe('select and unselect', () => {
  test('SS-01: a folder leaves this computer, what was not sent goes first; it comes back when it is selected', async () => {
    await linked({ 'raw/a': '1', 'raw/deep/b': '2', c: '3' })
    await a.ok('sync', 'pause', one)
    await a.until(one, 'paused')
    await a.write(`${one}/raw/unsent`, 'only here')
    expect(await a.ok('sync', 'unselect', `${place}/raw`)).toContain(`raw leaves ${a.at(one)}`)
    expect(await a.ok('sync', 'unselect')).toContain('not selected  raw/')
    await a.ok('sync', 'resume', one)
    await expect.poll(() => a.tree(one), WITHIN).toEqual({ c: '3' })
    await a.until(one, 'up-to-date')
    expect(existsSync(a.at(one, 'raw'))).toBe(false)
    expect(await sent()).toEqual({ 'raw/a': '1', 'raw/deep/b': '2', 'raw/unsent': 'only here', c: '3' })
    await a.ok('sync', 'select', a.at(one, 'raw'))
    await expect
      .poll(async () => Object.keys(await a.tree(one)), WITHIN)
      .toEqual(['c', 'raw/a', 'raw/deep/b', 'raw/unsent'])
  })

  test('DB-08: what is not selected stays away when the database is lost', async () => {
    await linked({ 'raw/a': '1', c: '3' })
    await a.ok('sync', 'unselect', a.at(one, 'raw'))
    await expect.poll(() => a.tree(one), WITHIN).toEqual({ c: '3' })
    const { link } = await a.status(one)
    await a.ok('sync', 'stop')
    await rm(a.at('..', 'home', 'state', 'bitvault', 'sync', link.id), { recursive: true })
    await a.run(['sync', '--once', one])
    expect(await a.tree(one)).toEqual({ c: '3' })
    expect(await sent()).toEqual({ 'raw/a': '1', c: '3' })
  })

  test('what cannot be chosen is refused by its name', async () => {
    await linked({ f: '1', 'd/e/g': '2' })
    expect(await a.run(['sync', 'unselect', `${place}/f`], 2)).toMatchObject({
      err: expect.stringContaining('is a file'),
    })
    expect(await a.run(['sync', 'unselect', place], 2)).toMatchObject({ err: expect.stringContaining('sync unlink') })
    expect(await a.run(['sync', 'unselect', 'home'], 4)).toMatchObject({ err: expect.stringContaining('[not-linked]') })
    expect(await a.run(['sync', 'unselect', `${place}/none`], 4)).toBeDefined()
    await a.ok('sync', 'unselect', `${place}/d`)
    expect(await a.run(['sync', 'select', `${place}/d/e`], 1)).toMatchObject({
      err: expect.stringContaining('[inside-unselected]'),
    })
  })
})

describe('limits', () => {
  test('are kept with the link, and taken back', async () => {
    await linked({ f: '1' })
    await a.run(['sync', '--once', '--limit-up', '500K', '--limit-down', '2M', one])
    expect((await a.status(one)).link).toMatchObject({ up: 500 * 1024, down: 2 * 1024 * 1024 })
    expect(await a.ok('sync', 'status', one)).toContain('up at most 500 KiB/s')
    await a.run(['sync', '--once', '--limit-up', '0', one])
    expect((await a.status(one)).link).toMatchObject({ up: null, down: 2 * 1024 * 1024 })
    expect(await a.run(['sync', '--once', '--limit-up', 'fast', one], 2)).toBeDefined()
  })
})
