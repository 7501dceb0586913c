import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mkdir, purge, trash } from '../../test/support/namespace-world.ts'
import { FoldedTree } from '../../test/support/feed-client.ts'
import type { NamespaceState } from '../../test/support/namespace-state.ts'
import {
  mutationOf,
  planted,
  storedNodes,
  treeStreams,
  type Step,
  type World,
} from '../../test/support/tree-streams.ts'
import type { NodeId } from '../ids.ts'
import type { JournalEntry } from './effects.ts'
import type { NodeState } from './model.ts'
import { snapshotNodes, type SnapshotRows } from './snapshot.ts'

type Wire = Parameters<FoldedTree['put']>[0]

/** As the database gives it: nodes by their ids, with every folder above them. */
function rowsAfter({ nodes, purged }: NamespaceState, after: NodeId | null, size: number): SnapshotRows {
  const ids = [...nodes.keys()].filter((id) => after === null || id > after).toSorted()
  const page = ids.slice(0, size).map((id) => nodes.get(id)!)
  const above = new Set<NodeState>()
  for (const node of page)
    for (let at = nodes.get(node.parentId!); at; at = nodes.get(at.parentId!)) if (!page.includes(at)) above.add(at)
  return { nodes: page, above: [...above], purged: [...purged] }
}

function play(w: World, batch: Step[] | 'collect', at: number): void {
  if (batch === 'collect') w.server.collect()
  else w.commit(...batch.map((step, i) => mutationOf(w, step, `${at}.${i}`)))
}

const tell = (client: FoldedTree, entries: readonly JournalEntry[]): void => {
  for (const { kind, seq, node } of entries) client.apply({ kind, seq, at: 0, node: node as Wire })
}

/** The client at the head and the stored nodes, the roots aside, which no entry tells of. */
function expectSame(w: World, client: FoldedTree): void {
  client.settle(new Set([w.root]))
  const known = client.sorted().filter(({ parentId }) => parentId !== null)
  const nodes = [...storedNodes(w).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  // The place in the trash of what was in a folder that the client never heard of (FD-14).
  const placeless = new Set(
    known.filter(({ parentId }) => parentId !== w.root && !client.nodes.has(parentId!)).map(({ id }) => id),
  )
  const placed = <N extends { id: string; parentId: string | null }>(node: N): N =>
    placeless.has(node.id) ? { ...node, parentId: null } : node
  expect(known.map(placed)).toEqual(nodes.map(placed))
  for (const id of placeless) expect(client.nodes.get(id)!.trashedAt).not.toBe(null)
}

test('I10 a snapshot, page by page while others go on changing the tree, and the tail after its pin: the full fold', () => {
  const cuts = fc.record({ before: fc.nat(20), size: fc.integer({ min: 1, max: 9 }) })
  fc.assert(
    fc.property(treeStreams, cuts, (stream, { before, size }) => {
      const w = planted()
      for (const [at, batch] of stream.slice(0, before).entries()) play(w, batch, at)
      const client = new FoldedTree()
      const { seq: pin } = w.server.state
      let after: NodeId | null = null
      for (let at = before; ; at++) {
        const rows = rowsAfter(w.server.state, after, size)
        for (const node of snapshotNodes(rows, { after, seq: pin })) {
          expect(node.parentId === null || client.nodes.has(node.parentId)).toBe(true)
          client.put(node as Wire)
        }
        const last = rows.nodes.at(-1)
        if (!last || rows.nodes.length < size) break
        after = last.id
        const batch = stream[at]
        if (batch) play(w, batch, at)
      }
      tell(client, w.journal.slice(pin))
      expectSame(w, client)
    }),
    { seed: 20_261_129, numRuns: 300 },
  )
})

test('I10 the journal, read in pieces cut anywhere, and again from anywhere before: the stored state', () => {
  const reads = fc.array(fc.record({ entries: fc.integer({ min: 1, max: 12 }), back: fc.nat(25) }), { maxLength: 40 })
  fc.assert(
    fc.property(treeStreams, reads, (stream, pieces) => {
      const w = planted()
      for (const [at, batch] of stream.entries()) play(w, batch, at)
      const client = new FoldedTree()
      let at = 0
      for (const { entries, back } of pieces) {
        at = Math.max(0, at - (back > 12 ? back : 0))
        tell(client, w.journal.slice(at, at + entries))
        at = Math.min(w.journal.length, at + entries)
      }
      tell(client, w.journal.slice(at))
      expectSame(w, client)
    }),
    { seed: 20_261_129, numRuns: 300 },
  )
})

test('FD-14 what was put into a folder that the snapshot left out has gone with it, though no entry says so', () => {
  const w = planted()
  const client = new FoldedTree()
  const { seq: pin } = w.server.state
  const [a, inner] = [w.at('a').id, w.at('a/b').id]
  const tellPage = (after: NodeId | null, size: number): NodeId => {
    const rows = rowsAfter(w.server.state, after, size)
    for (const node of snapshotNodes(rows, { after, seq: pin })) client.put(node as Wire)
    return rows.nodes.at(-1)!.id
  }
  const after = tellPage(null, 1)
  const [made] = w.commit(mkdir('x', inner, 'x'), trash('t', a), purge('g', a))
  w.server.collect()
  tellPage(after, 100)
  tell(client, w.journal.slice(pin))
  expect(client.nodes.has(inner)).toBe(false)
  expect(made).toMatchObject({ outcome: 'applied', node: { parentId: inner } })
  expectSame(w, client)
})
