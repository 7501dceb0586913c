import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runsOf } from './byte-runs.ts'

const HASH = 'a'.repeat(64)

test('T6 a run never holds a byte that no chunk of the file asked for', () => {
  const chunk = fc.record({
    objectKey: fc.constantFrom('u/p1', 'u/p2', `u/${HASH}`),
    offset: fc.nat(200),
    length: fc.integer({ min: 1, max: 40 }),
    sha256: fc.constant(HASH),
  })
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 30 }), (chunks) => {
      const { runs, runOf } = runsOf(chunks)
      const wanted = new Set(
        chunks.flatMap((c) => Array.from({ length: c.length }, (_, i) => `${c.objectKey} ${c.offset + i}`)),
      )
      for (const run of runs)
        for (let i = 0; i < run.length; i++) expect(wanted.has(`${run.objectKey} ${run.offset + i}`)).toBe(true)
      for (const [at, c] of chunks.entries()) {
        const run = runs[runOf[at]!]!
        expect(run.objectKey).toBe(c.objectKey)
        expect(c.offset).toBeGreaterThanOrEqual(run.offset)
        expect(c.offset + c.length).toBeLessThanOrEqual(run.offset + run.length)
      }
    }),
    { seed: 7 },
  )
})

test('neighbours are read with one request', () => {
  const at = (offset: number) => ({ objectKey: 'u/pack', offset, length: 10, sha256: HASH })
  expect(runsOf([at(10), at(0), at(30)]).runs).toEqual([
    { objectKey: 'u/pack', offset: 0, length: 20, whole: false },
    { objectKey: 'u/pack', offset: 30, length: 10, whole: false },
  ])
})
