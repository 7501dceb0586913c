import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { secondsOf } from './lib/alternate.ts'
import type { Bench, BenchContext } from './lib/bench.ts'
import { machineLoad } from './lib/sync/machine-load.ts'
import { writeModuleTree } from './lib/sync/module-tree.ts'
import { sendTree, startPair, syncTree } from './lib/sync/move-in.ts'
import { figuresOf } from './lib/sync/process-figures.ts'
import { startSyncWorld, type SyncWorld } from './lib/sync/sync-world.ts'

const FILES = 54_000
/** The second size tells what a file more costs. B has these files first, and no other computer: so they travel once, not twice. */
const MANY_FILES = 500_000
const BYTES_PER_FILE = 6_556
const MANY_BYTES_PER_FILE = 1_000
const QUICK = 10
const BAR = { restartSeconds: 2, residentBytes: 200e6, bytesPerFile: 1_024, cpuShare: 0.01 }
/** The one in the middle counts. */
const RESTARTS = 3
const IDLE_MS = 60_000
const QUICK_IDLE_MS = 10_000
/** What was allocated while it started, or worked, is given back: some seconds later a collection, and some later what that has freed. */
const CALM_MS = 20_000

export const bench: Bench = {
  name: 'sync-idle',
  bar: 1,
  about: `54,000 files, nothing changed: the least of ${BAR.restartSeconds} s over the restart, ${BAR.residentBytes / 1e6} MB over the resident memory, and ${BAR.bytesPerFile} bytes over what a file more costs (at 500,000)`,
  run: async (context) => {
    const scale = context.quick ? QUICK : 1
    const few = await measure(context, { files: FILES / scale, bytesPerFile: BYTES_PER_FILE, from: 'a' })
    const many = await measure(context, { files: MANY_FILES / scale, bytesPerFile: MANY_BYTES_PER_FILE, from: 'b' })
    const bytesPerFile = Math.max(1, (many.residentBytes - few.residentBytes) / (many.files - few.files))
    return {
      ratio: Math.min(
        BAR.restartSeconds / few.restartSeconds,
        BAR.residentBytes / few.residentBytes,
        BAR.bytesPerFile / bytesPerFile,
        BAR.cpuShare / Math.max(1e-6, few.cpuShare),
      ),
      restartSeconds: few.restartSeconds,
      restartCpuSeconds: few.restartCpuSeconds,
      restartSecondsOfMany: many.restartSeconds,
      restartCpuSecondsOfMany: many.restartCpuSeconds,
      idleCpuPercent: few.cpuShare * 100,
      idleCpuPercentOfMany: many.cpuShare * 100,
      residentMegabytes: few.residentBytes / 1e6,
      residentMegabytesOfMany: many.residentBytes / 1e6,
      residentMegabytesAfterWork: few.afterWorkBytes / 1e6,
      residentMegabytesAfterWorkOfMany: many.afterWorkBytes / 1e6,
      bytesPerFileMore: bytesPerFile,
      files: few.files,
      filesOfMany: many.files,
      load: machineLoad(),
    }
  },
}

type Idle = {
  files: number
  restartSeconds: number
  restartCpuSeconds: number
  cpuShare: number
  residentBytes: number
  /** At rest after all files have come or gone, before it is started anew. */
  afterWorkBytes: number
}

type Size = { files: number; bytesPerFile: number; from: 'a' | 'b' }

/** B is in step; then it is started anew a few times, and left alone. */
async function measure(context: BenchContext, size: Size): Promise<Idle> {
  const world = await startSyncWorld(context)
  const tree = join(await context.freshFolder(), 'tree')
  const { files, folders } = writeModuleTree(tree, {
    files: size.files,
    bytes: size.files * size.bytesPerFile,
    seed: 1,
  })
  const seconds = await bringInStep(world, { tree, items: files + folders, from: size.from })
  context.note(`${files} files in step after ${seconds.toFixed(0)} s`)
  await delay(CALM_MS)
  const afterWorkBytes = (await figuresOf(world.b.pid)).residentBytes
  await world.a.stop()
  await world.b.stop()
  await world.settle()
  const restarts: { seconds: number; cpuSeconds: number }[] = []
  while (restarts.length < RESTARTS) {
    await world.b.stop()
    const seconds = await secondsOf(async () => {
      await world.b.start()
      await world.b.untilHas(files + folders)
    })
    restarts.push({ seconds, cpuSeconds: (await figuresOf(world.b.pid)).cpuSeconds })
  }
  const restart = restarts.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(RESTARTS / 2)]!
  context.note(`restarts took ${restarts.map(({ seconds }) => seconds.toFixed(2)).join(', ')} s`)
  await delay(CALM_MS)
  const idleMs = context.quick ? QUICK_IDLE_MS : IDLE_MS
  const before = await figuresOf(world.b.pid)
  await delay(idleMs)
  const after = await figuresOf(world.b.pid)
  await world.stop()
  const cpuShare = (after.cpuSeconds - before.cpuSeconds) / (idleMs / 1_000)
  const { residentBytes } = after
  const idle = {
    files,
    restartSeconds: restart.seconds,
    restartCpuSeconds: restart.cpuSeconds,
    cpuShare,
    residentBytes,
    afterWorkBytes,
  }
  context.note(JSON.stringify(idle))
  return idle
}

/** @returns seconds */
async function bringInStep(
  world: SyncWorld,
  options: { tree: string; items: number; from: 'a' | 'b' },
): Promise<number> {
  const { from, ...what } = options
  if (from === 'b') return sendTree(world.b, { place: 'idle', ...what })
  await startPair(world, 'idle')
  return (await syncTree(world, what)).seconds
}
