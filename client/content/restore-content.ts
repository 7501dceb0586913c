import { chunkingRuleFor } from '../../core/chunking.ts'
import type { ChunkRef, Content } from '../../core/content.ts'
import { findManifestFault } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import { decodeChunk } from './codec.ts'
import { sha256Of, startSha256 } from './sha256.ts'

/** A compressed chunk of a file of usual size may give at most this much: above what any client of ours cuts. */
const DECODED_MAX_BYTES = 64 * 1024 * 1024

/**
 * The plaintext of one chunk, for readers that fetch chunks in any order. The stored bytes are hashed before anything
 * else looks at them (CH-10). Throws `content-mismatch` with the chunk's `ordinal`; nothing of the chunk is given out then.
 */
export async function restoreChunk(content: Content, ordinal: number, stored: Uint8Array): Promise<Uint8Array> {
  const ref = content.held === 'chunks' ? content.chunks[ordinal] : undefined
  if (!ref) throw mismatch(ordinal, 'the content has no such chunk')
  if (stored.length !== ref.size) throw mismatch(ordinal, `it has ${stored.length} bytes instead of ${ref.size}`)
  if (sha256Of(stored) !== ref.sha256) throw mismatch(ordinal, 'its bytes do not have its hash')
  if (content.codec !== 'raw' && ref.plain > Math.max(DECODED_MAX_BYTES, chunkingRuleFor(content.size).maxBytes)) {
    throw mismatch(ordinal, 'it promises more plaintext than a chunk may hold')
  }
  const plain = await decode(content, ref, { ordinal, stored })
  if (plain.length !== ref.plain) throw mismatch(ordinal, `it gives ${plain.length} bytes instead of ${ref.plain}`)
  return plain
}

async function decode(content: Content, ref: ChunkRef, from: { ordinal: number; stored: Uint8Array }) {
  try {
    return await decodeChunk(content.codec, from.stored, ref.plain)
  } catch (cause) {
    throw mismatch(from.ordinal, `it cannot be decoded to ${ref.plain} bytes`, cause)
  }
}

/**
 * The plaintext of a content, piece by piece and in order, from its stored chunks in order (inline content needs none).
 * The last check, size and hash of the whole, comes after the last piece: whoever writes a file makes it visible only
 * when the generator has ended. Throws `content-mismatch`.
 */
export async function* restoreContent(
  content: Content,
  storedChunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fault = findManifestFault(content)
  if (fault) throw new AppError('content-mismatch', fault)
  const whole = startSha256()
  let size = 0
  for await (const plain of plainPieces(content, storedChunks)) {
    whole.update(plain)
    size += plain.length
    yield plain
  }
  if (size !== content.size || whole.digest() !== content.sha256) {
    throw new AppError('content-mismatch', { field: 'sha256', detail: 'the file as a whole does not have its hash' })
  }
}

async function* plainPieces(content: Content, storedChunks: AsyncIterable<Uint8Array>) {
  if (content.held === 'inline') {
    yield Buffer.from(content.inline, 'base64')
    return
  }
  let ordinal = 0
  for await (const stored of storedChunks) yield await restoreChunk(content, ordinal++, stored)
  if (ordinal !== content.chunks.length) throw mismatch(ordinal, 'it is missing')
}

const mismatch = (ordinal: number, what: string, cause?: unknown) =>
  new AppError(
    'content-mismatch',
    { field: `chunks/${ordinal}`, ordinal, detail: `chunk ${ordinal}: ${what}` },
    { cause },
  )
