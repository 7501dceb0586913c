import type { ContentReply } from '../../protocol/files.ts'

/** Consecutive chunks of the file that lie behind each other in the answer to one signed request. */
export type ChunkSegment = {
  /** The ordinals `[first, first + count)` of the file. */
  first: number
  count: number
  /** Where the first begins in the answer. */
  offset: number
  /** Stored bytes. */
  length: number
  plainBytes: number
}

type Chunks = ContentReply['chunks']

/**
 * Cuts a window of the chunk list into segments, in file order. A segment reads on in its answer, over gaps at most: a chunk that
 * lies before the one that precedes it in the file begins a new one, and so a request of its own.
 * @param wanted the chunks `[from, before)`
 */
export function cutSegments(
  window: { from: number; chunks: Chunks },
  wanted: { from: number; before?: number },
): ChunkSegment[] {
  const segments: (ChunkSegment & { object: number })[] = []
  const before = Math.min(window.from + window.chunks.length, wanted.before ?? Infinity)
  for (let ordinal = Math.max(window.from, wanted.from); ordinal < before; ordinal++) {
    const chunk = window.chunks[ordinal - window.from]
    if (chunk === undefined) break
    const { object, offset, size, plain } = chunk
    const last = segments.at(-1)
    if (last !== undefined && last.object === object && last.offset + last.length === offset) {
      last.count++
      last.length += size
      last.plainBytes += plain
    } else {
      segments.push({ first: ordinal, count: 1, object, offset, length: size, plainBytes: plain })
    }
  }
  return segments
}
