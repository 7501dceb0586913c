import { expect, test } from 'vitest'
import type { ReadableByteStream } from '../core/object-store.ts'
import { largePieces } from './large-pieces.ts'

const PIECE = 64 * 1024
const BYTES = Uint8Array.from({ length: 3 * PIECE + 5 }, (_, at) => at % 251)

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at])

/** workerd's own, which a body from the network is as well: it gives to whoever reads what was written, piece by piece. */
declare const IdentityTransformStream: new () => TransformStream<Uint8Array, Uint8Array>

/** Fed by small writes, as the network does. */
function bodyOf(bytes: Uint8Array, options: { atOnce: number; breaksAt?: number }): ReadableByteStream {
  const { readable, writable } = new IdentityTransformStream()
  const feed = async (): Promise<void> => {
    const writer = writable.getWriter()
    for (let at = 0; at < bytes.length; at += options.atOnce) {
      if (at >= (options.breaksAt ?? Infinity)) return writer.abort(new Error('broken off'))
      await writer.write(bytes.slice(at, at + options.atOnce))
    }
    await writer.close()
  }
  // Whoever reads is told of what goes wrong.
  feed().catch(() => {})
  return new Response(readable).body as unknown as ReadableByteStream
}

async function all(stream: ReadableByteStream): Promise<{ lengths: number[]; bytes: Uint8Array }> {
  const lengths: number[] = []
  const bytes: number[] = []
  for await (const piece of largePieces(stream, PIECE)) {
    lengths.push(piece.length)
    bytes.push(...piece)
  }
  return { lengths, bytes: Uint8Array.from(bytes) }
}

test('in workerd, a body comes in whole pieces, the last one shorter, whatever it came in', async () => {
  for (const body of [new Response(BYTES).body as unknown as ReadableByteStream, bodyOf(BYTES, { atOnce: 4_096 })]) {
    const { lengths, bytes } = await all(body)
    expect(lengths).toEqual([PIECE, PIECE, PIECE, 5])
    expect(same(bytes, BYTES)).toBe(true)
  }
})

test('in workerd, a body without bytes has no pieces', async () => {
  expect((await all(new Response(new Uint8Array()).body as unknown as ReadableByteStream)).lengths).toEqual([])
})

test('in workerd, a body that ends with a whole piece has no empty one behind it', async () => {
  expect((await all(bodyOf(BYTES.subarray(0, 2 * PIECE), { atOnce: 4_096 }))).lengths).toEqual([PIECE, PIECE])
})

test('in workerd, a body that breaks off is an error, not a short end', async () => {
  await expect(all(bodyOf(BYTES, { atOnce: 4_096, breaksAt: 2 * PIECE }))).rejects.toThrow('broken off')
})

test('in workerd, who leaves early does not wait for the rest', async () => {
  for await (const piece of largePieces(bodyOf(BYTES, { atOnce: 4_096 }), PIECE)) {
    expect(piece.length).toBe(PIECE)
    break
  }
})
