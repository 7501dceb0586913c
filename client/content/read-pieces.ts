import type { FileHandle } from 'node:fs/promises'

const PIECE_BYTES = 1024 * 1024
/** Also when the size is far too small, because the file has grown. */
const PIECE_MIN_BYTES = 16 * 1024

/**
 * A file from its start to its end, in pieces, reading one piece ahead. Two buffers take turns: a piece is valid only
 * until the next one is asked for.
 * @param options.sizeBytes what the file is thought to hold; it picks the buffers' size, not where reading ends
 */
export async function* readPieces(
  file: FileHandle,
  options: { sizeBytes: number; signal?: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { sizeBytes, signal } = options
  // One byte more than the file: a read that does not fill its buffer has met the end, so a small file is one read.
  const bufferBytes = Math.max(PIECE_MIN_BYTES, Math.min(PIECE_BYTES, sizeBytes + 1))
  let filling: Uint8Array = Buffer.allocUnsafeSlow(bufferBytes)
  let spare: Uint8Array | null = null
  let position = 0
  let reading = file.read(filling, 0, bufferBytes, 0)
  for (;;) {
    const { bytesRead } = await reading
    signal?.throwIfAborted()
    if (bytesRead === 0) return
    const full = filling
    position += bytesRead
    if (bytesRead < bufferBytes) return yield full.subarray(0, bytesRead)
    filling = spare ?? Buffer.allocUnsafeSlow(bufferBytes)
    spare = full
    reading = file.read(filling, 0, bufferBytes, position)
    // If the consumer leaves at this yield, nobody awaits the read under way; its failure must not go unhandled.
    reading.catch(() => undefined)
    yield full
  }
}
