import { join } from 'node:path'
import type { Bench } from './lib/bench.ts'
import { objectSizes, openBucket, runBareLoop } from './lib/sync/bare-loop.ts'
import { machineLoad } from './lib/sync/machine-load.ts'
import { startPair, syncTree } from './lib/sync/move-in.ts'
import { figuresOf } from './lib/sync/process-figures.ts'
import { writeRandomTree } from './lib/sync/random-files.ts'
import { startSyncWorld } from './lib/sync/sync-world.ts'

const FILES = 10_000
const BYTES = 361e6
const QUICK = 5

export const bench: Bench = {
  name: 'sync-small',
  bar: 0.8,
  about:
    '10,000 files of random bytes, 361 MB, A → server → B, against a bare loop of PUTs and GETs of the same objects',
  run: async (context) => {
    const scale = context.quick ? QUICK : 1
    const world = await startSyncWorld(context)
    const folder = await context.freshFolder()
    const tree = join(folder, 'tree')
    const { files, folders, bytes } = writeRandomTree(tree, { files: FILES / scale, bytes: BYTES / scale, seed: 1 })
    await startPair(world, 'small')
    await world.settle()
    const ours = await syncTree(world, { tree, items: files + folders + 1 })
    const [a, b] = [await figuresOf(world.a.pid), await figuresOf(world.b.pid)]
    await world.a.stop()
    await world.b.stop()
    await world.settle()
    const bucket = openBucket(world.stack)
    const sizes = await objectSizes(bucket)
    const bare = await runBareLoop(bucket, { sizes, folder, name: 'small' })
    const bareSeconds = bare.putSeconds + bare.getSeconds
    return {
      ratio: bareSeconds / ours.seconds,
      oursSeconds: ours.seconds,
      oursSecondsOfA: ours.secondsOfA,
      barePutSeconds: bare.putSeconds,
      bareGetSeconds: bare.getSeconds,
      files,
      bytes,
      objects: bare.objects,
      cpuSecondsOfA: a.cpuSeconds,
      cpuSecondsOfB: b.cpuSeconds,
      peakMegabytesOfA: a.peakResidentBytes / 1e6,
      peakMegabytesOfB: b.peakResidentBytes / 1e6,
      load: machineLoad(),
    }
  },
}
