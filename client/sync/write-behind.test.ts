import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TempFile } from './ports.ts'
import { createPieceWriter, GATHERED_BYTES, WORTH_BUFFERS_BYTES } from './write-behind.ts'

/** A file whose writes take their bytes late: what becomes of a piece meanwhile shows. */
function slowFile() {
  const written: Buffer[] = []
  let underWay = 0
  const temp = {
    write: async (bytes: Uint8Array) => {
      expect(underWay++).toBe(0)
      await new Promise((done) => setImmediate(done))
      written.push(Buffer.from(bytes))
      underWay--
    },
  } as unknown as TempFile
  return { temp, written, bytes: () => Buffer.concat(written) }
}

test('writes all bytes in order, one write at a time, while its source fills two buffers in turn', async () => {
  const lengths = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 400_000 }), fc.integer({ min: GATHERED_BYTES - 1, max: GATHERED_BYTES + 1 })),
    { maxLength: 12 },
  )
  await fc.assert(
    fc.asyncProperty(lengths, async (pieces) => {
      const file = slowFile()
      const writer = createPieceWriter(file.temp, WORTH_BUFFERS_BYTES)
      const buffers = [Buffer.alloc(GATHERED_BYTES + 1), Buffer.alloc(GATHERED_BYTES + 1)]
      const expected: Buffer[] = []
      for (const [at, length] of pieces.entries()) {
        const piece = buffers[at % 2]!.subarray(0, length).fill(at + 1)
        expected.push(Buffer.from(piece))
        await writer.write(piece)
      }
      await writer.end()
      expect(file.bytes().equals(Buffer.concat(expected))).toBe(true)
    }),
    { numRuns: 60 },
  )
})

test('small pieces travel to the disk together', async () => {
  const file = slowFile()
  const writer = createPieceWriter(file.temp, WORTH_BUFFERS_BYTES)
  for (let at = 0; at < 40; at++) await writer.write(Buffer.alloc(100_000, at))
  await writer.end()
  expect(file.written.map(({ length }) => length)).toEqual([1_000_000, 1_000_000, 1_000_000, 1_000_000])
})

test('what a write was answered is told with the next piece, or at the end', async () => {
  const fails = { write: () => Promise.reject(new Error('ENOSPC')) } as unknown as TempFile
  const next = createPieceWriter(fails, WORTH_BUFFERS_BYTES)
  await next.write(Buffer.alloc(GATHERED_BYTES))
  await expect(next.write(Buffer.alloc(GATHERED_BYTES))).rejects.toThrow('ENOSPC')
  const last = createPieceWriter(fails, WORTH_BUFFERS_BYTES)
  await last.write(Buffer.alloc(10))
  await expect(last.end()).rejects.toThrow('ENOSPC')
})

test('a small file is written piece by piece, each before the next is asked for', async () => {
  const file = slowFile()
  const writer = createPieceWriter(file.temp, WORTH_BUFFERS_BYTES - 1)
  for (const length of [10, GATHERED_BYTES]) {
    await writer.write(Buffer.alloc(length))
    expect(file.written.at(-1)).toHaveLength(length)
  }
  await writer.end()
})
