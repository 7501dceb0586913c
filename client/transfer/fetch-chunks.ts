import type { Transport } from '../transport.ts'
import { type ChunkSegment, cutSegments } from './chunk-segments.ts'
import { collectSegment } from './collect-segment.ts'
import type { RemoteContent } from './remote-content.ts'
import { createSegmentMemory, type SegmentMemory } from './segment-memory.ts'
import type { Fetch } from './stored-bytes.ts'
import { streamSegment } from './stream-segment.ts'

/**
 * The plaintext of a version, in order and verified, from the object store.
 *
 *     segment 1 (being given out)   segment 2 (in memory)   segment 3 (arriving)   segment 4 …
 *
 * Small segments are fetched ahead, in parallel, and held until their turn. A large one (a plain client's 5 GiB chunk, the parts
 * of a multipart upload) is read as it is consumed, so that memory stays bounded whatever a file is made of.
 */
export type FetchLimits = {
  /** GETs at once. */
  concurrency: number
  /** Bytes held, stored and plain together, those that are given out included. */
  memoryBytes: number
  /** Told of stored bytes as they arrive. */
  onReceived: (bytes: number) => void
}

/** Larger segments are read when it is their turn. */
const AHEAD_MAX_BYTES = 8 * 1024 * 1024

/**
 * A piece is valid until the one after the next is asked for, then its memory serves another: one may be written while the next is read.
 * @param options the chunks `[fromOrdinal, beforeOrdinal)`
 * @throws AppError `content-mismatch` naming the chunk; `store-unavailable`; ConnectionError
 */
export async function* fetchChunks(
  remote: RemoteContent,
  transport: Transport,
  options: FetchLimits & { fromOrdinal: number; beforeOrdinal?: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { content } = remote
  if (content.held === 'inline') return yield Buffer.from(content.inline, 'base64')
  const leaving = new AbortController()
  const signal = transport.signal === undefined ? leaving.signal : AbortSignal.any([transport.signal, leaving.signal])
  const fetch: Fetch = { remote, transport: transport.with({ signal }), onReceived: options.onReceived }
  const ahead = createAhead(fetch, allSegments(remote, options.fromOrdinal, options.beforeOrdinal ?? Infinity), options)
  let before: Turn | null = null
  try {
    for (let turn = await ahead.next(); turn !== null; turn = await ahead.next()) {
      for await (const piece of turn.pieces()) {
        transport.signal?.throwIfAborted()
        yield piece
      }
      if (before !== null) ahead.done(before)
      before = turn
    }
  } finally {
    leaving.abort(new DOMException('the rest is not wanted', 'AbortError'))
    await ahead.end()
  }
}

async function* allSegments(
  remote: RemoteContent,
  from: number,
  before: number,
): AsyncGenerator<ChunkSegment, void, undefined> {
  let ordinal = from
  while (ordinal < before) {
    const window = await remote.window(ordinal)
    if (window === null) return
    yield* cutSegments(window, { from: ordinal, before })
    ordinal = window.from + window.chunks.length
  }
}

type Turn = {
  heldBytes: number
  pieces: () => AsyncIterable<Uint8Array>
  /** Its memory may serve another. */
  done: () => void
  settled: Promise<unknown>
}

/** Segments whose turn has not come, as many as the limits allow; one in any case, so that something arrives while another is given out. */
function createAhead(fetch: Fetch, segments: AsyncIterator<ChunkSegment>, limits: FetchLimits) {
  const memory = createSegmentMemory()
  const waiting: Turn[] = []
  let begun = 0
  let heldBytes = 0
  let isAtEnd = false
  let failure: { error: unknown } | null = null
  const isRoom = (): boolean =>
    !isAtEnd && (waiting.length === 0 || (begun < limits.concurrency && heldBytes < limits.memoryBytes))
  const fill = async (): Promise<void> => {
    while (isRoom()) {
      const step = await segments.next()
      if (step.done) isAtEnd = true
      if (step.done || isAtEnd) return
      const turn = begin(fetch, step.value, memory)
      begun++
      heldBytes += turn.heldBytes
      waiting.push(turn)
    }
  }
  let filling: Promise<void> | null = null
  const refill = (): Promise<void> =>
    (filling ??= fill()
      .catch((error: unknown) => {
        isAtEnd = true
        failure = { error }
      })
      .finally(() => (filling = null)))
  return {
    /** What is known of is given out while the next window of the list is asked for. */
    next: async (): Promise<Turn | null> => {
      const filled = refill()
      if (waiting.length === 0) await filled
      const turn = waiting.shift()
      if (turn === undefined && failure !== null) throw failure.error
      return turn ?? null
    },
    done: (turn: Turn): void => {
      begun--
      heldBytes -= turn.heldBytes
      turn.done()
    },
    /** Begins nothing more, and waits for what was begun. */
    end: async (): Promise<void> => {
      isAtEnd = true
      await Promise.allSettled(waiting.map((turn) => turn.settled))
    },
  }
}

function begin(fetch: Fetch, segment: ChunkSegment, memory: SegmentMemory): Turn {
  const { length, plainBytes } = segment
  if (Math.max(length, plainBytes) > AHEAD_MAX_BYTES)
    return { heldBytes: 0, pieces: () => streamSegment(fetch, segment), done: () => {}, settled: Promise.resolve() }
  const bytes = memory.take(length)
  const collected = collectSegment(fetch, segment, bytes)
  // It is awaited when its turn comes.
  collected.catch(() => {})
  return {
    heldBytes: bytes.length + (fetch.remote.content.codec === 'raw' ? 0 : plainBytes),
    pieces: async function* () {
      yield* await collected
    },
    done: () => memory.give(bytes),
    settled: collected,
  }
}
