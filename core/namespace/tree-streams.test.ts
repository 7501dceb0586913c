import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldJournal } from '../../test/support/tree-law.ts'
import { mutationOf, planted, storedNodes, treeStreams, type World } from '../../test/support/tree-streams.ts'
import type { NodeId } from '../ids.ts'
import type { NodeState, Outcome } from './model.ts'

/** I2: what was written is a version of something that was not purged, or a conflict holds it. */
function requireAllBytes(w: World, written: Map<string, NodeId>, folded: Map<NodeId, NodeState>): void {
  const reachable = new Set(
    [...w.server.state.versions.values()]
      .filter(({ nodeId }) => folded.has(nodeId))
      .map(({ content }) => content as string),
  )
  for (const [id, node] of written) if (folded.has(node)) expect(reachable.has(id)).toBe(true)
}

const nodeOf = (outcome: Outcome): NodeId | null => (outcome.outcome === 'rejected' ? null : outcome.node.id)

test('I2, I7, I10, I11 any stream from several devices keeps the tree lawful, the journal its fold, and all bytes', () => {
  fc.assert(
    fc.property(treeStreams, (stream) => {
      const w = planted()
      const written = new Map<string, NodeId>()
      for (const [at, batch] of stream.entries()) {
        if (batch === 'collect') {
          w.server.collect()
          continue
        }
        const mutations = batch.map((step, i) => mutationOf(w, step, `${at}.${i}`))
        const outcomes = w.commit(...mutations)
        for (const [i, outcome] of outcomes.entries()) {
          const node = nodeOf(outcome)
          if (node && mutations[i]!.kind === 'write-file') written.set(mutations[i]!.id, node)
        }
        const accepted = mutations.filter((_, i) => outcomes[i]!.outcome !== 'rejected')
        const head = w.server.state.seq
        expect(w.commit(...accepted)).toEqual(outcomes.filter((outcome) => outcome.outcome !== 'rejected'))
        expect(w.server.state.seq).toBe(head)
      }
      const folded = foldJournal(w.journal)
      expect(folded).toEqual(storedNodes(w))
      requireAllBytes(w, written, folded)
    }),
    { seed: 20_261_129, numRuns: 100 },
  )
})

test('the collector changes nothing that anyone sees: the same stream without it gives the same answers and the same tree', () => {
  fc.assert(
    fc.property(treeStreams, (stream) => {
      const [collected, kept] = [planted(), planted()]
      for (const [at, batch] of stream.entries()) {
        if (batch === 'collect') {
          collected.server.collect()
          continue
        }
        // Named by what is there in both.
        const mutations = batch.map((step, i) => mutationOf(collected, step, `${at}.${i}`))
        const withIt = collected.commit(...mutations).map(gist)
        expect(kept.commit(...mutations).map(gist)).toEqual(withIt)
        expect(kept.tree()).toEqual(collected.tree())
      }
    }),
    { seed: 20_261_129, numRuns: 60 },
  )
})

/** Where something in the trash has its place may be told as the folder that was purged, or as the one above it. */
function gist(outcome: Outcome) {
  if (outcome.outcome === 'rejected') return outcome.code
  const { node } = outcome
  return node.trashedAt === null ? outcome : { ...outcome, node: { ...node, parentId: null } }
}
