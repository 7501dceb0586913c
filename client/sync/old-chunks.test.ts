import { expect, test } from 'vitest'
import type { NodeId, Sha256 } from '../../core/ids.ts'
import { AppError } from '../../core/errors.ts'
import { chunksOfOldFile } from './old-chunks.ts'
import type { Disk, Remote } from './ports.ts'

const MIB = 1024 * 1024
const NODE = 'n' as NodeId
const sha = (letter: string): Sha256 => letter.repeat(64) as Sha256

/** A file of three chunks: a, b, a, c. */
function oldFile(options: { chunks?: () => void; fails?: boolean; bytes?: Uint8Array } = {}) {
  const parts = { a: 400_000, b: 500_000, c: 300_000 }
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
  return { have, parts, opened: () => opened }
}

test('gives the chunks of the old version, forwards in one read', async () => {
  const { have, parts, opened } = oldFile()
  expect(await have(sha('a'))).toEqual(Buffer.alloc(parts.a, 'a'))
  expect(await have(sha('x'))).toBeNull()
  expect(await have(sha('c'))).toEqual(Buffer.alloc(parts.c, 'c'))
  expect(opened()).toBe(1)
  expect(await have(sha('b'))).toEqual(Buffer.alloc(parts.b, 'b'))
  expect(opened()).toBe(2)
  await have.close()
})

test('gives nothing of a file that is shorter by now, that is being written, or that is small', async () => {
  expect(await oldFile({ bytes: Buffer.alloc(1_000) }).have(sha('c'))).toBeNull()
  expect(await oldFile({ fails: true }).have(sha('a'))).toBeNull()
  let asked = 0
  const { have } = oldFile({ chunks: () => asked++ })
  await have(sha('a'))
  await have(sha('b'))
  expect(asked).toBe(1)
  const small = chunksOfOldFile({} as Remote, {} as Disk, { node: NODE, revision: 1, path: 'f', sizeBytes: MIB - 1 })
  expect(await small(sha('a'))).toBeNull()
})
