import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type ChunkingRule, chunkingRuleFor } from '../../core/chunking.ts'
import { findManifestFault } from '../../core/content.ts'
import { chooseCodec } from './codec.ts'
import { createChunkSlots } from './chunk-slots.ts'
import {
  type ChunkedContent,
  describeContent,
  describeOneChunk,
  type DescribeOptions,
  slotsFor,
} from './describe-content.ts'
import { inlineContent, isInline } from './inline.ts'
import { readPieces } from './read-pieces.ts'
import { restoreContent } from './restore-content.ts'
import { seededBytes, seededText } from './seeded-bytes.ts'
import { sha256Of } from './sha256.ts'

const KIB = 1024
const MIB = 1024 * KIB
const SMALL: ChunkingRule = { minBytes: 4 * KIB, avgBytes: 16 * KIB, maxBytes: 64 * KIB, normalisation: 2 }

/** The bytes in pieces, always through the same buffer, as a file reader gives them. */
async function* pieces(bytes: Uint8Array, pieceBytes: number) {
  const buffer = new Uint8Array(pieceBytes)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    buffer.set(piece)
    yield buffer.subarray(0, piece.length)
    buffer.fill(0xee)
  }
}

/** A deep tone with some hiss. */
function sound(samples: number): Buffer {
  const hiss = seededBytes(6, samples)
  const bytes = Buffer.alloc(samples * 2)
  for (let at = 0; at < samples; at++)
    bytes.writeInt16LE(Math.round(2_000 * Math.sin(at / 50)) + (hiss[at]! & 0x0f), at * 2)
  return bytes
}

async function describeAll(source: AsyncIterable<Uint8Array>, options: DescribeOptions) {
  const stored: Uint8Array[] = []
  const chunks = describeContent(source, options)
  for (;;) {
    const step = await chunks.next()
    if (step.done) return { content: step.value, stored }
    expect(step.value.ordinal).toBe(stored.length)
    stored.push(Uint8Array.from(step.value.stored))
    step.value.release()
  }
}

async function restoreAll(content: ChunkedContent, stored: Uint8Array[]): Promise<Uint8Array> {
  const plain: Uint8Array[] = []
  const from = async function* () {
    yield* stored
  }
  for await (const piece of restoreContent(content, from())) plain.push(Uint8Array.from(piece))
  return Buffer.concat(plain)
}

describe('CH-8 a file becomes stored chunks and comes back', () => {
  test.each([
    ['random bytes', seededBytes(1, 700_000), 'raw'],
    ['text', seededText(2, 700_000), 'zstd'],
    ['a text of one chunk', seededText(3, 5_000), 'zstd'],
    ['a text as long as the sample', seededText(3, 64 * KIB), 'zstd'],
    ['random bytes of one chunk', seededBytes(4, 5_000), 'raw'],
    ['large chunks, encoded off the main thread', seededText(5, 3 * MIB), 'zstd', chunkingRuleFor(512 * MIB)],
    ['nothing', new Uint8Array(0), 'raw'],
  ] as const)('%s', async (_, plain, codec, rule: ChunkingRule = SMALL) => {
    const { content, stored } = await describeAll(pieces(plain, 100_000), { sizeBytes: plain.length, rule })
    expect(content).toMatchObject({ codec, size: plain.length, sha256: sha256Of(plain), held: 'chunks' })
    expect(findManifestFault(content)).toBe(null)
    expect(content.chunks.map((chunk) => chunk.sha256)).toEqual(stored.map(sha256Of))
    expect(Buffer.compare(await restoreAll(content, stored), plain)).toBe(0)
  })

  test('a file read from disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bitvault-describe-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const plain = seededBytes(6, 3 * MIB + 17)
    await writeFile(join(folder, 'file'), plain)
    for (const sizeBytes of [plain.length, 10, 9 * MIB]) {
      await using file = await open(join(folder, 'file'))
      const { content } = await describeAll(readPieces(file, { sizeBytes }), { sizeBytes: plain.length })
      expect(content).toMatchObject({ size: plain.length, sha256: sha256Of(plain) })
    }
  })
})

test('CH-7 CH-8 equal bytes give equal contents, however they are split', async () => {
  const files = [seededBytes(7, 150_000), seededText(8, 150_000)]
  const expected = await Promise.all(
    files.map((plain) => describeAll(pieces(plain, plain.length), { sizeBytes: plain.length, rule: SMALL })),
  )
  const property = fc.asyncProperty(fc.nat(1), fc.integer({ min: 500, max: 160_000 }), async (which, pieceBytes) => {
    const plain = files[which] ?? new Uint8Array(0)
    const { content } = await describeAll(pieces(plain, pieceBytes), { sizeBytes: plain.length, rule: SMALL })
    expect(content).toEqual(expected[which]?.content)
  })
  await fc.assert(property, { seed: 7, numRuns: 40 })
})

describe('CH-7 the sample decides the codec', () => {
  const mixed = (random: number, text: number) => Buffer.concat([seededBytes(9, random), seededText(9, text)])

  test('a random start makes the file raw, whatever follows', async () => {
    const plain = mixed(64 * KIB, MIB)
    const { content } = await describeAll(pieces(plain, 30_000), { sizeBytes: plain.length })
    expect(content.codec).toBe('raw')
  })
  test('less than 8 % to save is not worth it', async () => {
    const { content } = await describeAll(pieces(mixed(62 * KIB, 2 * KIB), 64 * KIB), { sizeBytes: 64 * KIB })
    expect(content.codec).toBe('raw')
  })
  test.each([
    ['base64', Buffer.from(Buffer.from(seededBytes(1, 30 * KIB)).toString('base64'))],
    ['UTF-16', Buffer.from(Buffer.from(seededText(2, 30 * KIB)).toString('latin1'), 'utf16le')],
    ['sound of 16 bits', sound(30 * KIB)],
    ['noise in which one byte of five is 0', seededBytes(3, 40 * KIB).map((byte, at) => (at % 5 === 0 ? 0 : byte))],
    ['noise of seven bits', seededBytes(4, 40 * KIB).map((byte) => byte & 0x7f)],
  ])('%s is not taken for noise', (_, sample) => {
    expect(chooseCodec(sample).codec).toBe('zstd')
  })
  test('random chunks of a file that began as text are stored as zstd and come back', async () => {
    const plain = Buffer.concat([seededText(9, 64 * KIB), seededBytes(9, 400_000)])
    const { content, stored } = await describeAll(pieces(plain, 64 * KIB), { sizeBytes: plain.length })
    expect(content.codec).toBe('zstd')
    expect(Buffer.compare(await restoreAll(content, stored), plain)).toBe(0)
  })
})

describe('CH-9 memory is bounded', () => {
  /** 256 MiB without having them: one MiB, again and again, each time a little different. */
  async function* generated(mib: number, base: Uint8Array) {
    for (let i = 0; i < mib; i++) {
      base[i] = i
      yield base
    }
  }

  test.each([
    ['raw', seededBytes(10, MIB), 256],
    ['zstd', seededText(10, MIB), 64],
  ] as const)('a slow consumer of %s data never sees more chunks than slots', async (_, base, mib) => {
    const slots = slotsFor(chunkingRuleFor(mib * MIB))
    const held: (() => void)[] = []
    let most = 0
    for await (const chunk of describeContent(generated(mib, base), { sizeBytes: mib * MIB, slots })) {
      most = Math.max(most, slots.inUse())
      held.push(chunk.release)
      if (held.length > slots.count / 2) held.shift()?.()
    }
    expect(most).toBeLessThanOrEqual(slots.count)
    expect(slots.count * slots.slotBytes).toBeLessThanOrEqual(16 * MIB)
    for (const release of held) release()
    expect(slots.inUse()).toBe(0)
  })

  test('a consumer that keeps every slot stops the reader until it lets one go', async () => {
    const slots = createChunkSlots({ count: 2, slotBytes: SMALL.maxBytes })
    const chunks = describeContent(pieces(seededBytes(11, MIB), MIB), { sizeBytes: MIB, rule: SMALL, slots })
    const first = await chunks.next()
    await chunks.next()
    let arrived = false
    const third = chunks.next().then((step) => ((arrived = true), step))
    await new Promise((resolve) => setImmediate(resolve))
    expect(arrived).toBe(false)
    if (!first.done) first.value.release()
    expect((await third).done).toBe(false)
    await chunks.return(undefined as never)
  })

  test('files that share two slots all finish', async () => {
    const slots = createChunkSlots({ count: 2, slotBytes: SMALL.maxBytes })
    const files = Array.from({ length: 5 }, (_, i) => seededText(20 + i, 300_000))
    const contents = await Promise.all(
      files.map((plain) => describeAll(pieces(plain, 70_000), { sizeBytes: plain.length, rule: SMALL, slots })),
    )
    expect(contents.map(({ content }) => content.sha256)).toEqual(files.map(sha256Of))
    expect(slots.inUse()).toBe(0)
  })

  test('a consumer that leaves early gives every slot back, except the one that it holds', async () => {
    const slots = slotsFor(SMALL)
    for await (const chunk of describeContent(pieces(seededText(12, MIB), MIB), {
      sizeBytes: MIB,
      rule: SMALL,
      slots,
    })) {
      chunk.release()
      break
    }
    expect(slots.inUse()).toBe(0)
  })

  test('an aborted reader stops waiting for a slot', async () => {
    const slots = createChunkSlots({ count: 1, slotBytes: SMALL.maxBytes })
    const stop = new AbortController()
    const options = { sizeBytes: MIB, rule: SMALL, slots, signal: stop.signal }
    const chunks = describeContent(pieces(seededBytes(13, MIB), MIB), options)
    await chunks.next()
    const waiting = chunks.next()
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })

  test('what the source throws comes out, and no slot is lost', async () => {
    const slots = slotsFor(SMALL)
    const failing = async function* () {
      yield* pieces(seededBytes(14, 100_000), 100_000)
      throw new Error('disk on fire')
    }
    await expect(describeAll(failing(), { sizeBytes: MIB, rule: SMALL, slots })).rejects.toThrow('disk on fire')
    expect(slots.inUse()).toBe(0)
  })
})

test('CH-11 files of at most 4,096 bytes are inline', async () => {
  expect([0, 4096, 4097].map(isInline)).toEqual([true, true, false])
  const plain = seededBytes(15, 4096)
  const content = inlineContent(plain)
  expect(findManifestFault(content)).toBe(null)
  for await (const piece of restoreContent(content, pieces(new Uint8Array(0), 1))) {
    expect(Buffer.compare(piece, plain)).toBe(0)
  }
})

test('CH-8: a file of one chunk is described in one go as it is in pieces, and no other file is', async () => {
  const file = fc.record({
    seed: fc.nat(),
    bytes: fc.oneof(fc.integer({ min: 1, max: 80 * KIB }), fc.integer({ min: 64 * KIB - 2, max: 64 * KIB + 2 })),
    isText: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(file, async ({ seed, bytes, isText }) => {
      const plain = isText ? seededText(seed, bytes) : seededBytes(seed, bytes)
      const { content, stored } = await describeAll(pieces(plain, 48 * KIB), { sizeBytes: plain.length })
      const atOnce = describeOneChunk(plain)
      if (stored.length > 1 || plain.length > 64 * KIB) expect(atOnce).toBeNull()
      else expect(atOnce).toEqual({ content, stored: expect.toSatisfy((one) => Buffer.compare(one, stored[0]!) === 0) })
    }),
    { numRuns: 60 },
  )
})
