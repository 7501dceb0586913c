import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Sha256 } from '../../core/ids.ts'
import { createPackBuilder, PACK_LIMITS, planPacks } from './pack.ts'
import { seededBytes } from './seeded-bytes.ts'
import { sha256Of } from './sha256.ts'

const LIMITS = { targetBytes: 1_000, maxChunks: 5, onlyBelowBytes: 400 }
const name = (number: number) => number.toString(16).padStart(64, '0') as Sha256
const chunk = fc.record({ sha256: fc.nat(40).map(name), size: fc.integer({ min: 1, max: 600 }) })

describe('CH-12 packs', () => {
  test('every hash is planned once, packs keep their limits, large chunks stay alone', () => {
    const property = fc.property(fc.array(chunk, { maxLength: 60 }), (chunks) => {
      const { packs, singles } = planPacks(chunks, LIMITS)
      const planned = [...packs.flat(), ...singles].map(({ sha256 }) => sha256)
      expect(planned.toSorted()).toEqual([...new Set(chunks.map(({ sha256 }) => sha256))].toSorted())
      for (const pack of packs) {
        expect(pack.length).toBeGreaterThan(1)
        expect(pack.length).toBeLessThanOrEqual(LIMITS.maxChunks)
        expect(pack.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(LIMITS.targetBytes)
        for (const { size } of pack) expect(size).toBeLessThan(LIMITS.onlyBelowBytes)
      }
    })
    fc.assert(property, { seed: 12, numRuns: 200 })
  })

  test('a thousand chunks of 4 KiB are one PUT', () => {
    const chunks = Array.from({ length: 1_000 }, (_, i) => ({ sha256: name(i), size: 4096 }))
    expect(planPacks(chunks)).toMatchObject({ packs: { length: 1 }, singles: [] })
  })

  test('the pack has its own hash and each chunk at its offset', () => {
    const chunks = Array.from({ length: 300 }, (_, i) => seededBytes(i, 20_000 + i))
    const packs = createPackBuilder()
    const finished = []
    for (const stored of chunks) {
      if (packs.add({ sha256: sha256Of(stored), stored })) continue
      finished.push(packs.finish())
      expect(packs.add({ sha256: sha256Of(stored), stored })).toBe(true)
    }
    finished.push(packs.finish())
    expect(packs.finish()).toBe(null)
    const found = finished.flatMap((pack) => {
      expect(pack?.sha256).toBe(sha256Of(pack?.bytes ?? new Uint8Array(0)))
      expect(pack?.bytes.length).toBeLessThanOrEqual(PACK_LIMITS.targetBytes)
      return pack?.entries.map(({ offset, length }) => pack.bytes.subarray(offset, offset + length)) ?? []
    })
    expect(finished.length).toBe(2)
    expect(found.map(sha256Of)).toEqual(chunks.map(sha256Of))
  })

  test('a chunk that is in the pack already takes no room', () => {
    const packs = createPackBuilder(LIMITS)
    const stored = seededBytes(1, 300)
    for (let i = 0; i < 50; i++) expect(packs.add({ sha256: sha256Of(stored), stored })).toBe(true)
    expect(packs.chunkCount()).toBe(1)
    expect(packs.finish()?.bytes.length).toBe(300)
  })
})
