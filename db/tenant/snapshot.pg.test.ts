import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeId } from '../../core/ids.ts'
import { asyncWorld, type AsyncWorld } from '../../test/support/async-world.ts'
import { deepChain } from '../../test/support/deep-chain.ts'
import { asTenant } from '../connect.ts'
import { snapshotPage } from './snapshot.ts'

let world: AsyncWorld
beforeAll(async () => {
  world = await asyncWorld()
})
afterAll(() => world?.drop())

test('T25 FD-6 where very many folders lie above the nodes of a page, it holds fewer of them, and none is left out', async () => {
  const { app, tenantId, spaceId, rootId } = world
  for (let i = 0; i < 10; i++) await deepChain(world, 100)
  const max = { nodes: 300, propertyBytes: 1_000 }
  const told = new Set<NodeId>()
  let pages = 0
  for (let after: NodeId | null = null; pages === 0 || after !== null; pages++) {
    const from = after
    const page = await asTenant(app, tenantId, (tx) =>
      snapshotPage(tx, { tenant: tenantId, spaces: [spaceId] }, { after: from, limit: 1_000, max }),
    )
    expect(page.nodes.length + page.above.length).toBeLessThanOrEqual(300)
    const known = new Set([...page.nodes, ...page.above].map(({ id }) => id))
    for (const { id, parentId } of page.nodes) {
      expect(told.has(id)).toBe(false)
      told.add(id)
      expect(parentId === null || known.has(parentId)).toBe(true)
    }
    after = page.last
  }
  expect(told.size).toBe(10 * 100 + 1)
  expect(told.has(rootId)).toBe(true)
  expect(pages).toBeGreaterThan(9)
})
