import { secondsOf } from './lib/alternate.ts'
import type { Bench } from './lib/bench.ts'
import { startBenchStack } from './lib/bench-stack.ts'
import { createContentSink } from './lib/release-sink.ts'
import { loadReleases, type Release, TYPESCRIPT_SERIES } from './lib/release-series.ts'
import { createServerSink } from './lib/server-sink.ts'

const QUICK_RELEASES = 4
const MIB = 1024 * 1024
/** Larger than any file of the series: each file is one chunk. */
const WHOLE_FILES = { minBytes: 8 * MIB, avgBytes: 16 * MIB, maxBytes: 32 * MIB, normalisation: 2 }

const sum = (releases: Release[], of: (release: Release) => number) => releases.reduce((all, one) => all + of(one), 0)

/** Each release is put into a folder of its own by the command line; what is kept is read off the bucket and the database. */
export const bench: Bench = {
  name: 'dedup',
  bar: 7,
  about: '12 releases of the npm package typescript uploaded in turn: logical over stored bytes',
  run: async (context) => {
    const versions = context.quick ? TYPESCRIPT_SERIES.slice(0, QUICK_RELEASES) : TYPESCRIPT_SERIES
    const releases = await loadReleases(versions, context)
    const logicalBytes = sum(releases, (release) => release.sizeBytes)
    const ours = await createServerSink(await startBenchStack(context))
    const wholeFiles = createContentSink(WHOLE_FILES)
    const rows = []
    let seconds = 0
    for (const release of releases) {
      const before = await ours.storedBytes()
      seconds += await secondsOf(() => ours.store(release))
      await wholeFiles.store(release)
      const addedBytes = (await ours.storedBytes()) - before
      rows.push({ release: release.version, files: release.files.length, bytes: release.sizeBytes, addedBytes })
    }
    context.table(rows)
    const storedBytes = await ours.storedBytes()
    const figures = await ours.figures()
    return {
      ratio: logicalBytes / storedBytes,
      logicalBytes,
      storedBytes,
      ...figures,
      ratioWithAllRowsAndIndexes: logicalBytes / (figures.bucketBytes + figures.databaseBytes),
      megabytesPerSecond: logicalBytes / seconds / 1e6,
      ratioOfWholeFilesWithZstd: logicalBytes / (await wholeFiles.storedBytes()),
      ratioOfNpmTarballs: logicalBytes / sum(releases, (release) => release.tarballBytes),
    }
  },
}
