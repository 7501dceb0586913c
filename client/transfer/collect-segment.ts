import { restoreChunk } from '../content/restore-content.ts'
import type { ChunkSegment } from './chunk-segments.ts'
import { type Fetch, storedBytes } from './stored-bytes.ts'

/**
 * All of a small segment. Each chunk is judged, and decoded, as soon as its last byte is there, while the others arrive.
 * @param memory for its stored bytes, which those of `raw` stay in
 */
export async function collectSegment(fetch: Fetch, segment: ChunkSegment, memory: Uint8Array): Promise<Uint8Array[]> {
  const { content } = fetch.remote
  if (content.held === 'inline') return []
  const pieces: Uint8Array[] = []
  const end = segment.first + segment.count
  let ordinal = segment.first
  let from = 0
  let filled = 0
  for await (const bytes of storedBytes(fetch, segment)) {
    memory.set(bytes, filled)
    filled += bytes.length
    for (let chunk = content.chunks[ordinal]; ordinal < end && chunk !== undefined; chunk = content.chunks[ordinal]) {
      if (from + chunk.size > filled) break
      pieces.push(await restoreChunk(content, ordinal, memory.subarray(from, from + chunk.size)))
      from += chunk.size
      ordinal++
    }
  }
  // They lie side by side: one write, and not one for each chunk.
  return content.codec === 'raw' ? [memory.subarray(0, segment.length)] : pieces
}
