import { createHash, randomFillSync } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import { clientOf, signIn, type SignedIn } from '../support/signed-in.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openCli, type Cli } from './cli-support.ts'

const MIB = 1024 * 1024
const SIZE_BYTES = 256 * MIB
/** 250 MB for 1 GiB is the promise; what is held does not depend on the size of the file. */
const RESIDENT_MAX_BYTES = 250e6

let stack: Stack
let who: SignedIn
let dir: string
let cli: Cli

beforeAll(async () => {
  stack = await testStack()
  who = await signIn(stack)
  dir = await temporaryFolder()
  cli = await openCli(dir, stack.url)
})
afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
  await stack.stop()
})

/** Runs the command line and watches the high-water mark of its resident memory. */
async function peakOf(args: string[], env: Record<string, string>): Promise<number> {
  const { child, ended } = cli.start(args, env)
  let peakBytes = 0
  const poll = setInterval(() => void residentPeak(child).then((bytes) => (peakBytes = Math.max(peakBytes, bytes))), 25)
  const { exit, err } = await ended
  clearInterval(poll)
  expect(exit, err).toBe(0)
  return peakBytes
}

async function residentPeak(child: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

async function apiToken(): Promise<string> {
  const { token } = await clientOf(who).transport.call({
    method: 'POST',
    route: '/v1/tokens',
    path: '/v1/tokens',
    body: { name: 'memory test' },
    parse: (json) => json as { token: string },
  })
  return token
}

test.runIf(process.platform === 'linux')(
  'TF-4: a large file goes up and comes down within 250 MB of memory',
  async () => {
    const path = join(dir, 'large')
    const file = await open(path, 'w')
    const piece = Buffer.alloc(MIB)
    for (let at = 0; at < SIZE_BYTES; at += MIB) await file.write(randomFillSync(piece))
    await file.close()
    const env = { BITVAULT_TOKEN: await apiToken() }
    const up = await peakOf(['put', path, 'home/large'], env)
    const down = await peakOf(['get', 'home/large', join(dir, 'back')], env)
    expect(up).toBeGreaterThan(0)
    expect(up).toBeLessThan(RESIDENT_MAX_BYTES)
    expect(down).toBeLessThan(RESIDENT_MAX_BYTES)
    expect(await hashOf(join(dir, 'back'))).toBe(await hashOf(path))
  },
)
