import { join } from 'node:path'
import type { BenchContext, BenchResult } from '../bench.ts'
import { objectSizes, openBucket, runBareLoop } from './bare-loop.ts'
import { machineLoad } from './machine-load.ts'
import { startPair, syncTree } from './move-in.ts'
import { figuresOf } from './process-figures.ts'
import type { WrittenTree } from './random-files.ts'
import { startSyncWorld } from './sync-world.ts'
import { startSyncthing } from './syncthing-pair.ts'

/**
 * A tree from A over the server to B, against a bare loop that PUTs and then GETs objects of the same sizes to and from the same bucket; and against
 * Syncthing, where it is installed.
 * @param write makes it where nothing is yet; the second one has other bytes
 */
export async function compareWithBareLoop(
  context: BenchContext,
  write: (tree: string) => WrittenTree,
): Promise<BenchResult> {
  const world = await startSyncWorld(context)
  const folder = await context.freshFolder()
  const tree = join(folder, 'tree')
  const { files, folders, bytes } = write(tree)
  await startPair(world, 'tree')
  await world.settle()
  const ours = await syncTree(world, { tree, items: files + folders })
  const [a, b] = [await figuresOf(world.a.pid), await figuresOf(world.b.pid)]
  await world.a.stop()
  await world.b.stop()
  await world.settle()
  const bucket = openBucket(world.stack)
  const bare = await runBareLoop(bucket, { sizes: await objectSizes(bucket), folder, name: 'bare' })
  const bareSeconds = bare.putSeconds + bare.getSeconds
  await world.stop()
  const syncthingSeconds = await runSyncthing(context, write)
  return {
    ratio: bareSeconds / ours.seconds,
    ...(syncthingSeconds !== null && { ratioToSyncthing: syncthingSeconds / ours.seconds, syncthingSeconds }),
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
}

/** @returns seconds; `null`: it is not installed */
async function runSyncthing(context: BenchContext, write: (tree: string) => WrittenTree): Promise<number | null> {
  const pair = await startSyncthing(context)
  if (pair === null) return null
  const tree = join(await context.freshFolder(), 'tree')
  const { files } = write(tree)
  const seconds = await pair.syncTree(tree, files)
  await pair.stop()
  return seconds
}
