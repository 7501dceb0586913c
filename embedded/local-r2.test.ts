import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sha256 } from '../core/ids.ts'
import { s3ObjectStore } from '../storage/s3/s3-object-store.ts'
import { findWorkerd } from './find-workerd.ts'
import { startLocalR2 } from './local-r2.ts'

const ACCOUNT = { bucket: 'bitvault', accessKeyId: 'local', secretAccessKey: 'local-secret' }
const BYTES = new TextEncoder().encode('kept')

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bitvault-local-r2-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const storeAt = (endpoint: string) => s3ObjectStore({ ...ACCOUNT, endpoint, region: 'auto' })

async function put(endpoint: string, key: string): Promise<number> {
  const sha256 = createHash('sha256').update(BYTES).digest('hex') as Sha256
  const request = await storeAt(endpoint).signPut({ key, sha256, sizeBytes: BYTES.length }, Date.now())
  const { status } = await fetch(request.url, { method: 'PUT', headers: request.headers, body: BYTES })
  return status
}

const keysAt = async (endpoint: string) => (await storeAt(endpoint).list('')).objects.map(({ key }) => key)

/** Runs the bucket in a process of its own; answers when it serves. */
async function serveElsewhere(dir: string) {
  const module = JSON.stringify(new URL('./local-r2.ts', import.meta.url).href)
  const options = JSON.stringify({ ...ACCOUNT, dir })
  const script = `const { startLocalR2 } = await import(${module}); console.log((await startLocalR2(${options})).endpoint)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] })
  const printed: string[] = []
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.stderr.on('data', (text: Buffer) => printed.push(String(text)))
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(String(text).trim()))
    child.once('exit', () => reject(new Error(`it ended: ${printed.join('')}`)))
  })
  const kill = (signal: 'SIGKILL' | 'SIGTERM') => (child.kill(signal), ended)
  return { endpoint, pid: child.pid ?? 0, address: new URL(endpoint).host, printed, kill }
}

test('what was stored is there after a stop and a start, on the port that was asked for', async () => {
  const dir = join(root, 'restart')
  const first = await startLocalR2({ ...ACCOUNT, dir })
  expect(await put(first.endpoint, 'a')).toBe(200)
  await first.stop()
  await first.stop()
  await expect(fetch(first.endpoint)).rejects.toThrow()
  const second = await startLocalR2({ ...ACCOUNT, dir, port: first.port })
  expect(second.endpoint).toBe(first.endpoint)
  expect(await keysAt(second.endpoint)).toEqual(['a'])
  await second.stop()
}, 30_000)

test('without a port of its own it comes back where it was, so that signed requests outlast a restart', async () => {
  const dir = join(root, 'same-port')
  const first = await startLocalR2({ ...ACCOUNT, dir })
  await first.stop()
  const second = await startLocalR2({ ...ACCOUNT, dir })
  expect(second.endpoint).toBe(first.endpoint)
  await second.stop()
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(first.port, '127.0.0.1', () => resolve()))
  const elsewhere = await startLocalR2({ ...ACCOUNT, dir })
  expect(elsewhere.port).not.toBe(first.port)
  await elsewhere.stop()
  other.close()
}, 30_000)

test('after kill -9 the next start ends the orphaned workerd and serves the same bytes', async () => {
  const dir = join(root, 'killed')
  const killed = await serveElsewhere(dir)
  expect(await put(killed.endpoint, 'a')).toBe(200)
  await killed.kill('SIGKILL')
  const orphan = await findWorkerd(killed.address)
  const next = await startLocalR2({ ...ACCOUNT, dir, port: Number(new URL(killed.endpoint).port) })
  const serving = await findWorkerd(killed.address)
  expect(serving?.parentPid).toBe(process.pid)
  expect(serving?.pid).not.toBe(orphan?.pid)
  expect(await keysAt(next.endpoint)).toEqual(['a'])
  await next.stop()
  expect(killed.printed).toEqual([])
}, 30_000)

test('a folder that a living process serves is refused; a signal ends that process and its workerd', async () => {
  const dir = join(root, 'living')
  const living = await serveElsewhere(dir)
  await expect(startLocalR2({ ...ACCOUNT, dir })).rejects.toThrow(`in use by process ${living.pid}`)
  expect(await put(living.endpoint, 'a')).toBe(200)
  await living.kill('SIGTERM')
  await expect.poll(() => findWorkerd(living.address)).toBeNull()
}, 30_000)

test('a taken port is an error that leaves nothing behind', async () => {
  const dir = join(root, 'taken')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(startLocalR2({ ...ACCOUNT, dir, port })).rejects.toThrow()
  await expect(readFile(join(dir, 'serving.json'))).rejects.toThrow()
  server.close()
  const free = await startLocalR2({ ...ACCOUNT, dir })
  await free.stop()
}, 30_000)
