import type { ChunkRef } from '../../core/content.ts'
import { AppError, invariant } from '../../core/errors.ts'
import type { Sha256 } from '../../core/ids.ts'
import type { Slot } from './chunk-slots.ts'
import { type CodecChoice, encodeChunk } from './codec.ts'
import { sha256Of } from './sha256.ts'

/** One chunk in its stored form. */
export type StoredChunk = {
  /** 0, 1, 2 … within the file. */
  ordinal: number
  /** Of the stored bytes: the chunk's name. */
  sha256: Sha256
  /** Valid until `release()`. */
  stored: Uint8Array
  storedBytes: number
  plainBytes: number
  /** Gives the chunk's buffer back. Every chunk must be released, or the next ones never come. */
  release(): void
}

/**
 * The way of one file's chunks from plaintext to stored form: at most one is being filled, the others are encoded
 * (some on zlib's threads) and leave in the order in which they came.
 */
export type EncodingLine = {
  /** Chunks that are closed and not taken yet. */
  length(): number
  /** Whether a chunk is open for `append`. */
  isOpen(): boolean
  open(slot: Slot): void
  append(plain: Uint8Array): void
  /** Ends the open chunk and starts encoding it. */
  close(choice: CodecChoice): void
  /** The oldest closed chunk, encoded. The caller releases it. */
  take(): Promise<StoredChunk>
  /** What was taken so far, as a manifest lists it. */
  taken(): ChunkRef[]
  /** Gives back every slot that is still in the line. */
  abandon(): Promise<void>
}

/** @param maxChunks more chunks than this is `body-too-large` */
export function createEncodingLine(maxChunks: number): EncodingLine {
  const closed: Promise<StoredChunk>[] = []
  const refs: ChunkRef[] = []
  let filling: Slot | null = null
  let filledBytes = 0
  let ordinal = 0

  const close = (choice: CodecChoice) => {
    invariant(filling, 'a chunk is open')
    if (ordinal >= maxChunks) {
      throw new AppError('body-too-large', {
        field: 'chunks',
        detail: 'the file outgrew its manifest while it was read',
      })
    }
    const encoded = storeChunk(filling, { ordinal: ordinal++, plainBytes: filledBytes, choice })
    // It is awaited in its turn; until then a failure is not "unhandled".
    encoded.catch(() => undefined)
    closed.push(encoded)
    filling = null
    filledBytes = 0
  }
  const take = async () => {
    const chunk = await closed.shift()
    invariant(chunk, 'a chunk is in the line')
    refs.push({ sha256: chunk.sha256, size: chunk.storedBytes, plain: chunk.plainBytes })
    return chunk
  }
  const abandon = async () => {
    filling?.release()
    filling = null
    for (const left of await Promise.allSettled(closed.splice(0))) if (left.status === 'fulfilled') left.value.release()
  }
  return {
    length: () => closed.length,
    isOpen: () => filling !== null,
    open: (slot) => void (filling = slot),
    append: (plain) => {
      invariant(filling, 'a chunk is open')
      filling.bytes.set(plain, filledBytes)
      filledBytes += plain.length
    },
    close,
    take,
    taken: () => refs,
    abandon,
  }
}

async function storeChunk(
  slot: Slot,
  facts: { ordinal: number; plainBytes: number; choice: CodecChoice },
): Promise<StoredChunk> {
  const { ordinal, plainBytes, choice } = facts
  try {
    const isSample = choice.codec === 'zstd' && ordinal === 0 && plainBytes === choice.sampleBytes
    const plain = slot.bytes.subarray(0, plainBytes)
    const stored = isSample ? choice.storedSample : await encodeChunk(choice.codec, plain)
    const sha256 = sha256Of(stored)
    return { ordinal, sha256, stored, storedBytes: stored.length, plainBytes, release: slot.release }
  } catch (error) {
    slot.release()
    throw error
  }
}
