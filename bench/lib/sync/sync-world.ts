import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { buildCli } from '../../../cli/build.ts'
import { startStack, type Stack } from '../../../embedded/stack.ts'
import { setUp } from '../../../test/acceptance/cli-support.ts'
import type { BenchContext } from '../bench.ts'
import { untilQuiet } from '../bench-stack.ts'
import { startCountingProxy, type Wire } from './counting-proxy.ts'
import { SyncComputer } from './sync-computer.ts'

/** The product as it is shipped, and two computers of one person, each with a sign-in and a background process of its own. */
export type SyncWorld = {
  stack: Stack
  a: SyncComputer
  b: SyncComputer
  /** What has passed between all clients and the server with its bucket; 0 unless it is counted. */
  wire(): Wire
  /** Before a measurement: consumers have nothing left to do, and nothing is on its way to the disk. */
  settle(): Promise<void>
  /** Before the end of the benchmark, when something else is measured after this. */
  stop(): Promise<void>
}

/** @param options.isCounted through a relay that counts, which costs time itself */
export async function startSyncWorld(context: BenchContext, options: { isCounted?: boolean } = {}): Promise<SyncWorld> {
  context.note('starting PostgreSQL, the bucket, workerd and two computers')
  // As it is after an installation, whatever was edited since.
  await buildCli()
  const dir = await context.freshFolder()
  const ports = { api: 0, bucket: 0 }
  const relays = options.isCounted
    ? [await startCountingProxy(() => ports.api), await startCountingProxy(() => ports.bucket)]
    : []
  for (const relay of relays) context.afterwards(() => relay.stop())
  const [api, bucket] = relays
  const path = '/cdn-cgi/local/r2/s3'
  const env: Record<string, string> = bucket === undefined ? {} : { S3_PUBLIC_ENDPOINT: bucket.url + path }
  const stack = await startStack({ dir: join(dir, 'server'), quiet: true, env })
  context.afterwards(() => stack.stop())
  ports.api = Number(new URL(stack.url).port)
  ports.bucket = Number(new URL(stack.s3.endpoint).port)
  await setUp(stack.url, stack.setupToken)
  const sql = postgres(stack.ownerUrl, { max: 1, onnotice: () => {} })
  context.afterwards(() => sql.end({ timeout: 1 }))
  const open = async (name: string): Promise<SyncComputer> => {
    const computer = await SyncComputer.open(join(dir, name), { name, server: api?.url ?? stack.url, stack })
    context.afterwards(() => computer.stop())
    return computer
  }
  const [a, b] = [await open('a'), await open('b')]
  const wire = (): Wire => {
    const counts = relays.map((relay) => relay.count())
    return {
      out: counts.reduce((sum, { out }) => sum + out, 0),
      back: counts.reduce((sum, { back }) => sum + back, 0),
    }
  }
  const settle = async (): Promise<void> => {
    await untilQuiet({ sql })
    await promisify(execFile)('sync')
  }
  const stop = async (): Promise<void> => {
    await Promise.all([a.stop(), b.stop()])
    await sql.end({ timeout: 1 })
    await stack.stop()
  }
  return { stack, a, b, wire, settle, stop }
}
