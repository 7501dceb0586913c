import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { pickFreePort } from './free-port.ts'
import { findPostgresBinaries, postgresOf } from './postgres-binaries.ts'
import { inspectCluster } from './postgres-cluster.ts'
import { readServerNote } from './postgres-orphan.ts'
import { choosePlace } from './postgres-place.ts'
import { type Postgres, type PostgresOptions, startPostgres } from './postgres.ts'

vi.setConfig({ testTimeout: 60_000 })

const IS_ROOT = process.getuid?.() === 0
const ownerPassword = 'a password of this test'
let prepared: string
let dir: string
let dataDir: string
let lines: string[]

beforeAll(async () => {
  prepared = await temporaryFolder()
  await (await startPostgres({ dataDir: join(prepared, 'postgres'), ownerPassword })).stop()
})
afterAll(() => rm(prepared, { recursive: true, force: true }))

beforeEach(async () => {
  dir = await temporaryFolder()
  dataDir = join(dir, 'postgres')
  lines = []
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
})

async function start(options: Partial<PostgresOptions> = {}): Promise<Postgres> {
  const server = await startPostgres({ dataDir, ownerPassword, log: (line) => lines.push(line), ...options })
  onTestFinished(() => server.stop())
  return server
}

/** A folder that was used before and stopped, without waiting for `initdb`. */
const useBefore = (): void => void execFileSync('cp', ['-a', join(prepared, 'postgres'), dataDir])

async function ask<Row>({ ownerUrl }: { ownerUrl: string }, query: string): Promise<Row[]> {
  const sql = postgres(ownerUrl, { max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    return (await sql.unsafe(query)) as unknown as Row[]
  } finally {
    await sql.end()
  }
}

const remember = (server: Postgres) => ask(server, `create table note as select 'kept'::text as text`)
const recall = (server: Postgres) => ask<{ text: string }>(server, 'select text from note')

describe('start and stop', () => {
  test('the second start finds the data of the first', async () => {
    const first = await start()
    await remember(first)
    await first.stop()
    expect(await first.ended).toEqual({ code: 0, signal: null })
    expect(await recall(await start())).toEqual([{ text: 'kept' }])
    expect(await readdir(dir)).toEqual(['postgres'])
  })

  test('a server that was killed comes back with what it had confirmed', async () => {
    useBefore()
    const first = await start()
    await remember(first)
    await first.kill()
    expect(await recall(await start({ port: first.port }))).toEqual([{ text: 'kept' }])
  })

  test('names sort the same everywhere: UTF-8 in the order of code points', async () => {
    useBefore()
    const server = await start()
    const rows = await ask<{ name: string }>(
      server,
      `select name from unnest(array['é','z','Z','a']) name order by name`,
    )
    expect(rows.map(({ name }) => name)).toEqual(['Z', 'a', 'z', 'é'])
    expect(await ask(server, 'show server_encoding')).toEqual([{ server_encoding: 'UTF8' }])
  })

  test('it listens on the loopback address only, and asks for the password', async () => {
    useBefore()
    const server = await start()
    expect(await ask(server, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
    expect(await ask(server, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }])
    const wrong = server.ownerUrl.replace(encodeURIComponent(ownerPassword), 'guess')
    await expect(ask({ ownerUrl: wrong }, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  })

  test('a port that is taken is named', async () => {
    useBefore()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    await expect(start({ port })).rejects.toThrow(`Port ${port} is in use by another program.`)
  })
})

describe('killed last time', () => {
  const PROGRAM = `
    const { startPostgres } = await import(${JSON.stringify(new URL('postgres.ts', import.meta.url).href)})
    await startPostgres({ dataDir: process.argv[1], ownerPassword: ${JSON.stringify(ownerPassword)} })
    console.log('ready'); setInterval(() => {}, 1000)`

  test('our death ends the server in good order, and the next start waits for that', async () => {
    useBefore()
    const parent = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(parent.stdout, 'data')
    expect(await readServerNote(dataDir)).toMatchObject({ isReady: true })
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    const server = await start()
    expect(await ask(server, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(lines.join()).not.toContain('recovers')
  })

  test('a server that still runs on the folder is stopped first', async () => {
    useBefore()
    const { binaries, account } = await choosePlace({ dataDir, binaries: await findPostgresBinaries(), log: () => {} })
    const settings = ['listen_addresses=127.0.0.1', `port=${await pickFreePort()}`, 'unix_socket_directories=']
    const args = ['-D', dataDir, ...settings.flatMap((setting) => ['-c', setting])]
    const orphan = spawn(postgresOf(binaries), args, { ...account, cwd: '/', stdio: 'ignore', detached: true })
    const ended = once(orphan, 'exit')
    await vi.waitUntil(async () => (await readServerNote(dataDir))?.isReady, { timeout: 20_000, interval: 20 })
    await remember(await start())
    expect(await ended).toEqual([0, null])
    expect(lines).toContain('The last run was killed and its database still runs: stopping it first …')
  })

  test('a note about a process id that is somebody else’s by now harms nobody', async () => {
    useBefore()
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    onTestFinished(() => void bystander.kill('SIGKILL'))
    await writeFile(join(dataDir, 'postmaster.pid'), `${bystander.pid}\n${dataDir}\n1\n5432\n\n127.0.0.1\n\nready\n`)
    await start()
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull()
  })
})

describe('half-initialised', () => {
  test('a first start that was interrupted leaves nothing under the real name', async () => {
    const controller = new AbortController()
    const starting = start({ signal: controller.signal })
    await vi.waitUntil(async () => (await readdir(dir)).some((name) => name.includes('.making-')), { interval: 5 })
    controller.abort()
    await expect(starting).rejects.toThrow(/abort/i)
    expect(await readdir(dir)).toEqual([])
  })

  test('what a killed first start left is swept away', async () => {
    await mkdir(join(dir, 'postgres.making-1234'))
    await writeFile(join(dir, 'postgres.making-1234-password'), 'secret')
    await start()
    expect(await readdir(dir)).toEqual(['postgres'])
  })

  test.each([
    ['no control file', ['PG_VERSION', 'base/1/112']],
    ['no database to log in to', ['PG_VERSION', 'global/pg_control', 'base/1/112', 'base/4/112']],
    ['something that is no database', ['holiday.jpg']],
  ])('%s: set aside, not removed, and made anew', async (_what, files) => {
    for (const file of files) {
      await mkdir(join(dataDir, file, '..'), { recursive: true })
      await writeFile(join(dataDir, file), 'precious')
    }
    await remember(await start())
    const aside = (await readdir(dir)).find((name) => name.includes('.set-aside-'))!
    for (const file of files) expect(await readFile(join(dir, aside, file), 'utf8')).toBe('precious')
    expect(lines.join()).toContain(aside)
  })

  test('an empty folder is as good as none', async () => {
    await mkdir(dataDir)
    await start()
    expect(await inspectCluster(dataDir)).toBe('complete')
  })

  test('people’s databases without a control file are refused and left as they are', async () => {
    await mkdir(join(dataDir, 'base', '16384'), { recursive: true })
    await writeFile(join(dataDir, 'base', '16384', '2600'), 'precious')
    await expect(start()).rejects.toThrow('is damaged: parts of it are missing')
    expect(await readFile(join(dataDir, 'base', '16384', '2600'), 'utf8')).toBe('precious')
    expect(await readdir(dir)).toEqual(['postgres'])
  })

  test('a folder of another PostgreSQL is refused and left as it is', async () => {
    useBefore()
    await writeFile(join(dataDir, 'PG_VERSION'), '17\n')
    await expect(start()).rejects.toThrow('made by PostgreSQL 17, and this BitVault brings PostgreSQL 18')
    expect(await inspectCluster(dataDir)).toBe('complete')
  })
})

describe.skipIf(!IS_ROOT)('as root', () => {
  test('it runs as an unprivileged user who owns the data', async () => {
    useBefore()
    const server = await start()
    const { pid } = (await readServerNote(dataDir))!
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).not.toMatch(/^Uid:\s+0/m)
    await server.stop()
  })

  test('in a closed folder, data and programs move to a reachable place and are found again', async () => {
    const closed = join(dir, 'closed')
    const fallbackBase = join(dir, 'elsewhere')
    await mkdir(closed, { mode: 0o700 })
    const options = { dataDir: join(closed, 'postgres'), fallbackBase }
    const first = await start(options)
    await remember(first)
    await first.stop()
    const home = (await readdir(fallbackBase)).find((name) => name.startsWith('data-'))
    expect(await readFile(join(closed, 'postgres.location'), 'utf8')).toBe(`${join(fallbackBase, home!)}\n`)
    expect(lines.join()).toContain(`the database is kept in ${join(fallbackBase, home!)}`)
    await chmod(closed, 0o711) // also when the reason is gone
    expect(await recall(await start(options))).toEqual([{ text: 'kept' }])
  })

  test('a database that became unreachable is not replaced by an empty one', async () => {
    const closed = join(dir, 'closed')
    await mkdir(closed, { mode: 0o711 })
    const options = { dataDir: join(closed, 'postgres'), fallbackBase: join(dir, 'elsewhere') }
    await (await start(options)).stop()
    await chmod(closed, 0o700)
    await expect(start(options)).rejects.toThrow('can no longer reach the database')
  })

  test('programs in a closed folder are copied to where they can be run', async () => {
    const installed = await findPostgresBinaries()
    const closed = join(dir, 'closed')
    await mkdir(join(closed, 'native', 'bin'), { recursive: true })
    await mkdir(join(closed, 'native', 'share', 'postgresql'), { recursive: true })
    await mkdir(join(closed, 'native', 'lib'))
    await writeFile(join(closed, 'native', 'bin', 'postgres'), '#!/bin/sh\n', { mode: 0o700 })
    await chown(closed, 0, 0)
    await chmod(closed, 0o700)
    const binaries = { ...installed, root: join(closed, 'native') }
    const place = await choosePlace({ dataDir, binaries, log: () => {}, fallbackBase: join(dir, 'elsewhere') })
    expect(place.binaries.root).toBe(join(dir, 'elsewhere', `postgres-${installed.version}`))
    expect(await readFile(postgresOf(place.binaries), 'utf8')).toBe('#!/bin/sh\n')
  })
})
