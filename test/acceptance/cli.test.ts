import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pickFreePort } from '../../embedded/free-port.ts'
import type { Stack } from '../../embedded/stack.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openBrowser, openCli, PERSON, setUp, signInByDevice, waitFor, type Cli, type CliRun } from './cli-support.ts'

let stack: Stack
let cli: Cli
beforeAll(async () => {
  stack = await testStack()
  await setUp(stack.url, stack.setupToken)
  cli = await openCli(await temporaryFolder(), stack.url)
  expect(await signInByDevice(cli, stack.url)).toMatchObject({ exit: 0 })
})
afterAll(() => stack?.stop())

const work = (...parts: string[]) => join(cli.cwd, ...parts)
const ok = async (...args: string[]): Promise<string> => {
  const run = await cli(args)
  expect(run, `bitvault ${args.join(' ')}`).toMatchObject({ exit: 0 })
  return run.out
}
const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const errorOf = (run: CliRun) => (JSON.parse(run.err) as { error: Record<string, unknown> }).error

describe('signing in', () => {
  test('whoami says who and where', async () => {
    expect(await ok('whoami')).toBe(`Ada Lovelace <${PERSON.email}>, owner of Acme, at ${stack.url}\n`)
    expect(JSON.parse(await ok('whoami', '--json'))).toMatchObject({
      server: stack.url,
      email: PERSON.email,
      session: { kind: 'device', deviceName: 'test laptop' },
    })
  })

  test('a device that was denied is not signed in', async () => {
    const other = await openCli(await temporaryFolder(), stack.url)
    const browser = openBrowser(stack.url)
    await browser.signIn()
    const { child, ended } = other.start(['login'])
    const [, code = ''] = await waitFor(child, 'stderr', /^ {2}([A-Z]{4}-[A-Z]{4})$/m)
    await browser.decide(code, 'deny')
    expect(await ended).toMatchObject({ exit: 3, err: expect.stringContaining('refused in the browser') })
    expect(await other(['whoami'])).toMatchObject({ exit: 3 })
  })

  test('Ctrl-C while waiting ends it with 130', async () => {
    const { child, ended } = cli.start(['login'])
    await waitFor(child, 'stderr', /Waiting/)
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ exit: 130, err: expect.stringContaining('[interrupted]') })
    await ok('whoami')
  })

  test('an API token: made, used, listed, revoked', async () => {
    const machine = await openCli(await temporaryFolder(), stack.url)
    const made = await cli(['token', 'create', 'backup', '--days', '7'])
    const token = made.out.trim()
    expect(token).toMatch(/^bvt_/)
    expect(made.err).toContain('shown this once')
    const env = { BITVAULT_TOKEN: token }
    expect((await machine(['whoami'], { env })).out).toContain('by the API token')
    expect(await machine(['login', '--token-stdin'], { input: `${token}\n` })).toMatchObject({ exit: 0 })
    expect(await machine(['spaces'])).toMatchObject({ exit: 0, out: 'home  personal  manager\n' })
    expect(await ok('token', 'list')).toMatch(/backup {2}made \S+ {2}until \S+ {2}used /)
    expect(await ok('token', 'revoke', 'backup')).toBe('Revoked backup.\n')
    expect(await machine(['spaces'])).toMatchObject({ exit: 3, err: expect.stringContaining('[session-revoked]') })
    expect(await machine(['spaces'], { env })).toMatchObject({ exit: 3 })
    expect(await cli(['token', 'revoke', 'backup'])).toMatchObject({ exit: 4 })
  })

  test('logout forgets and ends the session', async () => {
    const other = await openCli(await temporaryFolder(), stack.url)
    await signInByDevice(other, stack.url)
    const credentials = join(other.cwd, '..', 'home', 'config', 'bitvault', 'credentials.json')
    expect((await stat(credentials)).mode & 0o777).toBe(0o600)
    const before = await readFile(credentials, 'utf8')
    expect(await other(['logout'])).toMatchObject({ exit: 0, out: `Signed out of ${stack.url}.\n`, err: '' })
    expect(await other(['ls'])).toMatchObject({ exit: 3 })
    await writeFile(credentials, before)
    expect(await other(['whoami'])).toMatchObject({ exit: 3, err: expect.stringContaining('[session-revoked]') })
  })
})

/** What file systems allow and programs trip over. NFD comes back as NFC (N2). */
const AWKWARD = [
  'a b  c.txt',
  ' leading and trailing ',
  'trailing.',
  '-rf',
  '--json',
  '*?[x]{a,b}',
  '$(touch x) `y` $HOME',
  `it's "quoted"`,
  'back\\slash',
  '%2f%00.txt',
  'a#b?c=d&e',
  '写真 фото 👩‍👩‍👧.jpg',
  'e\u0301.txt',
  `${'x'.repeat(251)}.txt`,
  '.hidden',
  'CON',
  'semi;colon|pipe',
]

describe('files', () => {
  test('a tree comes back as it went: awkward names, sizes, times, the executable bit', async () => {
    const sizes = [0, 1, 4_096, 4_097, 100_000, 3_000_000]
    const source = work('tree')
    await mkdir(join(source, 'empty folder'), { recursive: true })
    for (const [at, name] of AWKWARD.entries()) {
      const folder = join(source, at % 2 === 0 ? '.' : `sub ${at}`, '.')
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, name), randomBytes(sizes[at % sizes.length] ?? 0))
      await utimes(join(folder, name), 1_700_000_000 + at, 1_700_000_000.125 + at)
    }
    await chmod(join(source, AWKWARD[0] ?? ''), 0o755)
    await symlink('/etc/passwd', join(source, 'link'))

    const put = await cli(['put', 'tree', 'home/trees/'])
    expect(put).toMatchObject({ exit: 0, out: expect.stringMatching(/^17 files, 1 link, /), err: '' })
    expect(await ok('put', 'tree', 'home/trees/')).toBe('Nothing new: 18 unchanged.\n')

    expect(await ok('get', '-r', 'home/trees/tree', 'back')).toMatch(/^17 files, .* 1 left out\.\n$/)
    expect(await snapshot(work('back', 'tree'))).toEqual(await snapshot(source))
    expect(await ok('get', '-r', 'home/trees/tree', 'back')).toBe('Nothing new: 17 unchanged, 1 left out.\n')
  })

  test('each awkward name can be named on the command line', async () => {
    await ok('mkdir', 'home/awkward')
    await writeFile(work('plain.txt'), 'content')
    for (const name of AWKWARD) {
      const path = `home/awkward/${name}`
      await ok('put', 'plain.txt', path)
      expect(await cli.here(['cat', path])).toMatchObject({ exit: 0, out: 'content' })
      const { out } = await cli.here(['stat', '--json', path])
      expect(jsonLines(out)[0]).toMatchObject({ name: name.normalize('NFC'), size: 7 })
    }
    const listed = jsonLines(await ok('ls', '--json', 'home/awkward')).map(({ name }) => name)
    expect(listed.toSorted()).toEqual(AWKWARD.map((name) => name.normalize('NFC')).toSorted())
  })

  test('a second put is a new version; the first can still be read; --no-clobber leaves it alone', async () => {
    await writeFile(work('v.txt'), 'first')
    await ok('put', 'v.txt', 'home/versions/')
    await writeFile(work('v.txt'), 'second')
    await ok('put', 'v.txt', 'home/versions/v.txt')
    await writeFile(work('v.txt'), 'third')
    expect(await ok('put', '--no-clobber', 'v.txt', 'home/versions/')).toBe('Nothing new: 1 there already and kept.\n')
    expect(await ok('cat', 'home/versions/v.txt')).toBe('second')
    expect(await ok('cat', '--revision', '1', 'home/versions/v.txt')).toBe('first')
    expect(await ok('ls', '-l', 'home/versions')).toMatch(/^6 B {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}v2 {2}v\.txt\n$/)
  })

  test('get leaves another file alone without --force', async () => {
    await writeFile(work('mine.txt'), 'from the server')
    await ok('put', 'mine.txt', 'home/mine/')
    await writeFile(work('mine.txt'), 'changed here')
    const kept = await cli(['get', 'home/mine/mine.txt'])
    expect(kept).toMatchObject({ exit: 1, err: expect.stringContaining('[local-exists]') })
    expect(await readFile(work('mine.txt'), 'utf8')).toBe('changed here')
    await ok('get', '--force', 'home/mine/mine.txt')
    expect(await readFile(work('mine.txt'), 'utf8')).toBe('from the server')
  })

  test('some missing, some not: 6, and each is named', async () => {
    await mkdir(work('partly'), { recursive: true })
    await writeFile(work('partly', 'fine.txt'), 'x')
    await writeFile(work('partly', 'bad\nname.txt'), 'x')
    const run = await cli(['put', 'partly', 'home/'])
    expect(run).toMatchObject({ exit: 6, err: expect.stringContaining('[name-refused]') })
    expect(await ok('ls', 'home/partly')).toBe('fine.txt\n')
  })

  test('mkdir, ls -R and the list of spaces', async () => {
    await ok('mkdir', '-p', 'home/m/a/b', 'home/m/c')
    expect(await ok('ls', '-R', 'home/m')).toBe('home/m:\na/\nc/\n\nhome/m/a:\nb/\n\nhome/m/a/b:\n\nhome/m/c:\n')
    expect(await ok('mkdir', '-p', 'home/m/a/b')).toBe('Made home/m/a/b\n')
    expect(await ok('ls')).toBe('home/\n')
    expect(await ok('ls', '/')).toBe('home/\n')
    expect(await cli(['mkdir', 'home/m/a'])).toMatchObject({ exit: 1, err: expect.stringContaining('[name-taken]') })
    expect(await cli(['mkdir', 'home/nowhere/a'])).toMatchObject({ exit: 4 })
  })

  test('an interrupted put is taken up where it was', async () => {
    const bytes = randomBytes(96 * 1024 * 1024)
    await writeFile(work('large.bin'), bytes)
    const { child, ended } = cli.start(['put', '--json', 'large.bin', 'home/'])
    await waitFor(child, 'stdout', /"event":"progress".*"objectsSent":[1-9]/)
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ exit: 130 })
    expect(await cli(['stat', 'home/large.bin'])).toMatchObject({ exit: 4 })
    const summary = jsonLines(await ok('put', '--json', 'large.bin', 'home/')).at(-1) ?? {}
    const { bytesSent, bytesDeduplicated } = summary['totals'] as Record<string, number>
    expect(bytesDeduplicated).toBeGreaterThan(0)
    expect(bytesSent).toBeLessThan(bytes.length)
    expect(jsonLines(await ok('stat', '--json', 'home/large.bin'))[0]).toMatchObject({ sha256: sha256(bytes) })
    await ok('get', 'home/large.bin', 'again.bin')
    expect(sha256(await readFile(work('again.bin')))).toBe(sha256(bytes))
  })

  test('P2 changed by somebody else during the put: both stay, exit code 5', async () => {
    await writeFile(work('small.txt'), 'one')
    await ok('put', 'small.txt', 'home/both/report.txt')
    await writeFile(work('report.txt'), randomBytes(64 * 1024 * 1024))
    const { child, ended } = cli.start(['put', '--json', 'report.txt', 'home/both/'])
    await waitFor(child, 'stdout', /"event":"progress".*"objectsSent":[1-9]/)
    await writeFile(work('small.txt'), 'two')
    await ok('put', 'small.txt', 'home/both/report.txt')
    const { exit, out } = await ended
    expect(exit).toBe(5)
    const copy = jsonLines(out).find(({ event }) => event === 'file')
    expect(copy).toMatchObject({ outcome: 'conflict', node: { size: 64 * 1024 * 1024 } })
    expect(await ok('cat', 'home/both/report.txt')).toBe('two')
    expect(await ok('ls', 'home/both')).toMatch(/^report \(conflicted copy from .*\)\.txt\nreport\.txt\n$/)
  })

  test('put --trace shows one tree over at least five components', async () => {
    await writeFile(work('traced.bin'), randomBytes(200_000))
    const events = jsonLines(await ok('put', '--trace', '--json', 'traced.bin', 'home/'))
    const { spans } = events.at(-1) as { spans: { spanId: string; parentSpanId: string | null; component: string }[] }
    const ids = new Set(spans.map(({ spanId }) => spanId))
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === null || !ids.has(parentSpanId))
    expect(roots.map(({ component }) => component)).toEqual(['cli'])
    const components = new Set(spans.map(({ component }) => component))
    for (const component of ['cli', 'gateway', 'journal', 'postgres', 'object-store'])
      expect(components).toContain(component)
    await writeFile(work('traced.bin'), randomBytes(200_000))
    expect(await ok('put', '--trace', 'traced.bin', 'home/')).toMatch(/^bitvault put +cli .*\n├─ /m)
  })
})

describe('for programs', () => {
  test('every command answers JSON of a known shape', async () => {
    await writeFile(work('j.txt'), 'json')
    const [file, summary, ...more] = jsonLines(await ok('put', '--json', 'j.txt', 'home/j/')).filter(
      ({ event }) => event !== 'progress' && event !== 'folder',
    )
    expect(more).toEqual([])
    expect(file).toMatchObject({
      event: 'file',
      path: work('j.txt'),
      bytes: 4,
      outcome: 'applied',
      node: { name: 'j.txt' },
    })
    expect(summary).toMatchObject({
      event: 'summary',
      exit: 0,
      applied: 1,
      unchanged: 0,
      conflicts: 0,
      failed: 0,
      leftOut: 0,
    })
    expect(JSON.parse(await ok('spaces', '--json'))).toMatchObject({ spaces: [{ name: 'home', kind: 'personal' }] })
    expect(jsonLines(await ok('ls', '--json', 'home/j'))).toMatchObject([
      { path: 'home/j/j.txt', kind: 'file', size: 4 },
    ])
    expect(jsonLines(await ok('mkdir', '--json', 'home/j/d'))).toMatchObject([{ path: 'home/j/d', kind: 'folder' }])
    expect(jsonLines(await ok('get', '--json', 'home/j/j.txt', 'j2.txt'))).toMatchObject([
      { event: 'file', path: work('j2.txt'), outcome: 'fetched' },
      { event: 'summary', exit: 0, fetched: 1 },
    ])
    expect(JSON.parse(await ok('token', 'list', '--json'))).toHaveProperty('tokens')
    expect(JSON.parse(await ok('version', '--json'))).toMatchObject({ version: expect.any(String), protocol: 1 })
  })

  test('--quiet says nothing, output that nobody reads is no failure', async () => {
    expect(await cli(['put', '-q', 'j.txt', 'home/q/'])).toEqual({ exit: 0, out: '', err: '' })
    const { child, ended } = cli.start(['cat', 'home/large.bin'])
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await ended).toMatchObject({ exit: 0, err: '' })
  })

  test('admin audit finds nothing wrong', async () => {
    const { endpoint, bucket, region, accessKeyId, secretAccessKey } = stack.s3
    const env = {
      SYSTEM_DATABASE_URL: stack.systemUrl,
      S3_ENDPOINT: endpoint,
      S3_BUCKET: bucket,
      S3_REGION: region,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
    }
    const run = await cli(['admin', 'audit', '--json'], { env })
    expect(run).toMatchObject({ exit: 0, err: '' })
    expect(JSON.parse(run.out)).toMatchObject({ clean: true, objects: expect.any(Number) })
    expect((await cli(['admin', 'audit'], { env })).out).toContain('The database and the bucket agree.')
  })
})

describe('bad input', () => {
  test.each([
    [['ls', 'home/nowhere'], 4, 'not-found'],
    [['cat', 'home/nowhere/at/all'], 4, 'not-found'],
    [['ls', 'no-such-space'], 4, 'not-found'],
    [['stat', 'home/j.txt/'], 4, 'not-found'],
    [['put', 'missing.txt', 'home/'], 4, 'local-not-found'],
    [['mkdir', 'home/..'], 2, 'name-invalid'],
    [['mkdir', `home/${'x'.repeat(256)}`], 2, 'name-invalid'],
    [['put', 'j.txt', 'home/a\u0001b'], 2, 'name-invalid'],
    [['put', 'j.txt', '/'], 2, 'usage'],
    [['get', 'home/j'], 2, 'usage'],
    [['cat', 'home/j'], 1, 'not-a-file'],
    [['put', 'j.txt', 'home/j/j.txt/'], 1, 'not-a-folder'],
    [['cat', '--revision', '99', 'home/j/j.txt'], 4, 'not-found'],
    [['login', '--token', 'hunter2'], 2, 'usage'],
    [['ls', '--server', 'ftp://x'], 2, 'usage'],
  ] as const)('%j', async (args, exit, code) => {
    const run = await cli([...args, '--json'])
    expect({ exit: run.exit, out: run.out, code: errorOf(run)['code'] }).toEqual({ exit, out: '', code })
    const said = await cli.here([...args])
    expect(said.err).toMatch(new RegExp(`^bitvault: [^\\n]+ \\[${code}\\]\\n`))
    expect(said.err).not.toMatch(/\n\s+at /)
  })

  test('nobody is signed in, nothing answers, something else answers', async () => {
    const stranger = await openCli(await temporaryFolder(), stack.url)
    expect(await stranger(['ls'])).toMatchObject({ exit: 3, err: expect.stringContaining('Run: bitvault login') })
    const env = { BITVAULT_TOKEN: `bvt_aaaaaaaa_${'a'.repeat(32)}` }
    expect(await stranger(['ls'], { env })).toMatchObject({ exit: 3 })
    const closed = `http://127.0.0.1:${await pickFreePort()}`
    expect(await stranger(['ls', '--server', closed], { env })).toMatchObject({
      exit: 7,
      err: expect.stringContaining('nothing answers at that address'),
    })
    expect(await stranger(['login', '--server', closed])).toMatchObject({ exit: 7 })
    expect(await stranger(['login', '--server', new URL(stack.s3.endpoint).origin])).toMatchObject({ exit: 4 })
  })
})

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Names (NFC), kinds, hashes, times and the executable bit of a tree; links are left out. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const { mode, mtimeMs } = await stat(path)
    const about = entry.isDirectory() ? 'folder' : `${sha256(await readFile(path))} ${mtimeMs} ${mode & 0o100}`
    found[path.slice(folder.length + 1).normalize('NFC')] = about
  }
  return found
}
