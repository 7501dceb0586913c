import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MutationId, NodeId } from '../core/ids.ts'
import { FACTS_MAX } from '../db/tenant/facts-query.ts'
import { freshId } from '../test/support/async-world.ts'
import { deepChain } from '../test/support/deep-chain.ts'
import { keptWorld, type KeptWorld } from '../test/support/kept-world.ts'
import { commitIn } from '../test/support/world-journal.ts'

let world: KeptWorld
beforeAll(async () => {
  world = await keptWorld()
})
afterAll(() => world?.drop())

const chain = (levels: number): Promise<NodeId> => deepChain(world, levels)

const change = (node: NodeId, value: string) => ({
  kind: 'set-attributes' as const,
  id: freshId<MutationId>(),
  fingerprint: value,
  traceparent: null,
  node,
  properties: { value },
  actor: { userId: world.userId, sessionId: world.sessionId },
})

test('T25 what is too deep to be known at once is decided in parts', async () => {
  const levels = 900
  const lowest: NodeId[] = []
  for (let i = 0; i * levels <= 2 * FACTS_MAX.nodes; i++) lowest.push(await chain(levels))
  const outcomes = await commitIn(
    world,
    world.tenantId,
    lowest.map((node) => change(node, 'deep')),
  )
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(lowest.map(() => 'applied'))
})

test('T25 one change below very many folders is refused, and takes no other with it', async () => {
  const [deep, flat] = [await chain(FACTS_MAX.nodes + 1), await chain(1)]
  const outcomes = await commitIn(world, world.tenantId, [change(flat, 'a'), change(deep, 'b'), change(flat, 'c')])
  expect(outcomes).toMatchObject([
    { outcome: 'applied' },
    { outcome: 'rejected', code: 'too-large' },
    { outcome: 'applied', node: { properties: { value: 'c' } } },
  ])
})

test('T25 properties count, not only folders', async () => {
  const lowest = await Promise.all([chain(700), chain(700)])
  await world.owner`update nodes set properties = jsonb_build_object('long', repeat('x', 16000))
    where tenant_id = ${world.tenantId} and changed_seq = 1`
  const outcomes = await commitIn(world, world.tenantId, [change(lowest[0]!, 'a'), change(lowest[1]!, 'b')])
  expect(outcomes).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }])
})
