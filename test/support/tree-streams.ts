import fc from 'fast-check'
import type { NodeId } from '../../core/ids.ts'
import type { Mutation, NodeState } from '../../core/namespace/model.ts'
import { collectPurged } from './collect-purged.ts'
import { ANNA, BEN, by, copy, mkdir, move, PHONE, purge, restore, trash, world, write } from './namespace-world.ts'

/** Random streams of changes of a small tree by several devices, for the properties of the namespace. */
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
export type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never

/** Steps that are sent together, or a visit of the collector. */
export const treeStreams = fc.noBias(
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

export type World = ReturnType<typeof world>

/** A world with something in it: `a/`, `a/b/`, `a/b/c`, `b/`, `b/a`. */
export function planted(): World {
  const w = world()
  w.commit(mkdir('p1', w.root, 'a'), mkdir('p2', w.root, 'b'))
  w.commit(mkdir('p3', w.at('a').id, 'b'), write('p4', { parent: w.at('b').id, name: 'a' }, 0, 'p4'))
  w.commit(write('p5', { parent: w.at('a/b').id, name: 'c' }, 0, 'p5'))
  return w
}

export function mutationOf(w: World, step: Step, id: string): Mutation {
  const nodes = [...w.nodes.values()]
  const folders = nodes.filter((node) => node.kind === 'folder')
  // The root only now and then, or when nothing else is left: mostly it is refused.
  const node = nodes[step.node === 30 || nodes.length === 1 ? 0 : 1 + (step.node % (nodes.length - 1))]!
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
export function storedNodes(w: World): Map<NodeId, NodeState> {
  const state = structuredClone(w.server.state)
  collectPurged(state)
  return new Map([...state.nodes].filter(([, node]) => node.parentId !== null))
}
