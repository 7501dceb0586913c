import { createHash } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { AppError } from '../../core/errors.ts'
import type { ObjectStore, ReadableByteStream } from '../../core/object-store.ts'
import { largePieces } from '../../storage/large-pieces.ts'
import type { StoredChunk, StoredContent } from '../../db/tenant/reads.ts'
import type { ByteRange } from './byte-range.ts'

/**
 * A file's plaintext bytes `[first, last]` as a stream for clients that cannot assemble it themselves (the gateway way of bytes).
 * One chunk is held at a time; each is re-hashed before a byte of it goes out, so damage ends the stream instead of passing.
 * The first chunk is read before there is a stream: until then a store that fails is a problem that can still be told.
 * @throws store-unavailable, content-mismatch, invalid-request (a chunk is too large for this)
 */
export async function assemble(
  store: ObjectStore,
  stored: StoredContent,
  { first, last }: ByteRange,
): Promise<ReadableStream<Uint8Array>> {
  if (stored.inline !== null) return streamOf([Buffer.from(stored.inline, 'base64').subarray(first, last + 1)])
  const parts = chunkPlan(stored.chunks, { first, last })
  for (const { chunk } of parts) requireSmall(chunk)
  const read = async ({ chunk, from, to }: Part): Promise<Uint8Array> =>
    decode(stored, chunk, await readChunk(store, chunk)).subarray(from, to)
  let ready: Uint8Array | null = parts[0] ? await read(parts[0]) : null
  let next = 1
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const part = parts[next]
        const bytes: Uint8Array | null = ready ?? (part ? await read(part) : null)
        if (bytes === null) return controller.close()
        if (ready === null) next++
        ready = null
        controller.enqueue(bytes)
      } catch (error) {
        controller.error(error)
      }
    },
  })
}

type Part = { chunk: StoredChunk; from: number; to: number }

/** Which part of which chunks a range needs. */
export function chunkPlan(chunks: readonly StoredChunk[], { first, last }: ByteRange): Part[] {
  const parts: Part[] = []
  let start = 0
  for (const chunk of chunks) {
    const end = start + chunk.plain
    if (end > first && start <= last)
      parts.push({ chunk, from: Math.max(0, first - start), to: Math.min(chunk.plain, last + 1 - start) })
    start = end
  }
  return parts
}

/** Chunks of plain clients can be as large as an object may be; larger ones than this are passed on only by redirect. */
const CHUNK_MAX_BYTES = 64 * 1024 * 1024

function requireSmall({ length, plain }: StoredChunk): void {
  if (length <= CHUNK_MAX_BYTES && plain <= CHUNK_MAX_BYTES) return
  throw new AppError('invalid-request', {
    field: 'Accept',
    detail: 'chunks of this file are too large to be assembled here: ask for the chunk list',
  })
}

async function readChunk(store: ObjectStore, chunk: StoredChunk): Promise<Uint8Array> {
  const body = await store.get(chunk.objectKey, { offset: chunk.offset, length: chunk.length })
  if (!body) throw new AppError('internal', {}, { cause: new Error('a live chunk has no object') })
  const bytes = new Uint8Array(chunk.length)
  const at = await fill(bytes, body)
  const hash = createHash('sha256').update(bytes).digest('hex')
  if (at !== chunk.length || hash !== chunk.sha256)
    throw new AppError('content-mismatch', { detail: 'stored bytes are damaged' })
  return bytes
}

/** @returns how many bytes came. Throws `store-unavailable` when the store breaks off. */
async function fill(bytes: Uint8Array, body: ReadableByteStream): Promise<number> {
  let at = 0
  try {
    for await (const piece of largePieces(body)) {
      bytes.set(piece, at)
      at += piece.byteLength
    }
  } catch (cause) {
    throw new AppError('store-unavailable', { retryAfterMs: 1000 }, { cause })
  }
  return at
}

function decode(stored: StoredContent, chunk: StoredChunk, bytes: Uint8Array): Uint8Array {
  switch (stored.codec) {
    case 'raw':
      return bytes
    case 'zstd': {
      // The bound keeps a bomb from growing past what its manifest says.
      const plain = zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, chunk.plain) })
      if (plain.byteLength !== chunk.plain)
        throw new AppError('content-mismatch', { detail: 'a chunk does not give the bytes that it says' })
      return plain
    }
  }
}

function streamOf(pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
}
