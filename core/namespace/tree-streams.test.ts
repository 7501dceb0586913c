import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  ANNA,
  BEN,
  by,
  copy,
  mkdir,
  move,
  PHONE,
  purge,
  restore,
  trash,
  world,
  write,
} from '../../test/support/namespace-world.ts'
import { collectPurged } from '../../test/support/collect-purged.ts'
import { foldJournal } from '../../test/support/tree-law.ts'
import type { NodeId } from '../ids.ts'
import type { Mutation, NodeState, Outcome } from './model.ts'

const NAMES = ['a', 'b', 'c']
const ACTORS = [ANNA, PHONE, BEN]
const KINDS = ['mkdir', 'write', 'edit', 'move', 'replace', 'copy', 'trash', 'restore', 'put-back', 'purge'] as const

const steps = fc.noBias(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    actor: fc.constantFrom(...ACTORS),
    node: fc.nat(30),
    into: fc.nat(30),
    name: fc.constantFrom(...NAMES),
    /** How much of the journal the actor has not seen. */
    behind: fc.constantFrom(0, 0, 1, 3, 10),
  }),
)
const batches = fc.noBias(
  fc.array(
    fc.oneof(
      { weight: 9, arbitrary: fc.array(steps, { minLength: 1, maxLength: 6 }) },
      fc.constant('collect' as const),
    ),
    {
      minLength: 5,
      maxLength: 30,
      size: 'max',
    },
  ),
)

/** A world with something in it: `a/`, `a/b/`, `a/b/c`, `b/`, `b/a`. */
function planted(): World {
  const w = world()
  w.commit(mkdir('p1', w.root, 'a'), mkdir('p2', w.root, 'b'))
  w.commit(mkdir('p3', w.at('a').id, 'b'), write('p4', { parent: w.at('b').id, name: 'a' }, 0, 'p4'))
  w.commit(write('p5', { parent: w.at('a/b').id, name: 'c' }, 0, 'p5'))
  return w
}

type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never
type World = ReturnType<typeof world>

function mutationOf(w: World, step: Step, id: string): Mutation {
  const nodes = [...w.nodes.values()]
  const folders = nodes.filter((node) => node.kind === 'folder')
  // The root only now and then: mostly it is refused.
  const node = nodes[step.node === 30 ? 0 : 1 + (step.node % (nodes.length - 1))]!
  const folder = folders[step.into % folders.length]!.id
  const seen = Math.max(0, w.server.state.seq - step.behind)
  const base = Math.max(0, node.contentRevision - (step.behind > 1 ? 1 : 0))
  const at = (): Mutation => {
    switch (step.kind) {
      case 'mkdir':
        return mkdir(id, folder, step.name, 'keep')
      case 'write':
        return write(id, { parent: folder, name: step.name }, 0, id)
      case 'edit':
        return write(id, { node: node.id }, base, id)
      case 'move':
        return move(id, node.id, folder, step.name, { ifExists: step.behind > 0 ? 'keep-both' : 'fail' })
      case 'replace':
        return move(id, node.id, folder, step.name, { ifExists: 'replace', seen })
      case 'copy':
        return copy(id, node.id, folder, step.name, { ifExists: 'keep-both' })
      case 'trash':
        return trash(id, node.id, { seen })
      case 'restore':
        return restore(id, node.id)
      case 'put-back':
        return restore(id, node.id, { parent: folder, name: step.name })
      case 'purge':
        return purge(id, node.id)
    }
  }
  return by(step.actor, at())
}

/** The stored nodes as a reader should have them: as they will be when the collector has been there. */
function storedNodes(w: World): Map<NodeId, NodeState> {
  const state = structuredClone(w.server.state)
  collectPurged(state)
  return new Map([...state.nodes].filter(([, node]) => node.parentId !== null))
}

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
    fc.property(batches, (stream) => {
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
    { numRuns: 100 },
  )
})

test('the collector changes nothing that anyone sees: the same stream without it gives the same answers and the same tree', () => {
  fc.assert(
    fc.property(batches, (stream) => {
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
    { numRuns: 60 },
  )
})

/** Where something in the trash has its place may be told as the folder that was purged, or as the one above it. */
function gist(outcome: Outcome) {
  if (outcome.outcome === 'rejected') return outcome.code
  const { node } = outcome
  return node.trashedAt === null ? outcome : { ...outcome, node: { ...node, parentId: null } }
}
