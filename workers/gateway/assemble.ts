import { createHash } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { AppError } from '../../core/errors.ts'
import type { ObjectStore } from '../../core/object-store.ts'
import type { StoredChunk, StoredContent } from '../../db/tenant/reads.ts'
import type { ByteRange } from './byte-range.ts'

/**
 * A file's plaintext bytes `[first, last]` as a stream for clients that cannot assemble it themselves (the gateway way of bytes).
 * One chunk is held at a time; each is re-hashed before a byte of it goes out, so damage ends the stream instead of passing.
 */
export function assemble(
  store: ObjectStore,
  stored: StoredContent,
  { first, last }: ByteRange,
): ReadableStream<Uint8Array> {
  if (stored.inline !== null) return streamOf([Buffer.from(stored.inline, 'base64').subarray(first, last + 1)])
  const parts = chunkPlan(stored.chunks, { first, last })
  let next = 0
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const part = parts[next++]
      if (!part) return controller.close()
      try {
        const plain = decode(stored, part.chunk, await readChunk(store, part.chunk))
        controller.enqueue(plain.subarray(part.from, part.to))
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

async function readChunk(store: ObjectStore, chunk: StoredChunk): Promise<Uint8Array> {
  if (chunk.length > CHUNK_MAX_BYTES || chunk.plain > CHUNK_MAX_BYTES) {
    throw new AppError('invalid-request', {
      field: 'Accept',
      detail: 'chunks of this file are too large to be assembled here: ask for the chunk list',
    })
  }
  const body = await store.get(chunk.objectKey, { offset: chunk.offset, length: chunk.length })
  if (!body) throw new AppError('internal', {}, { cause: new Error('a live chunk has no object') })
  const bytes = new Uint8Array(chunk.length)
  let at = 0
  for await (const piece of body) {
    bytes.set(piece, at)
    at += piece.byteLength
  }
  const hash = createHash('sha256').update(bytes).digest('hex')
  if (at !== chunk.length || hash !== chunk.sha256)
    throw new AppError('content-mismatch', { detail: 'stored bytes are damaged' })
  return bytes
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
