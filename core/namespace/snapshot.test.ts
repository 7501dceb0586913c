import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NodeId } from '../ids.ts'
import type { NodeState } from './model.ts'
import { snapshotNodes } from './snapshot.ts'

type Row = { parent: number; isTrashed: boolean; isPurged: boolean; changedSeq: number; rank: number }

/** A forest below one root, whose ids are in no relation to its shape. */
const forests = fc
  .array(
    fc.record({
      parent: fc.nat(1_000),
      isTrashed: fc.boolean(),
      isPurged: fc.boolean(),
      changedSeq: fc.nat(20),
      rank: fc.nat(1_000_000),
    }),
    { maxLength: 40 },
  )
  .map((rows) => {
    const root: Row = { parent: -1, isTrashed: false, isPurged: false, changedSeq: 0, rank: 500_000 }
    const all = [root, ...rows]
    const idOf = (i: number): NodeId => `${String(all[i]!.rank).padStart(7, '0')}-${i}` as NodeId
    const nodes = all.map((row, i) => ({
      id: idOf(i),
      parentId: i === 0 ? null : idOf(row.parent % i),
      // What is purged counts as trashed by itself.
      trashedAt: i > 0 && (row.isTrashed || row.isPurged) ? 1 : null,
      changedSeq: row.changedSeq,
    })) as NodeState[]
    return { nodes, purged: nodes.filter((_, i) => i > 0 && all[i]!.isPurged).map(({ id }) => id) }
  })

type Forest = { nodes: NodeState[]; purged: NodeId[] }

/** As docs/spec/feed.md says it, node by node. */
function whatIsLeft({ nodes, purged }: Forest): Map<NodeId, NodeId | null> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const isGone = (node: NodeState): boolean => {
    for (let at: NodeState | undefined = node; at; at = byId.get(at.parentId!)) {
      if (purged.includes(at.id)) return true
      if (at.trashedAt !== null) return false
    }
    return false
  }
  const left = new Map<NodeId, NodeId | null>()
  for (const node of nodes) {
    if (isGone(node)) continue
    let parent = byId.get(node.parentId!)
    while (parent && isGone(parent)) parent = byId.get(parent.parentId!)
    left.set(node.id, parent?.id ?? null)
  }
  return left
}

function above({ nodes }: Forest, page: NodeState[]): NodeState[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const found = new Set<NodeState>()
  for (const node of page)
    for (let at = byId.get(node.parentId!); at; at = byId.get(at.parentId!)) if (!page.includes(at)) found.add(at)
  return [...found]
}

describe('FD-7 the pages of a snapshot', () => {
  test('I10 tell what is left of the rows, each parent with its child or before it, however they are cut', () => {
    fc.assert(
      fc.property(forests, fc.integer({ min: 1, max: 50 }), (forest, size) => {
        const sorted = forest.nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1))
        const told = new Map<NodeId, NodeId | null>()
        let after: NodeId | null = null
        for (let at = 0; at < sorted.length; at += size) {
          const page = sorted.slice(at, at + size)
          const rows = { nodes: page, above: above(forest, page), purged: forest.purged }
          for (const node of snapshotNodes(rows, { after, seq: 20 })) {
            if (node.parentId !== null) expect(told.has(node.parentId)).toBe(true)
            told.set(node.id, node.parentId)
          }
          after = page.at(-1)!.id
        }
        const byId = (a: [NodeId, unknown], b: [NodeId, unknown]) => (a[0] < b[0] ? -1 : 1)
        expect([...told].toSorted(byId)).toEqual([...whatIsLeft(forest)].toSorted(byId))
      }),
      { seed: 7, numRuns: 2_000 },
    )
  })

  test('a folder that was made after the pin, and sorts before the page, comes along', () => {
    const folder = { id: 'a', parentId: null, trashedAt: null, changedSeq: 8 } as NodeState
    const child = { id: 'm', parentId: 'a', trashedAt: null, changedSeq: 9 } as NodeState
    const rows = { nodes: [child], above: [folder], purged: [] }
    const ids = (seq: number) => snapshotNodes(rows, { after: 'c' as NodeId, seq }).map(({ id }) => id)
    expect(ids(7)).toEqual(['a', 'm'])
    expect(ids(8)).toEqual(['m'])
  })
})
