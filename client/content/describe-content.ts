import { type ChunkingRule, chunkingRuleFor, createCutter } from '../../core/chunking.ts'
import { type Content, MANIFEST_MAX_CHUNKS } from '../../core/content.ts'
import { invariant } from '../../core/errors.ts'
import { type ChunkSlots, createChunkSlots } from './chunk-slots.ts'
import { chooseCodec, type CodecChoice, SAMPLE_BYTES } from './codec.ts'
import { createEncodingLine, type EncodingLine, type StoredChunk } from './encoding-line.ts'
import { sha256Of, startSha256 } from './sha256.ts'

export type ChunkedContent = Content & { held: 'chunks' }

export type DescribeOptions = {
  /** Plaintext bytes that the source is expected to give; picks the chunking rule. */
  sizeBytes: number
  /** Another rule than that of the size: for measurements and tests. */
  rule?: ChunkingRule
  /** Shared by several files, or else made for this one. `slotBytes` must cover the rule's `maxBytes`. */
  slots?: ChunkSlots
  signal?: AbortSignal
}

/** Memory for the chunks of one file, unless the caller brings slots. */
const SLOT_BUDGET_BYTES = 16 * 1024 * 1024
/** Chunks that zlib's threads work on while the next is cut. */
const ENCODE_AHEAD = 3

/** Slots for files under one rule: 4 to 32, 16 MiB together where the chunks are small enough for it. */
export function slotsFor(rule: ChunkingRule): ChunkSlots {
  const fitting = Math.floor(SLOT_BUDGET_BYTES / rule.maxBytes)
  return createChunkSlots({ slotBytes: rule.maxBytes, count: Math.max(ENCODE_AHEAD + 1, Math.min(32, fitting)) })
}

/**
 * Reads a file once and yields its stored chunks in order; returns its content, ready for a commit. Each piece of the
 * source is used up before the next is asked for, so a source may reuse its buffers.
 *
 *     source pieces → cut → copy to a slot → encode (up to 4 at once) → hash → yield → the consumer releases the slot
 *
 * It waits for a slot only while it holds none itself, so several files may share slots without a deadlock.
 * Throws what the source throws, the signal's reason, and `body-too-large` when a file outgrows its manifest.
 */
export async function* describeContent(
  source: AsyncIterable<Uint8Array>,
  options: DescribeOptions,
): AsyncGenerator<StoredChunk, ChunkedContent, undefined> {
  const rule = options.rule ?? chunkingRuleFor(options.sizeBytes)
  const slots = options.slots ?? slotsFor(rule)
  invariant(slots.slotBytes >= rule.maxBytes, 'a slot holds the largest chunk')
  const cutter = createCutter(rule)
  const whole = startSha256()
  const line = createEncodingLine(MANIFEST_MAX_CHUNKS)
  let choice: CodecChoice = { codec: 'raw' }
  let size = 0
  try {
    for await (const piece of withWholeSample(source)) {
      options.signal?.throwIfAborted()
      if (size === 0) choice = chooseCodec(piece.subarray(0, SAMPLE_BYTES))
      whole.update(piece)
      size += piece.length
      for (let at = 0; at < piece.length;) {
        if (!line.isOpen()) yield* openChunk(line, slots, options.signal)
        const cut = cutter.next(piece, at, piece.length)
        const end = cut < 0 ? piece.length : cut
        line.append(piece.subarray(at, end))
        at = end
        if (cut >= 0) line.close(choice)
        while (line.length() > ENCODE_AHEAD) yield await line.take()
      }
    }
    if (line.isOpen()) line.close(choice)
    while (line.length() > 0) yield await line.take()
    return { codec: choice.codec, size, sha256: whole.digest(), held: 'chunks', chunks: line.taken() }
  } finally {
    await line.abandon()
  }
}

/**
 * As `describeContent`, of a file that is one chunk and lies in memory: without the machinery, and what is stored as it is, is hashed once.
 * @returns `null`: it is larger than a sample, or more than one chunk
 */
export function describeOneChunk(plain: Uint8Array): { content: ChunkedContent; stored: Uint8Array } | null {
  if (plain.length === 0 || plain.length > SAMPLE_BYTES) return null
  const cut = createCutter(chunkingRuleFor(plain.length)).next(plain, 0, plain.length)
  if (cut >= 0 && cut < plain.length) return null
  const choice = chooseCodec(plain)
  const stored = choice.codec === 'zstd' ? choice.storedSample : plain
  const whole = sha256Of(plain)
  const chunk = { sha256: stored === plain ? whole : sha256Of(stored), size: stored.length, plain: plain.length }
  return {
    content: { codec: choice.codec, size: plain.length, sha256: whole, held: 'chunks', chunks: [chunk] },
    stored,
  }
}

/** Opens the next chunk; while there is no slot, lets finished chunks go, and only then waits. */
async function* openChunk(line: EncodingLine, slots: ChunkSlots, signal?: AbortSignal) {
  let slot = slots.tryTake()
  while (!slot && line.length() > 0) {
    yield await line.take()
    slot = slots.tryTake()
  }
  line.open(slot ?? (await slots.take(signal)))
}

/** The same bytes, with a first piece that holds all of the sample, however the source is split (CH-7). */
async function* withWholeSample(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const start: Uint8Array[] = []
  let startBytes = 0
  for await (const piece of source) {
    if (startBytes >= SAMPLE_BYTES) {
      yield piece
      continue
    }
    startBytes += piece.length
    if (start.length === 0 && startBytes >= SAMPLE_BYTES) {
      yield piece
      continue
    }
    start.push(Uint8Array.from(piece)) // a copy: the source may reuse its buffer
    if (startBytes >= SAMPLE_BYTES) yield Buffer.concat(start.splice(0))
  }
  if (start.length > 0) yield Buffer.concat(start)
}
