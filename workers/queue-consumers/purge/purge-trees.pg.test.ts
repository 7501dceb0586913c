import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { noFaults } from '../../../core/fault-points.ts'
import type { NodeId } from '../../../core/ids.ts'
import { GRACE_MS } from '../../../test/support/async-world.ts'
import { keptWorld, noteOf, type Asked, type KeptWorld } from '../../../test/support/kept-world.ts'
import { purgeNodes } from './purge-nodes.ts'

let world: KeptWorld
beforeAll(async () => {
  world = await keptWorld()
})
afterAll(() => world?.drop())

type Row = { id: NodeId; parent: NodeId | null; trashed: boolean; purged: boolean }

const rows = () => world.system<Row[]>`
  select id, parent_id as parent, trashed_at is not null as trashed, purged_at is not null as purged from nodes order by id`

/** What the rules say of the rows as they stand (core/namespace/rules.ts, `isGone`): what stays, and where. */
function expectedAfter(before: readonly Row[]): { id: NodeId; parent: NodeId | null }[] {
  const byId = new Map(before.map((row) => [row.id, row]))
  const parentOf = ({ parent }: Row) => (parent === null ? null : byId.get(parent)!)
  const isGone = (row: Row): boolean => {
    for (let at: Row | null = row; at; at = parentOf(at)) {
      if (at.purged) return true
      if (at.trashed) return false
    }
    return false
  }
  const lastingParent = (row: Row): Row | null => {
    let at = parentOf(row)
    while (at && isGone(at)) at = parentOf(at)
    return at
  }
  return before.filter((row) => !isGone(row)).map((row) => ({ id: row.id, parent: lastingParent(row)?.id ?? null }))
}

const arbitraryStep = (weights: [Step['do'], number][]) =>
  fc.oneof(
    ...weights.map(([what, weight]) => ({
      weight,
      arbitrary: fc.record({ do: fc.constant(what), at: fc.nat(1_000) }),
    })),
  )
/** First a tree, then what becomes of it. */
const steps = fc
  .tuple(
    fc.array(
      arbitraryStep([
        ['folder', 3],
        ['note', 1],
      ]),
      { minLength: 8, maxLength: 20 },
    ),
    fc.array(
      arbitraryStep([
        ['folder', 1],
        ['note', 1],
        ['trash', 6],
        ['purge', 4],
        ['restore', 1],
        ['copy', 1],
      ]),
      { minLength: 8, maxLength: 25 },
    ),
  )
  .map(([tree, fate]) => [...tree, ...fate])

type Step = { do: 'folder' | 'note' | 'trash' | 'purge' | 'restore' | 'copy'; at: number }
let made = 0

/** What is refused is no matter. */
async function take(steps: readonly Step[]): Promise<void> {
  const nodes: NodeId[] = [world.rootId]
  const trashed: NodeId[] = []
  for (const { do: what, at } of steps) {
    const isNew = what === 'folder' || what === 'note' || what === 'copy'
    const among = isNew ? nodes : what === 'purge' ? trashed : nodes.slice(1)
    if (among.length === 0) continue
    const node = among[at % among.length]!
    const outcome = await world.attempt(asked(what, node, `n${(made += 1)}`))
    if (what === 'trash') trashed.push(node)
    if (isNew && outcome.outcome === 'applied') nodes.push(outcome.node.id)
  }
}

function asked(what: Step['do'], node: NodeId, name: string): Asked {
  switch (what) {
    case 'folder':
      return { kind: 'create-folder', parent: node, name, ifExists: 'fail' }
    case 'note':
      return noteOf({ parent: node, name }, 0, name)
    case 'trash':
      return { kind: 'trash', node, base: null, seen: null }
    case 'purge':
      return { kind: 'purge', node }
    case 'restore':
      return { kind: 'restore', node, to: null }
    case 'copy':
      return { kind: 'copy', node, revision: null, to: { parent: world.rootId, name }, ifExists: 'fail' }
  }
}

test('RT-7, RT-8: of any tree, in pages of any size, exactly what was purged goes, and the rest is where the rules say', async () => {
  const limits = fc.record({
    nodes: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 1, max: 4 }),
    versions: fc.integer({ min: 1, max: 4 }),
    weight: fc.integer({ min: 1, max: 4 }),
  })
  let removed = 0
  await fc.assert(
    fc.asyncProperty(steps, limits, async (taken, by) => {
      await take(taken)
      const before = await rows()
      const expected = expectedAfter(before)
      removed += before.length - expected.length
      const message = { id: '', tenantId: world.tenantId, kind: 'node.purged', payload: {}, traceparent: null } as const
      const deps = { db: world.system, now: () => world.clock.now, graceMs: GRACE_MS, faults: noFaults }
      await purgeNodes(message, { ...deps, limits: by, maxPages: 10_000 })
      const after = await rows()
      expect(after.filter(({ purged }) => purged)).toEqual([])
      expect(after.map(({ id, parent }) => ({ id, parent }))).toEqual(expected)
      expect(await world.audit()).toMatchObject({ clean: true })
    }),
    { seed: 20261121, numRuns: 40, endOnFailure: true },
  )
  expect(removed).toBeGreaterThan(100)
}, 120_000)
