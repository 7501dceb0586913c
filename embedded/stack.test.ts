import { once } from 'node:events'
import { readFile, readdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { writeStubConfig } from '../test/support/stub-config.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { pickFreePort } from './free-port.ts'
import { readServerNote } from './postgres-orphan.ts'
import { type Stack, type StackOptions, startStack } from './stack.ts'
import { probe } from './workerd.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** One stack for all tests of this file; the few that need another use its database server and its bucket. */
let dir: string
let configPath: string
let main: Stack

beforeAll(async () => {
  dir = await temporaryFolder()
  configPath = await writeStubConfig(join(dir, 'stub.capnp'))
  main = await startStack({ dir: join(dir, 'main'), configPath, quiet: true })
})
afterAll(async () => {
  await main?.stop()
  await rm(dir, { recursive: true, force: true })
})

let further = 0
async function startBeside(options: Partial<StackOptions> = {}): Promise<Stack> {
  const stack = await startStack({
    dir: join(dir, `beside-${++further}`),
    configPath,
    quiet: true,
    postgres: { ownerUrl: main.ownerUrl },
    s3: main.s3,
    otlpEndpoint: main.traces.exportTo,
    ...options,
  })
  onTestFinished(() => stack.stop())
  return stack
}

const ask = async (url: string): Promise<unknown> => (await fetch(url)).json()

describe('what the Worker finds', () => {
  test('SO-33 its database, its bucket, its identity entrypoint and its objects', async () => {
    expect(await ask(`${main.url}/postgres`)).toBe('N')
    expect(await ask(`${main.url}/s3`)).toBe(400) // unsigned, but it answered
    expect(await ask(`${main.url}/identity`)).toBe('identity')
    expect(await ask(`${main.url}/count`)).toBeTypeOf('number')
  })

  test('its settings and nothing else of our environment', async () => {
    const env = (await ask(`${main.url}/env`)) as Record<string, string | null>
    expect(env).toMatchObject({
      DATABASE_URL: main.appUrl,
      SYSTEM_DATABASE_URL: main.systemUrl,
      S3_ENDPOINT: main.s3.endpoint,
      S3_PUBLIC_ENDPOINT: main.s3.endpoint,
      PUBLIC_URL: main.url,
      SETUP_TOKEN: main.setupToken,
      GC_GRACE_MS: null,
    })
    expect(JSON.stringify(env)).not.toContain(new URL(main.ownerUrl).password)
  })

  test('settings can be given', async () => {
    const stack = await startBeside({
      env: { GC_GRACE_MS: '10', LOG_LEVEL: 'debug' },
      publicUrl: 'https://files.example.com',
    })
    expect(await ask(`${stack.url}/env`)).toMatchObject({
      GC_GRACE_MS: '10',
      LOG_LEVEL: 'debug',
      PUBLIC_URL: 'https://files.example.com',
    })
  })

  test('fault points only where a test binds them', async () => {
    const faults = createServer((_, response) => response.end('asked')).listen(0, '127.0.0.1')
    onTestFinished(() => void faults.close())
    await once(faults, 'listening')
    const { port } = faults.address() as { port: number }
    const stack = await startBeside({ faults: `http://127.0.0.1:${port}` })
    expect(await (await fetch(`${stack.url}/faults`)).text()).toBe('asked')
    expect(await (await fetch(`${main.url}/faults`)).text()).toBe('none')
  })

  test('each stack on a shared server has a database of its own', async () => {
    const stack = await startBeside()
    expect(stack.postgres).toBeNull()
    expect(new URL(stack.ownerUrl).port).toBe(new URL(main.ownerUrl).port)
    expect(new URL(stack.ownerUrl).pathname).not.toBe(new URL(main.ownerUrl).pathname)
  })
})

describe('workers', () => {
  test('killed and started again, it answers at the same address and its objects remember', async () => {
    const before = (await ask(`${main.url}/count`)) as number
    await main.worker.kill9()
    expect(await probe(`${main.url}/healthz`)).toBeNull()
    await main.worker.restart()
    expect(await ask(`${main.url}/count`)).toBe(before + 1)
  })

  test('when it dies by itself, it is started again and that is said', async () => {
    const lines: string[] = []
    const stack = await startBeside({ log: (line) => lines.push(line) })
    process.kill(stack.worker.pid(), 'SIGKILL')
    await vi.waitUntil(() => lines.some((line) => line.includes('stopped unexpectedly (SIGKILL)')))
    await vi.waitUntil(async () => (await probe(`${stack.url}/healthz`)) === 200, { timeout: 10_000 })
  })

  test('a second process shares the database and has objects of its own', async () => {
    const stack = await startBeside()
    await ask(`${stack.url}/count`)
    const second = await stack.addWorker()
    expect(second.url).not.toBe(stack.url)
    expect(await ask(`${second.url}/count`)).toBe(1)
    const envs = (await Promise.all([stack, second].map(({ url }) => ask(`${url}/env`)))) as Record<string, string>[]
    expect(envs[1]).toEqual(envs[0])
  })

  test('what it logs arrives line by line with its level', async () => {
    const seen: string[] = []
    const stack = await startBeside({ onWorkerLog: ({ level, text }) => seen.push(`${level} ${text}`) })
    await fetch(`${stack.url}/log`)
    await vi.waitUntil(() => seen.length >= 2)
    expect(seen).toEqual(['info {"level":"info","message":"mild"}', 'error {"level":"error","message":"bad"}'])
  })
})

describe('the folder', () => {
  test('T23 what it holds is closed to others', async () => {
    const modes = async (names: string[]) =>
      Promise.all(names.map(async (name) => ((await stat(join(dir, 'main', name))).mode & 0o007).toString(8)))
    expect(await modes(['secrets.json', 'objects', 'r2', 'postgres'])).toEqual(['0', '0', '0', '0'])
  })

  test('a second stack on it is refused with the address of the first', async () => {
    const second = startStack({ dir: join(dir, 'main'), configPath, quiet: true })
    await expect(second).rejects.toThrow(`already runs on this folder at ${main.url}`)
  })

  test('after a failed start nothing runs and the folder is free', async () => {
    const failing = join(dir, 'failing')
    const broken = { dir: failing, quiet: true, configPath: join(dir, 'missing.capnp') }
    await expect(startStack(broken)).rejects.toThrow('the Worker stopped while it started')
    expect(await readServerNote(join(failing, 'postgres'))).toBeNull()
    expect(await readdir(join(failing, 'r2'))).not.toContain('serving.json')
    await startBeside({ dir: failing })
  })

  test('a database that cannot be reached ends the start, and what had started is stopped', async () => {
    const folder = join(dir, 'unreachable')
    const ownerUrl = `postgres://me:pw@127.0.0.1:${await pickFreePort()}/x`
    const start = startStack({ dir: folder, configPath, quiet: true, postgres: { ownerUrl, database: 'existing' } })
    await expect(start).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(await readdir(join(folder, 'r2'))).not.toContain('serving.json')
  })
})

describe('the embedded database', () => {
  test('stopped and started again, it is at the same address', async () => {
    const before = await readFile(join(dir, 'main', 'secrets.json'), 'utf8')
    await main.postgres!.stop()
    await expect(ask(`${main.url}/postgres`)).rejects.toThrow()
    await main.postgres!.start()
    expect(await ask(`${main.url}/postgres`)).toBe('N')
    expect(await readFile(join(dir, 'main', 'secrets.json'), 'utf8')).toBe(before)
  })

  test('when it dies by itself it is started again', async () => {
    const { pid } = (await readServerNote(join(dir, 'main', 'postgres')))!
    process.kill(pid, 'SIGKILL')
    await vi.waitUntil(
      async () => {
        const note = await readServerNote(join(dir, 'main', 'postgres'))
        return note !== null && note.pid !== pid && note.isReady
      },
      { timeout: 20_000 },
    )
    await vi.waitUntil(async () => (await ask(`${main.url}/postgres`).catch(() => null)) === 'N')
  })
})
