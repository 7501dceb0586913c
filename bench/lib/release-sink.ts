import { open, readFile, stat } from 'node:fs/promises'
import { type ChunkSlots, createChunkSlots } from '../../client/content/chunk-slots.ts'
import { describeContent } from '../../client/content/describe-content.ts'
import { inlineContent, isInline } from '../../client/content/inline.ts'
import { type Packable, planPacks } from '../../client/content/pack.ts'
import { readPieces } from '../../client/content/read-pieces.ts'
import { type ChunkingRule, chunkingRuleFor } from '../../core/chunking.ts'
import type { ChunkRef } from '../../core/content.ts'
import type { Sha256 } from '../../core/ids.ts'
import type { Release } from './release-series.ts'

/** Where a series of releases is stored, one after the other: a model of it, or a running server. */
export type ReleaseSink = {
  store(release: Release): Promise<void>
  /** All that is kept for what was stored so far: objects and rows. */
  storedBytes(): Promise<number>
}

/** What a reference from a manifest to a chunk is counted as: hash and size. */
const REFERENCE_BYTES = 40

export type ContentFigures = {
  chunks: number
  references: number
  inlineFiles: number
  /** With packs: what an upload would send. */
  puts: number
  storedBytes: number
}

/**
 * Stores the way our client does, without a server: inline up to 4 KiB; else chunks, compressed and deduplicated by the
 * hash of their stored bytes over the whole series, new ones packed per release.
 * @param rule one rule for every file, instead of that of its size
 */
export function createContentSink(rule?: ChunkingRule): ReleaseSink & { figures(): ContentFigures } {
  const known = new Set<Sha256>()
  const figures: ContentFigures = { chunks: 0, references: 0, inlineFiles: 0, puts: 0, storedBytes: 0 }
  const slotBytes = (rule ?? chunkingRuleFor(0)).maxBytes
  const slots = createChunkSlots({ count: 8, slotBytes })

  const storeFile = async (path: string, fresh: Packable[]) => {
    const { size } = await stat(path)
    if (isInline(size)) {
      figures.inlineFiles++
      figures.storedBytes += inlineContent(await readFile(path)).size
      return
    }
    for (const chunk of await describeFile(path, { sizeBytes: size, rule: rule ?? chunkingRuleFor(size), slots })) {
      figures.references++
      figures.storedBytes += REFERENCE_BYTES
      if (known.has(chunk.sha256)) continue
      known.add(chunk.sha256)
      figures.chunks++
      figures.storedBytes += chunk.size
      fresh.push(chunk)
    }
  }
  const store = async (release: Release) => {
    const fresh: Packable[] = []
    for (const path of release.files) await storeFile(path, fresh)
    const { packs, singles } = planPacks(fresh)
    figures.puts += packs.length + singles.length
  }
  return { store, storedBytes: async () => figures.storedBytes, figures: () => figures }
}

async function describeFile(
  path: string,
  options: { sizeBytes: number; rule: ChunkingRule; slots: ChunkSlots },
): Promise<ChunkRef[]> {
  await using file = await open(path)
  const shared = options.slots.slotBytes >= options.rule.maxBytes ? { slots: options.slots } : {}
  const { sizeBytes, rule } = options
  const chunks = describeContent(readPieces(file, options), { sizeBytes, rule, ...shared })
  for (;;) {
    const step = await chunks.next()
    if (step.done) return step.value.chunks
    step.value.release()
  }
}
