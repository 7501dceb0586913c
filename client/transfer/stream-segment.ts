import { AppError } from '../../core/errors.ts'
import { restoreChunk } from '../content/restore-content.ts'
import { startSha256 } from '../content/sha256.ts'
import type { ChunkSegment } from './chunk-segments.ts'
import { chunkMismatch } from './remote-content.ts'
import { type Fetch, storedBytes } from './stored-bytes.ts'

/** Larger raw chunks are given out piece by piece, and judged by their hash after the last. */
const WHOLE_CHUNK_MAX_BYTES = 16 * 1024 * 1024

/** The plaintext of a large segment, chunk by chunk, read no faster than it is consumed. */
export async function* streamSegment(fetch: Fetch, segment: ChunkSegment): AsyncGenerator<Uint8Array, void, undefined> {
  const { content } = fetch.remote
  if (content.held === 'inline') return
  const bytes = createByteReader(storedBytes(fetch, segment))
  try {
    for (let ordinal = segment.first; ordinal < segment.first + segment.count; ordinal++) {
      const chunk = content.chunks[ordinal]
      if (chunk === undefined) throw chunkMismatch(ordinal, 'it is missing')
      if (content.codec !== 'raw' || chunk.size <= WHOLE_CHUNK_MAX_BYTES) {
        yield await restoreChunk(content, ordinal, await bytes.exactly(chunk.size))
        continue
      }
      const hash = startSha256()
      for await (const piece of bytes.pieces(chunk.size)) {
        hash.update(piece)
        yield piece
      }
      if (hash.digest() !== chunk.sha256) throw chunkMismatch(ordinal, 'its bytes do not have its hash')
    }
  } finally {
    await bytes.close()
  }
}

/** Takes bytes off a stream by length. */
function createByteReader(source: AsyncGenerator<Uint8Array, void, undefined>) {
  let rest: Uint8Array = new Uint8Array(0)
  const next = async (atMost: number): Promise<Uint8Array> => {
    while (rest.length === 0) {
      const step = await source.next()
      if (step.done) throw new AppError('content-mismatch', { detail: 'the object is shorter than its chunks' })
      rest = step.value
    }
    const piece = rest.subarray(0, atMost)
    rest = rest.subarray(piece.length)
    return piece
  }
  async function* pieces(length: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let left = length; left > 0;) {
      const piece = await next(left)
      left -= piece.length
      yield piece
    }
  }
  const exactly = async (length: number): Promise<Uint8Array> => {
    const whole = Buffer.allocUnsafeSlow(length)
    let at = 0
    for await (const piece of pieces(length)) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole
  }
  return { pieces, exactly, close: () => source.return() }
}
