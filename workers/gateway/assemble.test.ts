import { createHash, randomBytes } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ObjectStore } from '../../core/object-store.ts'
import type { StoredContent } from '../../db/tenant/reads.ts'
import { memoryObjectStore } from '../../storage/memory/memory-object-store.ts'
import { assemble } from './assemble.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** A file of several chunks, each an object of its own. */
function stored(
  codec: 'raw' | 'zstd',
  parts: Uint8Array[],
): { store: ObjectStore & { place(key: string, bytes: Uint8Array): void }; content: StoredContent; plain: Buffer } {
  const store = memoryObjectStore({ now: () => 0 })
  const chunks = parts.map((part, i) => {
    const bytes = codec === 'zstd' ? zstdCompressSync(part) : part
    store.place(`k${i}`, bytes)
    return {
      sha256: sha256(bytes),
      size: bytes.length,
      plain: part.length,
      objectKey: `k${i}`,
      offset: 0,
      length: bytes.length,
      quarantined: false,
    }
  })
  const plain = Buffer.concat(parts)
  return { store, plain, content: { codec, chunks, inline: null, size: plain.length } as unknown as StoredContent }
}

const read = async (stream: ReadableStream<Uint8Array>) =>
  Buffer.concat(await Array.fromAsync(stream as unknown as AsyncIterable<Uint8Array>))

describe('the gateway way of bytes', () => {
  test.each(['raw', 'zstd'] as const)('%s: any range gives exactly its bytes', async (codec) => {
    const { store, content, plain } = stored(codec, [
      randomBytes(100),
      Buffer.alloc(50, 7),
      randomBytes(1),
      randomBytes(70),
    ])
    for (const [first, last] of [
      [0, plain.length - 1],
      [99, 100],
      [0, 0],
      [150, 151],
      [plain.length - 1, plain.length - 1],
    ] as const) {
      expect(
        (await read(await assemble(store, content, { first, last }))).equals(plain.subarray(first, last + 1)),
      ).toBe(true)
    }
  })

  test('T7 a flipped bit ends the stream before a byte of that chunk goes out', async () => {
    const parts = [randomBytes(100), randomBytes(100)]
    const { store, content } = stored('raw', parts)
    const damaged = Uint8Array.from(parts[1]!)
    damaged[42]! ^= 1
    store.place('k1', damaged)
    const seen: Uint8Array[] = []
    const reading = (async () => {
      for await (const piece of (await assemble(store, content, {
        first: 0,
        last: 199,
      })) as unknown as AsyncIterable<Uint8Array>)
        seen.push(piece)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'content-mismatch' })
    expect(Buffer.concat(seen).length).toBeLessThanOrEqual(100)
  })

  test('a chunk that is too large is told before a byte goes out, wherever in the file it lies', async () => {
    const { store, content } = stored('raw', [randomBytes(100), randomBytes(100)])
    content.chunks[1]!.plain = 65 * 1024 * 1024
    const refused = assemble(store, content, { first: 0, last: 199 })
    await expect(refused).rejects.toMatchObject({ code: 'invalid-request', facts: { field: 'Accept' } })
  })

  test('a bomb is stopped at the size that its manifest says', async () => {
    const { store, content } = stored('zstd', [Buffer.alloc(10_000_000)])
    content.chunks[0]!.plain = 1000
    const reading = assemble(store, content, { first: 0, last: 999 }).then(read)
    await expect(reading).rejects.toThrow()
  })
})
