import { expect, test } from 'vitest'
import { mkdir, world } from '../../test/support/namespace-world.ts'
import type { NodeId } from '../ids.ts'
import type { NodeState } from './model.ts'
import { snapshotNodes } from './snapshot.ts'

const FIRST = { after: null, seq: 0 }

/** Folders inside one another, the topmost first. */
function chain(levels: number): NodeState[] {
  const w = world()
  w.commit(mkdir('1', w.root, 'top'))
  const top = w.at('top')
  const idAt = (level: number) => `n${level}` as NodeId
  return Array.from({ length: levels }, (_, level) => ({
    ...top,
    id: idAt(level),
    parentId: level === 0 ? null : idAt(level - 1),
  }))
}

test('SC-04 a tree of any depth is told, parents first; and gone with what was purged', () => {
  const folders = chain(50_000)
  const rows = { nodes: [folders.at(-1)!], above: folders.slice(0, -1), purged: [] }
  expect(snapshotNodes(rows, FIRST).map(({ id }) => id)).toEqual(folders.map(({ id }) => id))
  expect(snapshotNodes({ ...rows, purged: [folders[0]!.id] }, FIRST)).toEqual([])
})

test('a tree that somebody damaged so that it has a circle is told all the same', () => {
  const [a, b] = chain(2) as [NodeState, NodeState]
  const rows = { nodes: [b], above: [{ ...a, parentId: b.id }], purged: [] }
  expect(snapshotNodes(rows, FIRST).map(({ id }) => id)).toEqual([a.id, b.id])
})
