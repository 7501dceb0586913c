import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench, BenchContext } from './lib/bench.ts'
import { wireSince, type Wire } from './lib/sync/counting-proxy.ts'
import { changeMiddle, insertFront, timeEdit, type Edit } from './lib/sync/edit-big.ts'
import { machineLoad } from './lib/sync/machine-load.ts'
import { startPair } from './lib/sync/move-in.ts'
import { writeRandomFile } from './lib/sync/random-files.ts'
import { startSyncWorld } from './lib/sync/sync-world.ts'
import { startSyncthing } from './lib/sync/syncthing-pair.ts'

const GIB = 1024 ** 3
const QUICK = 8
const BAR_BYTES = 1.1e6
/** Where Syncthing is not installed: what it took on two cores (seconds of 1.19). */
const TABLE = { middle: { seconds: 2.9, out: 1.1e6, back: 0 }, front: { seconds: 18.9, out: 1.1e6, back: 0 } }

type Figures = { seconds: number } & Wire
type Edits = { middle: Figures; front: Figures }

export const bench: Bench = {
  name: 'sync-edit',
  bar: 1,
  about: `one byte changed in the middle, one inserted at the front of 1 GiB: the least of ${BAR_BYTES / 1e6} MB over the bytes on the wire each way, and of Syncthing's time over ours`,
  run: async (context) => {
    const sizeBytes = context.quick ? GIB / QUICK : GIB
    const ours = await runOurs(context, sizeBytes)
    const measured = await runSyncthing(context, sizeBytes)
    const theirs = measured ?? TABLE
    const wire = [ours.middle, ours.front].flatMap(({ out, back }) => [out, back])
    return {
      ratio: Math.min(
        BAR_BYTES / Math.max(...wire),
        theirs.middle.seconds / ours.middle.seconds,
        theirs.front.seconds / ours.front.seconds,
      ),
      ...named('ours', ours),
      ...named('syncthing', theirs),
      syncthing: measured === null ? 'not installed: from the table in DESIGN.md' : 'measured in this run',
      bytes: sizeBytes,
      load: machineLoad(),
    }
  },
}

const named = (side: string, { middle, front }: Edits) => ({
  [`${side}MiddleSeconds`]: middle.seconds,
  [`${side}MiddleBytesOut`]: middle.out,
  [`${side}MiddleBytesBack`]: middle.back,
  [`${side}FrontSeconds`]: front.seconds,
  [`${side}FrontBytesOut`]: front.out,
  [`${side}FrontBytesBack`]: front.back,
})

/** Out: what both devices have sent to server and bucket; back: what they have got. */
async function runOurs(context: BenchContext, sizeBytes: number): Promise<Edits> {
  const world = await startSyncWorld(context, { isCounted: true })
  const folder = await context.freshFolder()
  await startPair(world, 'edit')
  const paths = { a: join(world.a.folder, 'big'), b: join(world.b.folder, 'big') }
  await moveIn(folder, paths.a, sizeBytes)
  for (const computer of [world.a, world.b]) await computer.untilHas(1)
  const measure = async (edit: Edit): Promise<Figures> => {
    await world.settle()
    const before = world.wire()
    const seconds = await timeEdit(edit, paths)
    // What is said after that belongs to it too.
    for (const computer of [world.a, world.b]) await computer.untilHas(1)
    return { seconds, ...wireSince(world.wire(), before) }
  }
  const middle = await measure(changeMiddle(sizeBytes))
  const front = await measure(insertFront(sizeBytes, join(folder, 'aside')))
  await world.stop()
  return { middle, front }
}

/** Out: what A has sent; back: what it has got. @returns `null`: it is not installed */
async function runSyncthing(context: BenchContext, sizeBytes: number): Promise<Edits | null> {
  const pair = await startSyncthing(context)
  if (pair === null) return null
  const folder = await context.freshFolder()
  const paths = { a: join(pair.a.folder, 'big'), b: join(pair.b.folder, 'big') }
  await moveIn(folder, paths.a, sizeBytes)
  await pair.a.scan()
  await pair.b.untilHas(1)
  const measure = async (edit: Edit): Promise<Figures> => {
    const before = await pair.a.wire()
    const seconds = await timeEdit(edit, paths, () => pair.a.scan())
    await pair.b.untilHas(1)
    return { seconds, ...wireSince(await pair.a.wire(), before) }
  }
  const middle = await measure(changeMiddle(sizeBytes))
  const front = await measure(insertFront(sizeBytes, join(folder, 'aside')))
  await pair.stop()
  return { middle, front }
}

async function moveIn(folder: string, path: string, sizeBytes: number): Promise<void> {
  writeRandomFile(join(folder, 'big'), sizeBytes)
  await rename(join(folder, 'big'), path)
}
