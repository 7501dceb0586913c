import { type ChunkingRule, chunkingRuleFor } from '../core/chunking.ts'
import { secondsOf } from './lib/alternate.ts'
import type { Bench, Row } from './lib/bench.ts'
import { createContentSink } from './lib/release-sink.ts'
import { loadReleases, type Release, TYPESCRIPT_SERIES } from './lib/release-series.ts'

const KIB = 1024
const AVERAGES = [8, 16, 32, 64, 128, 256, 512, 1024].map((kib) => kib * KIB)
const CHOSEN = chunkingRuleFor(0)

const ruleOf = (avgBytes: number, spread = 4, normalisation = 2): ChunkingRule => ({
  minBytes: avgBytes / spread,
  avgBytes,
  maxBytes: avgBytes * spread,
  normalisation,
})

/** The averages at the chosen spread, and other spreads at the chosen average. */
const CANDIDATES = [
  ...AVERAGES.map((avgBytes) => ruleOf(avgBytes)),
  ruleOf(CHOSEN.avgBytes, 2),
  ruleOf(CHOSEN.avgBytes, 8),
  ruleOf(CHOSEN.avgBytes, 4, 1),
  ruleOf(CHOSEN.avgBytes, 4, 3),
]

async function measure(rule: ChunkingRule, releases: Release[]): Promise<Row & { ratio: number }> {
  const sink = createContentSink(rule)
  const logicalBytes = releases.reduce((all, release) => all + release.sizeBytes, 0)
  const seconds = await secondsOf(async () => {
    for (const release of releases) await sink.store(release)
  })
  const { chunks, references, puts, storedBytes } = sink.figures()
  return {
    'min KiB': rule.minBytes / KIB,
    'avg KiB': rule.avgBytes / KIB,
    'max KiB': rule.maxBytes / KIB,
    normalisation: rule.normalisation,
    ratio: logicalBytes / storedBytes,
    'stored MB': storedBytes / 1e6,
    chunks,
    references,
    'PUTs (packs)': puts,
    'MB/s': Math.round(logicalBytes / seconds / 1e6),
  }
}

export const bench: Bench = {
  name: 'chunking-sizes',
  bar: 7,
  about:
    'which chunk sizes to cut: the dedup series under one rule after the other; the ratio is that of the chosen rule',
  run: async (context) => {
    const releases = await loadReleases(context.quick ? TYPESCRIPT_SERIES.slice(0, 4) : TYPESCRIPT_SERIES, context)
    const rows = []
    for (const rule of CANDIDATES) rows.push(await measure(rule, releases))
    context.table(rows)
    const { ratio } = await measure(CHOSEN, releases)
    return { ratio, minBytes: CHOSEN.minBytes, avgBytes: CHOSEN.avgBytes, maxBytes: CHOSEN.maxBytes }
  },
}
