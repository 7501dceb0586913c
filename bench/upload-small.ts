import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import type { Api } from '../client/api.ts'
import { alternate, secondsOf } from './lib/alternate.ts'
import { putOnce } from './lib/bare-puts.ts'
import type { Bench } from './lib/bench.ts'
import { startBenchServer } from './lib/bench-server.ts'
import { runCli } from './lib/cli-process.ts'
import { type SmallFile, writeSmallFiles } from './lib/small-files.ts'

const FILES = 10_000
/** Of the baseline, whose rate does not depend on how many there are; it would take minutes a round otherwise. */
const BASELINE_FILES = 2_000
const QUICK = 10
/** As many requests at once as the client makes PUTs. */
const CONCURRENCY = 8
const ROUNDS = 3

export const bench: Bench = {
  name: 'upload-small',
  bar: 10,
  about: '10,000 files of 16 KiB (half text, half random) through the CLI against init + PUT + commit a file, files/s',
  run: async (context) => {
    const files = context.quick ? FILES / QUICK : FILES
    const baselineFiles = context.quick ? BASELINE_FILES / QUICK : BASELINE_FILES
    const folder = await context.freshFolder()
    const server = await startBenchServer(context)
    let peakResidentBytes = 0
    const sides = {
      baseline: async (round: number) => {
        const written = await writeSmallFiles(join(folder, `one-by-one-${round}`), {
          count: baselineFiles,
          seed: 2 * round,
        })
        await server.settle()
        return written.length / (await secondsOf(() => uploadOneByOne(server.api, written, `one-by-one-${round}`)))
      },
      ours: async (round: number) => {
        const tree = join(folder, `batched-${round}`)
        await writeSmallFiles(tree, { count: files, seed: 2 * round + 1 })
        await server.settle()
        const run = await runCli(server, ['put', tree, 'home/'], join(folder, 'home'))
        peakResidentBytes = Math.max(peakResidentBytes, run.peakResidentBytes)
        return files / run.seconds
      },
    }
    const { baseline, ours } = await alternate(sides, { rounds: ROUNDS, warmUps: 1 })
    return {
      ratio: ours.median / baseline.median,
      baselineFilesPerSecond: baseline.median,
      oursFilesPerSecond: ours.median,
      oursPeakResidentMegabytes: peakResidentBytes / 1e6,
      files,
      baselineFiles,
      concurrency: CONCURRENCY,
    }
  },
}

/** What a plain client does, with connections kept open: three requests a file, many files at once. */
async function uploadOneByOne(api: Api, files: readonly SmallFile[], folderName: string): Promise<void> {
  const home = (await api.resolve('home')).deepest.id
  const folder = await api.createFolder({ parent: home, name: folderName })
  if (folder.outcome === 'rejected') throw new Error(`the folder was rejected: ${folder.problem.code}`)
  const parent = folder.node.id
  let next = 0
  const worker = async (): Promise<void> => {
    for (let file = files[next++]; file !== undefined; file = files[next++]) await uploadOne(api, parent, file)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}

async function uploadOne(api: Api, parent: string, { path, bytes }: SmallFile): Promise<void> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const size = bytes.length
  const content = { codec: 'raw' as const, chunks: [{ sha256, size, plain: size }] }
  const target = { parent, name: basename(path) }
  const { uploadId, requests } = await api.initUpload({ files: [{ target, size, sha256, content }], requests: 'each' })
  for (const { request } of requests) await putOnce(request, bytes)
  const [result] = await api.commit(uploadId ?? '')
  if (result?.outcome !== 'applied') throw new Error(`a file was not applied: ${result?.outcome}`)
}
