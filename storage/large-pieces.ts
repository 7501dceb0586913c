import type { ReadableByteStream } from '../core/object-store.ts'

const PIECE_BYTES = 256 * 1024

/** The part of a WHATWG byte stream that is used here, and what workerd calls `min`. */
type ByteReader = {
  read(view: Uint8Array, options?: { min: number }): Promise<{ value?: Uint8Array | undefined; done: boolean }>
  readAtLeast?(min: number, view: Uint8Array): Promise<{ value?: Uint8Array | undefined; done: boolean }>
  cancel(): Promise<void>
}

/**
 * The bytes of a stream in pieces of `pieceBytes`, the last one shorter. workerd gives out a body in pieces of 4 KiB to whoever just iterates: a
 * question and an answer for each cost ten times what it takes to hash it. A stream that has no such reader is passed on as it is.
 * A piece is valid until the next is asked for.
 */
export async function* largePieces(
  stream: ReadableByteStream,
  pieceBytes: number = PIECE_BYTES,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = byteReader(stream)
  if (reader === null) return yield* stream
  let memory = new Uint8Array(pieceBytes)
  let isAtEnd = false
  try {
    while (!isAtEnd) {
      const { value, done } = await readWhole(reader, memory)
      isAtEnd = done || value === undefined
      if (value === undefined) return
      if (value.length > 0) yield value
      memory = new Uint8Array(value.buffer as ArrayBuffer)
    }
  } finally {
    // Of one that has failed there is nothing left to cancel.
    if (!isAtEnd) await reader.cancel().catch(() => {})
  }
}

const readWhole = (reader: ByteReader, memory: Uint8Array) =>
  reader.readAtLeast === undefined
    ? reader.read(memory, { min: memory.length })
    : reader.readAtLeast(memory.length, memory)

function byteReader(stream: ReadableByteStream): ByteReader | null {
  const { getReader } = stream as { getReader?: (options: { mode: 'byob' }) => ByteReader }
  try {
    return getReader?.call(stream, { mode: 'byob' }) ?? null
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
