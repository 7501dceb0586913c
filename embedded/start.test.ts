import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { writeStubConfig } from '../test/support/stub-config.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { pickFreePort } from './free-port.ts'
import { readServerNote } from './postgres-orphan.ts'
import { probe } from './workerd.ts'

/** `npm start` as a person meets it: a process, its output, its exit code. The Worker is the stub. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const START = new URL('start.ts', import.meta.url).pathname
const IS_ROOT = process.getuid?.() === 0

let dir: string
let config: string
beforeAll(async () => {
  dir = await temporaryFolder()
  config = await writeStubConfig(join(dir, 'stub.capnp'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

type Run = {
  child: ChildProcess
  output: () => string
  says: (text: string) => Promise<void>
  exit: Promise<number | null>
}
type RunOptions = { args?: string[]; env?: Record<string, string>; uid?: number }

function run(folder: string, { args = [], env = {}, uid }: RunOptions = {}): Run {
  const child = spawn(process.execPath, [START, '--dir', folder, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: '/', WORKERD_CONFIG: config, ...env },
    cwd: '/',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const exit = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exit
  })
  const says = async (wanted: string): Promise<void> => {
    await vi.waitUntil(() => text.includes(wanted) || child.exitCode !== null, { timeout: 40_000, interval: 10 })
    expect(text).toContain(wanted)
  }
  return { child, output: () => text, says, exit }
}

const running = async (folder: string, options: RunOptions = {}): Promise<Run & { port: number }> => {
  const port = await pickFreePort()
  const one = run(folder, { ...options, args: ['--port', String(port), ...(options.args ?? [])] })
  await one.says('Ctrl-C stops it')
  return { ...one, port }
}

/** One sentence, what to do, exit code 1, and nothing of our insides. */
async function expectRefusal(one: Run, ...texts: string[]): Promise<void> {
  expect(await one.exit).toBe(1)
  for (const text of texts) expect(one.output()).toContain(text)
  expect(one.output()).not.toMatch(/^\s+at |Error:|node:/m)
}

describe('a good start', () => {
  test('P0 shows the address and the way in, reuses its data, and stops in order', async () => {
    const folder = join(dir, 'good')
    const first = await running(folder)
    expect(first.output()).toContain(`BitVault is running at http://localhost:${first.port}`)
    const link = /\/setup\?token=\S+/.exec(first.output())?.[0]
    expect(link).toMatch(/.{20,}/)
    expect(first.output()).toContain('Preparing the database')
    first.child.kill('SIGINT')
    expect(await first.exit).toBe(0)
    expect(await probe(`http://127.0.0.1:${first.port}/healthz`)).toBeNull()
    expect(await readServerNote(join(folder, 'postgres'))).toBeNull()

    const second = await running(folder, { env: { LOG_LEVEL: 'error' } }) // the stub: set-up is closed
    expect(second.output()).not.toContain('Preparing the database')
    expect(second.output()).not.toContain('/setup')
    expect(second.output()).toContain('npx bitvault login')
    second.child.kill('SIGTERM')
    expect(await second.exit).toBe(0)
  })

  test('Ctrl-C pressed again and again stops it as cleanly', async () => {
    const folder = join(dir, 'good')
    const one = await running(folder)
    for (let i = 0; i < 5; i++) one.child.kill('SIGINT')
    expect(await one.exit).toBe(0)
    expect(await readServerNote(join(folder, 'postgres'))).toBeNull()
    expect(one.output().match(/Stopping/g)).toHaveLength(1)
  })

  test('Ctrl-C during the first start stops that, and the next start is whole', async () => {
    const folder = join(dir, 'interrupted')
    const one = run(folder, { args: ['--port', String(await pickFreePort())] })
    await one.says('Preparing the database')
    one.child.kill('SIGINT')
    expect(await one.exit).toBe(0)
    expect(one.output()).toContain('Stopped.')
    expect((await readdir(folder)).filter((name) => name.startsWith('postgres'))).toEqual([])
    await running(folder)
  })

  test('killed without a chance, everything ends with it and the next start goes on', async () => {
    const folder = join(dir, 'killed')
    const one = await running(folder)
    one.child.kill('SIGKILL')
    await one.exit
    const again = run(folder, { args: ['--port', String(one.port)] })
    await again.says('Ctrl-C stops it')
    expect(again.output()).not.toContain('Preparing the database')
  })

  test('killed in the middle of the first start, the next one is whole', async () => {
    const folder = join(dir, 'killed-early')
    const port = String(await pickFreePort())
    const one = run(folder, { args: ['--port', port] })
    await one.says('Preparing the database')
    one.child.kill('SIGKILL')
    await one.exit
    await running(folder)
    expect((await readdir(folder)).filter((name) => name.startsWith('postgres'))).toEqual(['postgres'])
  })

  test('DATABASE_URL and S3_* replace the embedded parts', async () => {
    const base = await running(join(dir, 'good'))
    const env = (await (await fetch(`http://127.0.0.1:${base.port}/env`)).json()) as Record<string, string>
    const secrets = (await import(join(dir, 'good', 'secrets.json'), { with: { type: 'json' } })) as {
      default: { ownerPassword: string }
    }
    const { host, pathname } = new URL(env['DATABASE_URL']!)
    const names = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_REGION', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']
    const folder = join(dir, 'own-parts')
    const one = await running(folder, {
      env: {
        DATABASE_URL: `postgres://postgres:${secrets.default.ownerPassword}@${host}${pathname}`,
        ...Object.fromEntries(names.map((name) => [name, env[name]!])),
      },
    })
    const found = (await (await fetch(`http://127.0.0.1:${one.port}/env`)).json()) as Record<string, string>
    expect(new URL(found['DATABASE_URL']!).host).toBe(host)
    expect(found).toMatchObject(Object.fromEntries(names.map((name) => [name, env[name]])))
    expect(await readdir(folder)).not.toContain('postgres')
    expect(await readdir(folder)).not.toContain('r2')
  })
})

describe('a start that cannot be', () => {
  test('the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    const one = run(join(dir, 'good'), { args: ['--port', String(port)] })
    await expectRefusal(one, `Port ${port} is in use by another program.`, `npm start -- --port ${port + 1}`)
  })

  test('BitVault runs on the folder already', async () => {
    const folder = join(dir, 'good')
    const first = await running(folder)
    const second = run(folder, { args: ['--port', String(await pickFreePort())] })
    await expectRefusal(second, `already runs on this folder at http://localhost:${first.port}`)
    expect(await probe(`http://127.0.0.1:${first.port}/healthz`)).toBe(200)
  })

  test('the folder is not writable', async () => {
    const folder = join(dir, 'closed')
    await mkdir(folder)
    await chmod(folder, 0o555)
    onTestFinished(() => chmod(folder, 0o755)) // so that it can be removed
    await chmod(dir, 0o755)
    const one = run(join(folder, 'data'), IS_ROOT ? { uid: 65_534 } : {})
    await expectRefusal(one, 'The data folder is not writable.', '--dir <folder>')
  })

  test('a folder of an earlier run that is no longer writable', async () => {
    const folder = join(dir, 'closed-later')
    await mkdir(folder)
    await writeFile(join(folder, 'lock.db'), '')
    await chmod(folder, 0o555)
    onTestFinished(() => chmod(folder, 0o755)) // so that it can be removed
    await chmod(join(folder, 'lock.db'), 0o444)
    const one = run(folder, IS_ROOT ? { uid: 65_534 } : {})
    await expectRefusal(one, 'The data folder is not writable.')
  })

  test('there is a file in the place of the folder', async () => {
    const file = join(dir, 'file')
    await writeFile(file, 'precious')
    await expectRefusal(run(file), 'There is a file where the data folder should be.')
    expect((await stat(file)).size).toBe(8)
  })

  test.each([
    [['--prot', '1'], {}, "Unknown option '--prot'"],
    [['--port', 'http'], {}, '"http" is no port.'],
    [[], { DATABASE_URL: 'nonsense' }, 'DATABASE_URL is no address.'],
    [[], { DATABASE_URL: 'postgres://me:pw@127.0.0.1:1/x' }, 'A server that BitVault needs cannot be reached.'],
    [[], { S3_BUCKET: 'x' }, 'Your own object store needs S3_ENDPOINT,'],
    [[], { WORKERD_CONFIG: '/missing.capnp' }, 'the Worker stopped while it started'],
  ])('%j %j', async (args, env, text) => {
    const port = (args as string[]).includes('--port') ? [] : ['--port', String(await pickFreePort())]
    await expectRefusal(run(join(dir, 'good'), { args: [...args, ...port], env: env as Record<string, string> }), text)
  })

  test('--debug shows all of it', async () => {
    const one = run(join(dir, 'file'), { args: ['--debug'] })
    expect(await one.exit).toBe(1)
    expect(one.output()).toMatch(/^\s+at /m)
  })
})

test('--help teaches and starts nothing', async () => {
  const folder = join(dir, 'help')
  const one = run(folder, { args: ['--help'] })
  expect(await one.exit).toBe(0)
  for (const text of ['--port', '--dir', 'DATABASE_URL', 'S3_ENDPOINT', 'Ctrl-C']) expect(one.output()).toContain(text)
  await expect(stat(folder)).rejects.toThrow('ENOENT')
})
