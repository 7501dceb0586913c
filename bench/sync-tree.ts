import { join } from 'node:path'
import type { Bench, BenchContext } from './lib/bench.ts'
import { machineLoad } from './lib/sync/machine-load.ts'
import { writeModuleTree } from './lib/sync/module-tree.ts'
import { startPair, syncTree } from './lib/sync/move-in.ts'
import { figuresOf } from './lib/sync/process-figures.ts'
import { startSyncWorld } from './lib/sync/sync-world.ts'
import { startSyncthing } from './lib/sync/syncthing-pair.ts'

const FILES = 54_000
const BYTES = 354e6
const QUICK = 10
/** Where Syncthing is not installed: what it took on two cores (seconds of 1.19). */
const TABLE = { defaults: 135, caseSensitive: 37 }

export const bench: Bench = {
  name: 'sync-tree',
  bar: 3,
  about:
    '54,000 files of a node_modules tree, 354 MB, A → server → B: the time of Syncthing A → B with its defaults over ours',
  run: async (context) => {
    const scale = context.quick ? QUICK : 1
    const size = { files: FILES / scale, bytes: BYTES / scale, seed: 1 }
    const ours = await runOurs(context, size)
    const defaults = await runSyncthing(context, size, {})
    const caseSensitive = await runSyncthing(context, size, { caseSensitive: true })
    const isMeasured = defaults !== null && caseSensitive !== null
    const theirs = isMeasured ? { defaults, caseSensitive } : TABLE
    return {
      ratio: theirs.defaults / ours['oursSeconds'],
      ratioToCaseSensitive: theirs.caseSensitive / ours['oursSeconds'],
      syncthingSeconds: theirs.defaults,
      syncthingCaseSensitiveSeconds: theirs.caseSensitive,
      syncthing: isMeasured
        ? 'measured in this run'
        : 'not installed: from the table in DESIGN.md, of all 54,000 files',
      ...ours,
      load: machineLoad(),
    }
  },
}

type Size = { files: number; bytes: number; seed: number }

async function runOurs(context: BenchContext, size: Size) {
  const world = await startSyncWorld(context)
  const tree = join(await context.freshFolder(), 'tree')
  const { files, folders, bytes } = writeModuleTree(tree, size)
  await startPair(world, 'tree')
  await world.settle()
  const { seconds, secondsOfA } = await syncTree(world, { tree, items: files + folders })
  const [a, b] = [await figuresOf(world.a.pid), await figuresOf(world.b.pid)]
  await world.a.stop()
  await world.b.stop()
  await world.stop()
  return {
    oursSeconds: seconds,
    oursSecondsOfA: secondsOfA,
    files,
    folders,
    bytes,
    cpuSecondsOfA: a.cpuSeconds,
    cpuSecondsOfB: b.cpuSeconds,
    peakMegabytesOfA: a.peakResidentBytes / 1e6,
    peakMegabytesOfB: b.peakResidentBytes / 1e6,
  }
}

/** @returns seconds; `null`: it is not installed */
async function runSyncthing(
  context: BenchContext,
  size: Size,
  how: { caseSensitive?: boolean },
): Promise<number | null> {
  const pair = await startSyncthing(context, how)
  if (pair === null) return null
  const tree = join(await context.freshFolder(), 'tree')
  const { files } = writeModuleTree(tree, size)
  context.note(`${pair.version}${how.caseSensitive ? ' with caseSensitiveFS' : ''}`)
  const seconds = await pair.syncTree(tree, files)
  await pair.stop()
  return seconds
}
