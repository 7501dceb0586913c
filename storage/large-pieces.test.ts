import { expect, test } from 'vitest'
import type { ReadableByteStream } from '../core/object-store.ts'
import { largePieces } from './large-pieces.ts'

const BYTES = Uint8Array.from({ length: 10_000 }, (_, at) => at % 251)

/** Gives so many bytes at a time, and tells when nobody wants more. */
function byteStream(options: { atOnce: number; failsAt?: number; onCancel?: () => void }): ReadableByteStream {
  let at = 0
  const stream = new ReadableStream({
    type: 'bytes',
    pull(controller) {
      if (at >= (options.failsAt ?? Infinity)) return controller.error(new Error('broken off'))
      controller.enqueue(BYTES.slice(at, at + options.atOnce))
      at += options.atOnce
      if (at < BYTES.length) return
      controller.close()
      // Whoever waits for more than there is gets what there is.
      controller.byobRequest?.respond(0)
    },
    cancel: () => options.onCancel?.(),
  })
  return stream as unknown as ReadableByteStream
}

async function all(stream: ReadableByteStream, pieceBytes: number): Promise<{ lengths: number[]; bytes: Buffer }> {
  const pieces: Buffer[] = []
  for await (const piece of largePieces(stream, pieceBytes)) pieces.push(Buffer.from(piece))
  return { lengths: pieces.map(({ length }) => length), bytes: Buffer.concat(pieces) }
}

test.each([
  { atOnce: 100, pieceBytes: 4_096, lengths: [4_096, 4_096, 1_808] },
  { atOnce: 10_000, pieceBytes: 5_000, lengths: [5_000, 5_000] },
  { atOnce: 7, pieceBytes: 20_000, lengths: [10_000] },
])('$atOnce bytes at a time become pieces of $pieceBytes', async ({ atOnce, pieceBytes, lengths }) => {
  const read = await all(byteStream({ atOnce }), pieceBytes)
  expect(read.lengths).toEqual(lengths)
  expect(read.bytes.equals(BYTES)).toBe(true)
})

test('a stream that is no byte stream is passed on as it is', async () => {
  async function* pieces() {
    yield BYTES.subarray(0, 3)
    yield BYTES.subarray(3)
  }
  const plain = new ReadableStream({
    start(controller) {
      controller.enqueue(BYTES)
      controller.close()
    },
  })
  expect((await all(pieces(), 4_096)).lengths).toEqual([3, 9_997])
  expect((await all(plain as unknown as ReadableByteStream, 4_096)).lengths).toEqual([10_000])
})

test('who leaves early cancels it', async () => {
  let isCancelled = false
  for await (const piece of largePieces(byteStream({ atOnce: 10, onCancel: () => (isCancelled = true) }), 100)) {
    expect(piece.length).toBe(100)
    break
  }
  expect(isCancelled).toBe(true)
})

test('a stream that breaks off is an error, not a short end', async () => {
  await expect(all(byteStream({ atOnce: 100, failsAt: 500 }), 4_096)).rejects.toThrow('broken off')
})
