import { expect, test } from 'vitest'
import type { Sha256 } from '../../core/ids.ts'
import { ChunkLists } from './chunk-lists.ts'
import type { ChunkedContent } from './describe-content.ts'

const named = (name: string): Sha256 => name as Sha256
const listOf = (name: string, count: number): ChunkedContent => {
  const chunks = Array.from({ length: count }, () => ({ sha256: named('c'), size: 1, plain: 1 }))
  return { codec: 'raw', size: count, sha256: named(name), held: 'chunks', chunks }
}

test('a list is had by the hash of the bytes that it describes', () => {
  const lists = new ChunkLists()
  lists.note(listOf('a', 3))
  expect(lists.get(named('a'))).toEqual(listOf('a', 3))
  expect(lists.get(named('b'))).toBeNull()
})

test('those that were not asked for lately make room', () => {
  const lists = new ChunkLists()
  for (const name of ['a', 'b', 'c', 'd']) lists.note(listOf(name, 10_000))
  lists.get(named('a'))
  lists.note(listOf('b', 10_000)) // once more: it takes no more room
  lists.note(listOf('e', 15_000))
  expect(['a', 'b', 'c', 'd', 'e'].filter((name) => lists.get(named(name)) !== null)).toEqual(['a', 'b', 'e'])
  lists.note(listOf('too long', 50_000))
  expect(lists.get(named('too long'))).toBeNull()
  expect(lists.get(named('e'))).not.toBeNull()
})
