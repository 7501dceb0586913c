import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ChunkingRule, chunkingRuleFor, createCutter, GEAR, nextCut, WINDOW_BYTES } from './chunking.ts'
import { MANIFEST_MAX_CHUNKS } from './content.ts'

const KIB = 1024
const MIB = 1024 * KIB
const SMALL: ChunkingRule = { minBytes: 64, avgBytes: 256, maxBytes: 1024, normalisation: 2 }

function seededBytes(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state
  }
  return bytes
}

/** Where each chunk ends; `pieces` are lengths that the input is split into, over and over. */
function cutsOf(bytes: Uint8Array, rule: ChunkingRule, pieces: number[] = [bytes.length]): number[] {
  const cutter = createCutter(rule)
  const cuts: number[] = []
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = Math.min(bytes.length, start + (pieces[turn % pieces.length] ?? 1))
    const piece = bytes.subarray(start, end)
    for (let at = 0; at < piece.length;) {
      const cut = cutter.next(piece, at, piece.length)
      if (cut < 0) break
      cuts.push(start + cut)
      at = cut
    }
    start = end
  }
  if (cuts.at(-1) !== bytes.length && bytes.length > 0) cuts.push(bytes.length)
  return cuts
}

function chunksOf(bytes: Uint8Array, rule: ChunkingRule): string[] {
  let start = 0
  return cutsOf(bytes, rule).map((end) => {
    const hash = createHash('sha256').update(bytes.subarray(start, end)).digest('hex')
    start = end
    return hash
  })
}

const bytesArbitrary = fc.oneof(
  fc.uint8Array({ maxLength: 5_000 }),
  fc.tuple(fc.nat(), fc.integer({ min: 0, max: 20_000 })).map(([seed, length]) => seededBytes(seed, length)),
  fc.tuple(fc.nat(255), fc.integer({ min: 0, max: 5_000 })).map(([byte, length]) => new Uint8Array(length).fill(byte)),
)

test('CH-1 the gear table is pinned: another table would share no chunk with what is stored', () => {
  const bytes = new DataView(new ArrayBuffer(1024))
  GEAR.forEach((word, i) => bytes.setInt32(i * 4, word, true))
  const checksum = createHash('sha256').update(bytes).digest('hex')
  expect(checksum).toBe('f4dbc8bf86df4cfb9f1f0f83b23d33219ec3d0b9816e0bd601a12a043e2b0fbd')
})

test('CH-1 the cuts of known bytes are pinned', () => {
  expect(cutsOf(seededBytes(1, 5_000), SMALL)).toEqual([
    355, 639, 1118, 1382, 1856, 2113, 2345, 2638, 2905, 3183, 3555, 3823, 4128, 4392, 4683, 5000,
  ])
})

test('CH-2 cuts do not depend on how the input is split', () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 })
  const property = fc.property(bytesArbitrary, pieces, (bytes, split) => {
    expect(cutsOf(bytes, SMALL, split)).toEqual(cutsOf(bytes, SMALL))
  })
  fc.assert(property, { seed: 2, numRuns: 300 })
})

test('CH-2 nextCut finds the same cuts as the cutter', () => {
  const bytes = seededBytes(3, 30_000)
  const cuts: number[] = []
  for (let at = 0; at < bytes.length;) cuts.push((at = nextCut(bytes, at, bytes.length, SMALL)))
  expect(cuts).toEqual(cutsOf(bytes, SMALL))
})

test('CH-3 the 32 bytes before a cut decide it: other bytes elsewhere leave it where it is', () => {
  const bytes = seededBytes(4, 4_000)
  const cut = nextCut(bytes, 0, bytes.length, SMALL)
  expect(cut).toBeLessThan(SMALL.avgBytes) // under the strict mask
  const other = seededBytes(5, 4_000)
  other.set(bytes.subarray(cut - WINDOW_BYTES, cut), SMALL.minBytes + 10)
  const moved = nextCut(other, 0, other.length, SMALL)
  expect(moved).toBe(SMALL.minBytes + 10 + WINDOW_BYTES)
})

test('CH-4 every chunk but the last has min to max bytes, and nothing is left out', () => {
  const property = fc.property(bytesArbitrary, (bytes) => {
    const cuts = cutsOf(bytes, SMALL)
    const sizes = cuts.map((end, i) => end - (cuts[i - 1] ?? 0))
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThanOrEqual(SMALL.minBytes)
    for (const size of sizes) expect(size).toBeLessThanOrEqual(SMALL.maxBytes)
    expect(cuts.at(-1) ?? 0).toBe(bytes.length)
  })
  fc.assert(property, { seed: 4, numRuns: 300 })
})

test('CH-4 runs of one byte are cut at the maximum: none of the 256 ends in a cut by itself', () => {
  const rule = chunkingRuleFor(MIB)
  for (let byte = 0; byte < 256; byte++) {
    const run = new Uint8Array(rule.maxBytes + 1).fill(byte)
    expect(nextCut(run, 0, run.length, rule)).toBe(rule.maxBytes)
  }
})

test('CH-4 sizes gather round the average', () => {
  const rule = chunkingRuleFor(16 * MIB)
  const cuts = cutsOf(seededBytes(6, 16 * MIB), rule)
  const mean = (16 * MIB) / cuts.length
  expect(mean).toBeGreaterThan(rule.avgBytes * 0.9)
  expect(mean).toBeLessThan(rule.avgBytes * 1.3)
})

describe('CH-3 an edit changes only the chunks near it', () => {
  const original = seededBytes(7, 200_000)
  const known = new Set(chunksOf(original, SMALL))
  const fresh = (bytes: Uint8Array) => chunksOf(bytes, SMALL).filter((hash) => !known.has(hash)).length

  test('identical content gives identical chunks', () => {
    expect(fresh(Uint8Array.from(original))).toBe(0)
  })
  test('bytes inserted at the front', () => {
    const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (front) => {
      expect(fresh(Buffer.concat([front, original]))).toBeLessThanOrEqual(12)
    })
    fc.assert(property, { seed: 3, numRuns: 40 })
  })
  test('one byte changed anywhere', () => {
    const property = fc.property(fc.nat(original.length - 1), (at) => {
      const changed = Uint8Array.from(original)
      changed[at] = changed[at]! ^ 0x55
      expect(fresh(changed)).toBeLessThanOrEqual(12)
    })
    fc.assert(property, { seed: 3, numRuns: 40 })
  })
})

describe('CH-5 the rule follows from the size', () => {
  const sizes = [0, 4097, MIB, 64 * MIB, 320 * MIB, 320 * MIB + 1, 1280 * MIB, 1280 * MIB + 1, 5 * KIB * MIB + 1]
  const huge = [64 * KIB * MIB, 64 * KIB * MIB + 1, MIB * MIB, 16 * MIB * MIB]

  test.each([...sizes, ...huge])('a file of %d bytes has a bounded manifest, however it is cut', (sizeBytes) => {
    const rule = chunkingRuleFor(sizeBytes)
    expect(Math.ceil(sizeBytes / rule.minBytes)).toBeLessThanOrEqual(MANIFEST_MAX_CHUNKS)
    expect(() => createCutter(rule)).not.toThrow()
  })
  test('1 GiB is about 4,096 chunks', () => {
    expect((1024 * MIB) / chunkingRuleFor(1024 * MIB).avgBytes).toBe(4096)
  })
  test('no border lies at a power of two: a file of a round size that grows by a byte keeps its chunks', () => {
    for (let sizeBytes = MIB; sizeBytes <= 16 * KIB * MIB; sizeBytes *= 2)
      expect(chunkingRuleFor(sizeBytes + 1)).toEqual(chunkingRuleFor(sizeBytes))
  })
  test('up to 64 GiB no chunk exceeds 8 MiB', () => {
    for (const gib of [0, 1, 2, 4, 5, 16, 64])
      expect(chunkingRuleFor(gib * KIB * MIB).maxBytes).toBeLessThanOrEqual(8 * MIB)
  })
  test('above 16 TiB it is refused', () => {
    expect(() => chunkingRuleFor(16 * MIB * MIB + 1)).toThrow(expect.objectContaining({ code: 'body-too-large' }))
  })
})

test('CH-6 where a larger rule finds a hash to cut at, so does the smaller one', () => {
  const small = chunkingRuleFor(MIB)
  const large = chunkingRuleFor(512 * MIB)
  const bytes = seededBytes(8, 24 * MIB)
  const largeCuts = cutsOf(bytes, large).slice(0, -1)
  expect(largeCuts.length).toBeGreaterThan(40)
  for (const cut of largeCuts) {
    // A chunk of the small rule that starts an average before that place is cut there, unless it was cut even earlier.
    expect(nextCut(bytes, cut - small.avgBytes - 1, cut + small.maxBytes, small)).toBeLessThanOrEqual(cut)
  }
})

test.each([
  [{ ...SMALL, avgBytes: 300 }, 'no power of two'],
  [{ ...SMALL, minBytes: 32 }, 'no room for the window'],
  [{ ...SMALL, maxBytes: 256 }, 'max is not above avg'],
  [{ ...SMALL, normalisation: 8 }, 'no bit left'],
])('CH-4 a rule that cannot hold is a broken invariant: %o (%s)', (rule) => {
  expect(() => createCutter(rule)).toThrow(expect.objectContaining({ code: 'internal' }))
})
