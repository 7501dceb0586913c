import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chunkingRuleFor } from '../../core/chunking.ts'
import { type ChunkedContent, describeContent } from './describe-content.ts'
import { createChunkLister } from './list-chunks.ts'
import { seededBytes, seededText } from './seeded-bytes.ts'
import { sha256Of } from './sha256.ts'

const KIB = 1024
const MIB = 1024 * KIB
/** All sizes here are under this rule. */
const { maxBytes } = chunkingRuleFor(MIB)

async function described(bytes: Uint8Array): Promise<ChunkedContent> {
  const source = async function* () {
    yield bytes
  }
  const chunks = describeContent(source(), { sizeBytes: bytes.length })
  for (;;) {
    const step = await chunks.next()
    if (step.done) return step.value
    step.value.release()
  }
}

/** The pieces come through one buffer, as a reader gives them. */
function listed(bytes: Uint8Array, old: ChunkedContent | null, pieceBytes = 100_000): ChunkedContent | null {
  const lister = createChunkLister({ sizeBytes: bytes.length, old })
  const buffer = new Uint8Array(pieceBytes)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    buffer.set(piece)
    lister.update(buffer.subarray(0, piece.length))
    buffer.fill(0xee)
  }
  return lister.finish({ sha256: sha256Of(bytes), size: bytes.length })
}

const original = seededBytes(1, 3 * MIB)
const replaced = (from: number, to: number, by: Uint8Array) =>
  Buffer.concat([original.subarray(0, from), by, original.subarray(to)])

describe('CH-2 a list made on the way is that of the upload', () => {
  test.each([
    ['as it was', original],
    ['one byte changed', replaced(MIB, MIB + 1, Buffer.of(original[MIB]! ^ 1))],
    ['one byte before all others', replaced(0, 0, Buffer.of(7))],
    ['some in the middle removed', replaced(MIB, MIB + 300_000, new Uint8Array(0))],
    ['the middle twice', replaced(MIB, MIB, original.subarray(MIB, 2 * MIB))],
    ['cut off', original.subarray(0, 2 * MIB + 12_345)],
    ['longer', Buffer.concat([original, seededBytes(9, 500_000)])],
    ['its end once more', Buffer.concat([original, original.subarray(-100_000)])],
    ['halves changed about', Buffer.concat([original.subarray(1.5 * MIB), original.subarray(0, 1.5 * MIB)])],
    ['other bytes', seededBytes(2, 3 * MIB)],
    ['all the same byte after the sample', Buffer.concat([original.subarray(0, 70_000), Buffer.alloc(2 * MIB)])],
  ])('%s', async (_, bytes) => {
    const expected = await described(bytes)
    expect(listed(bytes, null)).toEqual(expected)
    expect(listed(bytes, await described(original))).toEqual(expected)
    expect(listed(bytes, expected)).toEqual(expected)
  })

  test('whatever is edited, and however the file is read', async () => {
    const old = await described(original)
    const edit = fc.record({ at: fc.nat(3 * MIB), removed: fc.nat(200_000), added: fc.nat(200_000), seed: fc.nat(99) })
    const run = async (edits: { at: number; removed: number; added: number; seed: number }[], pieceBytes: number) => {
      let bytes: Uint8Array = original
      for (const { at, removed, added, seed } of edits)
        bytes = Buffer.concat([bytes.subarray(0, at), seededBytes(seed, added), bytes.subarray(at + removed)])
      expect(listed(bytes, old, pieceBytes)).toEqual(await described(bytes))
    }
    const property = fc.asyncProperty(
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1_000, max: MIB }),
      run,
    )
    await fc.assert(property, { numRuns: 25, seed: 7 })
  })

  test('an old list is a guess: one that is not true of these bytes changes nothing', async () => {
    const expected = await described(original)
    const chunks = expected.chunks.map(({ sha256 }) => ({ sha256, size: 20_000, plain: 20_000 }))
    expect(listed(original, { ...expected, chunks })).toEqual(expected)
  })
})

describe('what is not listed', () => {
  test('a file that is compressed when it is stored, whatever it was before', async () => {
    const text = seededText(3, MIB)
    expect(listed(text, null)).toBeNull()
    expect(listed(text, await described(original))).toBeNull()
  })

  test('nothing', () => expect(listed(new Uint8Array(0), null)).toBeNull())

  test('a file with chunks so large that they are not held', () => {
    const lister = createChunkLister({ sizeBytes: 100 * 1024 ** 3, old: null })
    lister.update(seededBytes(1, 2 * maxBytes))
    expect(lister.finish({ sha256: sha256Of(new Uint8Array(0)), size: 2 * maxBytes })).toBeNull()
  })
})
