import { randomFillSync } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { alternate, secondsOf } from './lib/alternate.ts'
import { putSlices, signSlices } from './lib/bare-puts.ts'
import type { Bench } from './lib/bench.ts'
import { startBenchServer } from './lib/bench-server.ts'
import { runCli } from './lib/cli-process.ts'

const GIB = 1024 ** 3
const QUICK_BYTES = GIB / 8
/** As many PUTs at once as the client makes. */
const CONCURRENCY = 8
const ROUNDS = 5

export const bench: Bench = {
  name: 'upload',
  bar: 0.9,
  about: '1 GiB of random bytes through the CLI against a bare loop of signed PUTs of the same objects, MB/s',
  run: async (context) => {
    const sizeBytes = context.quick ? QUICK_BYTES : GIB
    const folder = await context.freshFolder()
    const server = await startBenchServer(context)
    const megabytes = sizeBytes / 1e6
    let peakResidentBytes = 0
    let objects = 0
    const sides = {
      // Each round has bytes of its own, which the server cannot hold yet.
      baseline: async (round: number) => {
        const path = await writeRandomFile(join(folder, `bare-${round}`), sizeBytes)
        const slices = await signSlices(server.api, path, sizeBytes)
        objects = slices.length
        await server.settle()
        const seconds = await secondsOf(() => putSlices(path, slices, CONCURRENCY))
        await rm(path)
        return megabytes / seconds
      },
      ours: async (round: number) => {
        const path = await writeRandomFile(join(folder, `ours-${round}`), sizeBytes)
        await server.settle()
        const run = await runCli(server, ['put', path, 'home/'], join(folder, 'home'))
        peakResidentBytes = Math.max(peakResidentBytes, run.peakResidentBytes)
        await rm(path)
        return megabytes / run.seconds
      },
    }
    const { baseline, ours } = await alternate(sides, { rounds: context.quick ? 2 : ROUNDS, warmUps: 1 })
    return {
      ratio: ours.median / baseline.median,
      baselineMegabytesPerSecond: baseline.median,
      oursMegabytesPerSecond: ours.median,
      oursPeakResidentMegabytes: peakResidentBytes / 1e6,
      bytes: sizeBytes,
      objects,
      concurrency: CONCURRENCY,
    }
  },
}

async function writeRandomFile(path: string, sizeBytes: number): Promise<string> {
  const piece = Buffer.allocUnsafe(8 * 1024 * 1024)
  const file = await open(path, 'w')
  for (let at = 0; at < sizeBytes; at += piece.length)
    await file.write(randomFillSync(piece), 0, Math.min(piece.length, sizeBytes - at))
  // Writing back must not fall into what is measured.
  await file.sync()
  await file.close()
  return path
}
