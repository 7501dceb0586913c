import { readFile } from 'node:fs/promises'
import type { Bench, BenchContext } from './lib/bench.ts'
import { startBenchStack, untilQuiet, type BenchStack } from './lib/bench-stack.ts'
import { gatherCrowd, type CrowdDevice } from './lib/live-crowd.ts'
import { openRawLive } from './lib/raw-live.ts'

const SOCKETS = 10_000
const PEOPLE = 200
const OPENED_AT_ONCE = 32
/** What an idle connection may cost: a tenth of a mebibyte would be a gigabyte for these. */
const GOAL_BYTES = 40_960
/** The journal's object leaves memory ten seconds after its last request and its last connection to Postgres. */
const HIBERNATED_AFTER_MS = 22_000

/** Hibernating sockets: the runtime keeps the connection, the object behind it is gone. */
export const bench: Bench = {
  name: 'sockets',
  bar: 1,
  about: '40 KiB over the memory of the Worker for each of 10,000 idle live sockets of one tenant, hibernating',
  run,
}

async function run(context: BenchContext) {
  const bench = await startBenchStack(context)
  const count = context.quick ? 1_000 : SOCKETS
  context.note(`gathering ${count} devices`)
  const { devices } = await gatherCrowd(bench, { people: PEOPLE, devices: count })
  // The code is loaded and compiled, the heap has grown once: that is no cost of a socket.
  const few = devices.splice(0, 100)
  await connectAll(context, bench, few)
  await untilQuiet(bench)
  const before = await hibernated(context, bench)
  context.note(`opening ${devices.length} sockets`)
  const startedAt = performance.now()
  await connectAll(context, bench, devices)
  const openMs = performance.now() - startedAt
  const awake = await memoryOf(bench)
  const asleep = await hibernated(context, bench)
  const each = (bytes: number) => Math.round((bytes - before) / devices.length)
  return {
    ratio: Math.round((GOAL_BYTES / each(asleep)) * 100) / 100,
    sockets: count,
    bytesEach: each(asleep),
    bytesEachAwake: each(awake),
    workerMib: Math.round(asleep / 1024 / 1024),
    opensPerSecond: Math.round((devices.length / openMs) * 1000),
  }
}

async function connectAll(context: BenchContext, { stack }: BenchStack, devices: CrowdDevice[]): Promise<void> {
  const waiting = [...devices]
  const open = async (): Promise<void> => {
    for (let device = waiting.pop(); device; device = waiting.pop()) {
      const path = `/v1/sync/live?device=${device.deviceId}`
      const socket = await openRawLive({ url: stack.url, token: device.token, path }, () => {})
      context.afterwards(() => socket.close())
    }
  }
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, open))
}

async function hibernated(context: BenchContext, bench: BenchStack): Promise<number> {
  context.note('waiting until the object behind the sockets has left memory')
  await new Promise((resolve) => setTimeout(resolve, HIBERNATED_AFTER_MS))
  return memoryOf(bench)
}

/** Resident bytes of the Worker's process (Linux). */
async function memoryOf({ stack }: BenchStack): Promise<number> {
  const status = await readFile(`/proc/${stack.worker.pid()}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
