import { zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chunkingRuleFor } from '../../core/chunking.ts'
import type { Codec } from '../../core/content.ts'
import type { Sha256 } from '../../core/ids.ts'
import { type ChunkedContent, describeContent } from './describe-content.ts'
import { restoreChunk, restoreContent } from './restore-content.ts'
import { seededBytes, seededText } from './seeded-bytes.ts'
import { sha256Of } from './sha256.ts'

const mismatch = (ordinal: number) =>
  expect.objectContaining({ code: 'content-mismatch', facts: expect.objectContaining({ ordinal }) })

async function* each<T>(items: T[]) {
  yield* items
}

async function describeBytes(plain: Uint8Array) {
  const stored: Uint8Array[] = []
  const chunks = describeContent(each([plain]), { sizeBytes: plain.length })
  for (;;) {
    const step = await chunks.next()
    if (step.done) return { content: step.value, stored }
    stored.push(Uint8Array.from(step.value.stored))
    step.value.release()
  }
}

/** A content of one chunk that promises `plain` bytes and is `stored`; its hashes are right. */
function oneChunk(codec: Codec, stored: Uint8Array, plain: number): ChunkedContent {
  const chunk = { sha256: sha256Of(stored), size: stored.length, plain }
  return { codec, size: plain, sha256: '0'.repeat(64) as Sha256, held: 'chunks', chunks: [chunk] }
}

const written: number[] = []
async function drain(content: ChunkedContent, stored: Uint8Array[]) {
  written.length = 0
  for await (const piece of restoreContent(content, each(stored))) written.push(piece.length)
}

describe('CH-10 only what the manifest names is given out', () => {
  test.each([
    ['raw', seededBytes(1, 400_000)],
    ['zstd', seededText(1, 400_000)],
  ])('a flipped bit of a %s chunk is refused with its ordinal, and none of it is written', async (_, plain) => {
    const { content, stored } = await describeBytes(plain)
    const bits = fc.tuple(fc.nat(stored.length - 1), fc.nat(), fc.nat(7))
    const property = fc.asyncProperty(bits, async ([ordinal, place, bit]) => {
      const chunk = Uint8Array.from(stored[ordinal] ?? [])
      chunk[place % chunk.length]! ^= 1 << bit
      await expect(drain(content, stored.with(ordinal, chunk))).rejects.toThrow(mismatch(ordinal))
      expect(written.length).toBe(ordinal)
    })
    await fc.assert(property, { seed: 10, numRuns: 30 })
  })

  test('a chunk that is cut short, too long, missing, or one too many', async () => {
    const { content, stored } = await describeBytes(seededBytes(2, 300_000))
    const last = stored.length - 1
    const first = stored[0] ?? new Uint8Array(0)
    await expect(drain(content, stored.with(0, first.subarray(1)))).rejects.toThrow(mismatch(0))
    await expect(drain(content, stored.with(0, Buffer.concat([first, first])))).rejects.toThrow(mismatch(0))
    await expect(drain(content, stored.slice(0, last))).rejects.toThrow(mismatch(last))
    await expect(drain(content, [...stored, first])).rejects.toThrow(mismatch(last + 1))
  })

  test('chunks in another order', async () => {
    const { content, stored } = await describeBytes(seededBytes(3, 400_000))
    await expect(drain(content, stored.toReversed())).rejects.toThrow(mismatch(0))
  })

  test('right chunks of another file, by the hash of the whole', async () => {
    const { content, stored } = await describeBytes(seededBytes(4, 100_000))
    const other = { ...content, sha256: sha256Of(seededBytes(5, 10)) }
    await expect(drain(other, stored)).rejects.toThrow(expect.objectContaining({ code: 'content-mismatch' }))
  })

  test('a manifest that does not add up is refused before any chunk is read', async () => {
    const { content, stored } = await describeBytes(seededBytes(4, 100_000))
    await expect(drain({ ...content, size: 99_999 }, stored)).rejects.toThrow(
      expect.objectContaining({ code: 'content-mismatch', facts: expect.objectContaining({ field: 'size' }) }),
    )
    expect(written).toEqual([])
  })
})

describe('CH-10 a bomb is refused', () => {
  const bomb = zstdCompressSync(new Uint8Array(64 * 1024 * 1024))

  test.each([1, 1_000, 100_000, 1024 * 1024])('64 MiB of zeros where the manifest says %d bytes', async (plain) => {
    const before = process.memoryUsage().arrayBuffers
    await expect(restoreChunk(oneChunk('zstd', bomb, plain), 0, bomb)).rejects.toThrow(mismatch(0))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024)
  })
  test('a manifest that promises more than a chunk of such a file may hold', async () => {
    const plain = 65 * 1024 * 1024
    expect(chunkingRuleFor(plain).maxBytes).toBeLessThan(plain)
    await expect(restoreChunk(oneChunk('zstd', bomb, plain), 0, bomb)).rejects.toThrow(mismatch(0))
  })
  test('less than the manifest says', async () => {
    const stored = zstdCompressSync(seededText(6, 1_000))
    await expect(restoreChunk(oneChunk('zstd', stored, 1_001), 0, stored)).rejects.toThrow(mismatch(0))
  })
  test('bytes that are no zstd frame', async () => {
    const stored = seededBytes(7, 1_000)
    await expect(restoreChunk(oneChunk('zstd', stored, 5_000), 0, stored)).rejects.toThrow(mismatch(0))
  })
})
