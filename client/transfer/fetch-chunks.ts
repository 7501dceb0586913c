import { AppError } from '../../core/errors.ts'
import { ConnectionError } from '../connection-error.ts'
import { restoreChunk } from '../content/restore-content.ts'
import { startSha256 } from '../content/sha256.ts'
import type { Transport } from '../transport.ts'
import { type ChunkSegment, cutSegments } from './chunk-segments.ts'
import { getObject } from './object-requests.ts'
import { chunkMismatch, type RemoteContent } from './remote-content.ts'

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
  /** Bytes held ahead of their turn, stored and plain together. */
  memoryBytes: number
  /** Told of stored bytes as they arrive. */
  onReceived: (bytes: number) => void
}

/** Larger segments are read when it is their turn. */
const AHEAD_MAX_BYTES = 8 * 1024 * 1024
/** Larger raw chunks are given out piece by piece, and judged by their hash after the last. */
const WHOLE_CHUNK_MAX_BYTES = 16 * 1024 * 1024
/** How often a body may break off without a byte more, or one object be looked for. */
const BREAKS_MAX = 20

type Fetch = { remote: RemoteContent; transport: Transport; limits: FetchLimits }

/**
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
  const fetch: Fetch = { remote, transport: transport.with({ signal }), limits: options }
  const segments = allSegments(remote, options.fromOrdinal, options.beforeOrdinal ?? Infinity)
  const ahead: Ahead[] = []
  let heldBytes = 0
  let isAtEnd = false
  const fill = async () => {
    while (!isAtEnd && ahead.length < options.concurrency && (ahead.length === 0 || heldBytes < options.memoryBytes)) {
      const step = await segments.next()
      if (step.done) {
        isAtEnd = true
        return
      }
      const started = startAhead(fetch, step.value)
      heldBytes += started.heldBytes
      ahead.push(started)
    }
  }
  try {
    await fill()
    for (let turn = ahead.shift(); turn !== undefined; turn = ahead.shift()) {
      for await (const piece of turn.pieces()) {
        transport.signal?.throwIfAborted()
        yield piece
      }
      heldBytes -= turn.heldBytes
      await fill()
    }
  } finally {
    leaving.abort(new DOMException('the rest is not wanted', 'AbortError'))
    await Promise.allSettled(ahead.map((waiting) => waiting.settled))
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

type Ahead = { heldBytes: number; pieces: () => AsyncGenerator<Uint8Array, void, undefined>; settled: Promise<unknown> }

function startAhead(fetch: Fetch, segment: ChunkSegment): Ahead {
  const largest = Math.max(segment.length, segment.plainBytes)
  if (largest > AHEAD_MAX_BYTES)
    return { heldBytes: 0, pieces: () => readSegment(fetch, segment), settled: Promise.resolve() }
  const collected = collect(readSegment(fetch, segment))
  // It is awaited when its turn comes.
  collected.catch(() => {})
  const pieces = async function* () {
    yield* await collected
  }
  return { heldBytes: segment.length + segment.plainBytes, pieces, settled: collected }
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return all
}

/** Cuts the stored bytes of a segment into its chunks and gives out their plaintext. */
async function* readSegment(fetch: Fetch, segment: ChunkSegment): AsyncGenerator<Uint8Array, void, undefined> {
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

/** The stored bytes of a segment, from one answer, or from several where it breaks off: what was given out is skipped then. */
async function* storedBytes(fetch: Fetch, segment: ChunkSegment): AsyncGenerator<Uint8Array, void, undefined> {
  const { remote, transport, limits } = fetch
  let given = 0
  let breaks = 0
  let wasMissing = false
  while (given < segment.length) {
    const request = await remote.requestFor(segment.first)
    const answer = await getObject(transport, request)
    if (answer.is !== 'open') {
      if (answer.is === 'missing' && wasMissing) throw chunkMismatch(segment.first, 'the object store does not have it')
      wasMissing ||= answer.is === 'missing'
      await remote.renew(segment.first, request)
      continue
    }
    try {
      for await (const piece of slicePieces(answer.body, segment.offset + given, segment.length - given)) {
        limits.onReceived(piece.length)
        remote.progressed()
        given += piece.length
        breaks = 0
        yield piece
      }
    } catch (error) {
      transport.signal?.throwIfAborted()
      if (!(error instanceof ConnectionError)) throw error
    }
    if (given < segment.length && ++breaks > BREAKS_MAX)
      throw new ConnectionError('the object keeps breaking off', breaks)
  }
}

/** `length` bytes of a body from `offset` on; fewer when it ends early. */
async function* slicePieces(body: AsyncIterable<Uint8Array>, offset: number, length: number) {
  let position = 0
  const end = offset + length
  for await (const piece of body) {
    const from = Math.max(0, offset - position)
    const to = Math.min(piece.length, end - position)
    if (from < to) yield piece.subarray(from, to)
    position += piece.length
    if (position > end) return
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
