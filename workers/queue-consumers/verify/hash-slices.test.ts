import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashSlices } from './hash-slices.ts'

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}

const slice = fc.record({ offset: fc.nat(300), length: fc.nat(120), isTrue: fc.boolean() })
const world = fc.record({
  bytes: fc.uint8Array({ maxLength: 256 }),
  pieces: fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 5 }),
  slices: fc.array(slice, { maxLength: 12 }),
})

test('T7: a slice is good exactly when its bytes are there and have its hash, however the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ bytes, pieces, slices }) => {
      const claims = slices
        .toSorted((a, b) => a.offset - b.offset)
        .map(({ offset, length, isTrue }) => {
          const held = bytes.slice(offset, offset + length)
          const isThere = offset + length <= bytes.length
          const sha256 = hashOf(isTrue ? held : Buffer.concat([held, Buffer.from('x')]))
          return { offset, length, sha256, isGood: isTrue && isThere }
        })
      const { good, wrong } = await hashSlices(inPieces(bytes, pieces), claims)
      expect(good.length + wrong.length).toBe(claims.length)
      expect(good.every((claim) => claim.isGood)).toBe(true)
      expect(wrong.some((claim) => claim.isGood)).toBe(false)
    }),
    { seed: 20261120, numRuns: 300 },
  )
})
