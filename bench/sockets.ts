import { readFile } from 'node:fs/promises'
import type { Bench, BenchContext } from './lib/bench.ts'
import { startBenchStack, untilQuiet, type BenchStack } from './lib/bench-stack.ts'
import { gatherCrowd, type CrowdDevice } from './lib/live-crowd.ts'
import { openRawLive } from './lib/raw-live.ts'

const SOCKETS = 10_000
const PEOPLE = 200
const OPENED_AT_ONCE = 32
/** Ten thousand idle devices in a gigabyte. */
const GOAL_BYTES = 102_400
/** Of file descriptors: workerd takes two a connection, and ends when there are none left. */
const EACH = 2
const OTHERS = 900
/** The journal's object leaves memory ten seconds after its last request and its last connection to Postgres. */
const HIBERNATED_AFTER_MS = 22_000

/** Hibernating sockets: the runtime keeps the connection, the object behind it is gone. */
export const bench: Bench = {
  name: 'sockets',
  bar: 1,
  about: '100 KiB over the memory of the Worker for each of 10,000 idle live sockets of one tenant, hibernating',
  run,
}

async function run(context: BenchContext) {
  const bench = await startBenchStack(context)
  const count = Math.min(context.quick ? 4_000 : SOCKETS, Math.floor(((await descriptorLimit()) - OTHERS) / EACH))
  context.note(`gathering ${count} devices`)
  const { devices } = await gatherCrowd(bench, { people: PEOPLE, devices: count })
  // The code is loaded and compiled, the heap has grown once: that is no cost of a socket. Of few sockets it would be most of it.
  const few = devices.splice(0, context.quick ? 500 : 100)
  await connectAll(context, bench, few)
  await untilQuiet(bench)
  const before = await hibernated(context, bench)
  context.note(`opening ${devices.length} sockets`)
  const startedAt = performance.now()
  await connectAll(context, bench, devices)
  const openMs = performance.now() - startedAt
  const awake = await memoryOf(bench)
  const asleep = await hibernated(context, bench)
  await requireHibernated(bench)
  const each = (bytes: number) => Math.round((bytes - before) / devices.length)
  return {
    ratio: Math.round((GOAL_BYTES / each(asleep)) * 100) / 100,
    sockets: devices.length,
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

/** Nobody was there to answer: the object had to be made again. */
async function requireHibernated({ stack, owner }: BenchStack): Promise<void> {
  const starts = async (): Promise<number> => {
    const text = await (await fetch(`${stack.url}/metrics`)).text()
    return Number(/^bitvault_journal_starts_total (\d+)$/m.exec(text)?.[1])
  }
  const before = await starts()
  await owner.call('GET', '/v1/devices')
  if ((await starts()) === before) throw new Error('the object behind the sockets never left memory')
}

/** What this process and those that it starts may open (Linux). */
async function descriptorLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8')
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity)
}

/** Resident bytes of the Worker's process (Linux). */
async function memoryOf({ stack }: BenchStack): Promise<number> {
  const status = await readFile(`/proc/${stack.worker.pid()}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
