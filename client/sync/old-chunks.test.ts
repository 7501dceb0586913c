import { expect, test } from 'vitest'
import type { NodeId, Sha256 } from '../../core/ids.ts'
import { AppError } from '../../core/errors.ts'
import { chunksOfOldFile } from './old-chunks.ts'
import type { Disk, Remote } from './ports.ts'

const MIB = 1024 * 1024
const NODE = 'n' as NodeId
const sha = (letter: string): Sha256 => letter.repeat(64) as Sha256

const parts = { a: 400_000, b: 500_000, c: 300_000 }

/** A file of three chunks: a, b, a, c. */
function oldFile(options: { chunks?: () => void; fails?: boolean; bytes?: Uint8Array } = {}) {
  const order = ['a', 'b', 'a', 'c'] as const
  const whole = Buffer.concat(order.map((letter) => Buffer.alloc(parts[letter], letter)))
  let opened = 0
  const remote = {
    async *chunks() {
      options.chunks?.()
      for (const letter of order) yield { sha256: sha(letter), plainBytes: parts[letter] }
    },
  } as unknown as Remote
  const disk = {
    async *read() {
      opened++
      const bytes = options.bytes ?? whole
      for (let at = 0; at < bytes.length; at += 70_001) {
        if (options.fails) throw new AppError('busy')
        yield bytes.subarray(at, at + 70_001)
      }
    },
  } as unknown as Disk
  const have = chunksOfOldFile(remote, disk, { node: NODE, revision: 1, path: 'f', sizeBytes: whole.length })
  return { have, opened: () => opened }
}

test('gives the chunks of the old version, forwards in one read', async () => {
  const { have, opened } = oldFile()
  expect(await have(sha('a'), parts.a)).toEqual(Buffer.alloc(parts.a, 'a'))
  expect(await have(sha('x'), 1)).toBeNull()
  expect(await have(sha('c'), parts.c)).toEqual(Buffer.alloc(parts.c, 'c'))
  expect(opened()).toBe(1)
  expect(await have(sha('b'), parts.b)).toEqual(Buffer.alloc(parts.b, 'b'))
  expect(opened()).toBe(2)
  await have.close()
})

test('gives nothing of a file that is shorter by now, that is being written, or that is small', async () => {
  expect(await oldFile({ bytes: Buffer.alloc(1_000) }).have(sha('c'), parts.c)).toBeNull()
  expect(await oldFile({ fails: true }).have(sha('a'), parts.a)).toBeNull()
  let asked = 0
  const { have } = oldFile({ chunks: () => asked++ })
  await have(sha('a'), parts.a)
  await have(sha('b'), parts.b)
  expect(asked).toBe(1)
  const small = chunksOfOldFile({} as Remote, {} as Disk, { node: NODE, revision: 1, path: 'f', sizeBytes: MIB - 1 })
  expect(await small(sha('a'), 1)).toBeNull()
})

test('a chunk stays as it is while the next one is read', async () => {
  const { have } = oldFile()
  const [a, b] = [await have(sha('a'), parts.a), await have(sha('b'), parts.b)]
  expect(a).toEqual(Buffer.alloc(parts.a, 'a'))
  expect(b).toEqual(Buffer.alloc(parts.b, 'b'))
  expect(await have(sha('c'), parts.a)).toBeNull()
  expect(b).toEqual(Buffer.alloc(parts.b, 'b'))
  await have.close()
})
