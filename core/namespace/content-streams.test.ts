import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  labelVersion,
  resolve,
  restoreVersion,
  setAttributes,
  setPolicy,
  symlink,
} from '../../test/support/content-mutations.ts'
import { ANNA, BEN, by, mkdir, move, PHONE, restore, trash, world, write } from '../../test/support/namespace-world.ts'
import { CHOICES, CONFLICT_POLICIES, type Mutation, type NodeState } from './model.ts'

const KINDS = [
  'create',
  'edit',
  'edit',
  'symlink',
  'attributes',
  'policy',
  'restore-version',
  'label',
  'resolve',
  'resolve',
  'trash',
  'restore',
  'move',
] as const

const step = fc.noBias(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    actor: fc.constantFrom(ANNA, PHONE, BEN),
    node: fc.nat(40),
    folder: fc.nat(3),
    name: fc.constantFrom('a', 'b', 'c'),
    /** How many revisions the actor is behind; also which choice, which policy, which version. */
    behind: fc.constantFrom(0, 0, 0, 1, 2, 3),
    /** Few texts, so that equal bytes meet. */
    text: fc.constantFrom('one', 'two', 'three', 'four'),
  }),
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
const stream = fc.noBias(
  fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 8, maxLength: 30, size: 'max' }),
)

type World = ReturnType<typeof world>

function planted(): World {
  const w = world()
  w.commit(mkdir('p1', w.root, 'x'), mkdir('p2', w.root, 'y'))
  w.commit(mkdir('p3', w.at('x').id, 'z'))
  for (const [at, folder] of ['x', 'y', 'x/z'].entries())
    w.commit(write(`q${at}`, { parent: w.at(folder).id, name: 'a' }, 0, `planted ${at}`))
  return w
}

function mutationOf(w: World, asked: Step, id: string): Mutation {
  const nodes = [...w.nodes.values()].filter(({ parentId }) => parentId !== null)
  const folders = nodes.filter(({ kind }) => kind === 'folder')
  const files = nodes.filter(({ kind }) => kind !== 'folder')
  const file: NodeState = files[asked.node % files.length]!
  const folder = folders[asked.folder % folders.length]!
  const any = nodes[asked.node % nodes.length]!
  const base = Math.max(0, file.contentRevision - asked.behind)
  const conflicts = [...w.server.state.conflicts.keys()]
  const at = (): Mutation => {
    switch (asked.kind) {
      case 'create':
        return write(id, { parent: folder.id, name: asked.name }, 0, asked.text)
      case 'edit':
        return write(id, { node: file.id }, base, asked.behind === 3 ? asked.text : id)
      case 'symlink':
        return symlink(id, { parent: folder.id, name: asked.name }, base, asked.text)
      case 'attributes':
        return setAttributes(id, any.id, { mtimeNs: String(asked.behind), properties: { [asked.name]: asked.text } })
      case 'policy':
        return setPolicy(id, folder.id, CONFLICT_POLICIES[asked.behind % 3]!)
      case 'restore-version':
        return restoreVersion(id, file.id, 1 + asked.behind, asked.behind > 1 ? null : base)
      case 'label':
        return labelVersion(id, file.id, 1 + asked.behind, asked.text)
      case 'resolve':
        return resolve(id, conflicts[asked.node % Math.max(1, conflicts.length)] ?? 'none', CHOICES[asked.behind]!)
      case 'trash':
        return trash(id, any.id)
      case 'restore':
        return restore(id, any.id)
      case 'move':
        return move(id, any.id, folder.id, asked.name, { ifExists: 'keep-both' })
    }
  }
  return by(asked.actor, at())
}

/** What a client and the database would find the same. */
const storedIn = ({ server: { state } }: World) => ({
  nodes: state.nodes,
  versions: state.versions,
  contents: state.contents,
  conflicts: state.conflicts,
  journal: state.journal,
})

function requireNothingLost({ server: { state } }: World): void {
  const kept = new Set([...state.versions.values(), ...state.conflicts.values()].map(({ content }) => content))
  for (const id of state.contents.keys()) expect(kept.has(id)).toBe(true)
  for (const { original, copy, resolution } of state.conflicts.values()) {
    expect(state.nodes.has(original)).toBe(true)
    if (copy !== null) expect(state.nodes.has(copy)).toBe(true)
    if (resolution === 'newest-wins') expect(copy).toBeNull()
  }
}

test('I2, I10, I11, I24 any stream of contents: a batch is its mutations one by one, all bytes stay, versions count up', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(stream, (batches) => {
      const [together, alone] = [planted(), planted()]
      for (const [at, batch] of batches.entries()) {
        const mutations = batch.map((asked, index) => mutationOf(together, asked, `m${at}-${index}`))
        const outcomes = together.commit(...mutations)
        expect(mutations.map((mutation) => alone.commit(mutation)[0])).toEqual(outcomes)
        for (const [index, outcome] of outcomes.entries()) {
          seen.add(`${mutations[index]!.kind} ${outcome.outcome}`)
          if (outcome.outcome !== 'rejected') expect(together.commit(mutations[index]!)).toEqual([outcome])
        }
        requireNothingLost(together)
      }
      expect(storedIn(alone)).toEqual(storedIn(together))
      for (const node of together.nodes.values())
        for (let revision = 1; revision <= node.contentRevision; revision++)
          expect(together.server.text(node.id, revision)).not.toBeNull()
    }),
    { seed: 20_261_121, numRuns: 150 },
  )
  // I27: the streams did what they are for.
  const wanted = ['write-file applied', 'write-file conflict', 'resolve-conflict applied', 'resolve-conflict rejected']
  for (const what of [...wanted, 'restore-version applied', 'restore-version rejected', 'label-version applied'])
    expect(seen).toContain(what)
}, 60_000)
