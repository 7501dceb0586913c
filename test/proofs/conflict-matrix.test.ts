import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NodeId, SpaceId, UserId } from '../../core/ids.ts'
import { allCells, type Cell } from '../../core/namespace/conflict-matrix.ts'
import { VERDICTS } from '../../core/namespace/conflict-verdicts.ts'
import type { NodeState } from '../../core/namespace/model.ts'
import type { Stack } from '../../embedded/stack.ts'
import { inspect, type Inspector, NO_GRACE } from '../faults/inspector.ts'
import { addAccount, firstAccount, signIn, type Account } from '../support/account.ts'
import { cellTrees, type Holding } from '../support/cell-trees.ts'
import { answerOf, madeEntry, nameOf, playCell, type Played } from '../support/conflict-cells.ts'
import type { Hand } from '../support/conflict-stages.ts'
import { FeedClient } from '../support/feed-client.ts'
import { httpCellServer } from '../support/http-cell-server.ts'
import { memoryCellServer } from '../support/memory-cell-server.ts'
import { ANNA, BEN } from '../support/namespace-world.ts'
import { testStack } from '../support/stack.ts'
import { makeTeamSpace } from '../support/team-space.ts'

/** Cells that are played at the same time, in one space: batches of the journal mix them. */
const AT_ONCE = 48

let stack: Stack
let inspector: Inspector
let hands: Record<Hand, Account>
let space: { id: SpaceId; rootId: NodeId }
const played = new Map<string, Played>()

beforeAll(async () => {
  stack = await testStack({ env: NO_GRACE })
  inspector = inspect(stack)
  const owner = await firstAccount(stack)
  const ben = await addAccount(stack, owner, 'ben@example.com')
  hands = {
    first: await signIn(stack.url, owner.email, owner.password, "Anna's laptop"),
    second: await signIn(stack.url, ben.email, ben.password, "Ben's desk"),
  }
  space = await makeTeamSpace(stack, [hands.first, hands.second])
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
})

async function playAll(): Promise<void> {
  const server = httpCellServer(hands, space.rootId)
  const waiting = allCells()
  const player = async (): Promise<void> => {
    for (let cell = waiting.shift(); cell; cell = waiting.shift())
      played.set(nameOf(cell), await playCell(server, cell))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, player))
}

/** The tree by a snapshot, as a new device has it; versions and conflicts by their rows. */
async function realHolding(): Promise<Holding> {
  const device = new FeedClient({ call: hands.second.call })
  await device.begin()
  const nodes = device.tree.sorted().filter(({ spaceId }) => spaceId === space.id) as NodeState[]
  const versions = await inspector.owner<Holding['versions'][number][]>`
    select v.node_id as "nodeId", v.revision, c.sha256, v.created_by as "createdBy", v.device, v.seq::float8 as seq, v.conflict_of as "conflictOf",
      v.base_revision as "baseRevision", v.label
    from versions v join contents c on c.tenant_id = v.tenant_id and c.id = v.content_ref`
  const conflicts = await inspector.owner<Holding['conflicts'][number][]>`
    select k.original, k.copy, k.base_revision as "baseRevision", k.their_revision as "theirRevision", k.node_kind as "nodeKind", c.sha256,
      k.user_id as "userId", k.device, k.seq::float8 as seq, k.resolution, k.resolved_by as "resolvedBy", k.resolved_seq::float8 as "resolvedSeq"
    from conflicts k join contents c on c.tenant_id = k.tenant_id and c.id = k.content_ref`
  const people = new Map<UserId, Hand>([
    [hands.first.userId as UserId, 'first'],
    [hands.second.userId as UserId, 'second'],
  ])
  return { root: space.rootId, nodes, versions, conflicts, hands: people }
}

/** The same cell on the server in memory, when its collector has been. */
async function modelTree(cell: Cell): Promise<string[]> {
  const memory = memoryCellServer()
  await playCell(memory.cells, cell)
  memory.server.collect()
  const { nodes, versions, conflicts, contents } = memory.server.state
  const hashOf = (content: Parameters<typeof contents.get>[0]) => contents.get(content)!.sha256
  const trees = cellTrees({
    root: memory.root,
    nodes: [...nodes.values()],
    versions: [...versions.values()].map(({ content, mtimeNs: _mtime, executable: _executable, ...row }) => ({
      ...row,
      sha256: hashOf(content),
    })),
    conflicts: [...conflicts.values()].map(({ id: _id, spaceId: _space, content, ...row }) => {
      const { mtimeNs: _mtime, executable: _executable, ...rest } = row
      return { ...rest, sha256: hashOf(content) }
    }),
    hands: new Map([
      [ANNA.userId, 'first'],
      [BEN.userId, 'second'],
    ]),
  })
  return trees.get(nameOf(cell))!
}

describe('P2-P6 first operation × second operation, on a real stack', () => {
  let trees: Map<string, string[]>

  beforeAll(async () => {
    await playAll()
    trees = cellTrees(await realHolding())
  })

  test.each(allCells().map((cell) => [nameOf(cell), cell.verdict, cell] as const))('%s: %s', async (name, is, cell) => {
    const { answer, entry } = VERDICTS[is]
    const real = played.get(name)!
    expect(answerOf(real.second)).toEqual(answer)
    expect(madeEntry(real) ? 'made' : 'none').toBe(entry)
    // I11: once more, as after a lost reply.
    expect(real.again).toEqual(real.second)
    // Proof (b): the real server ends where the model does.
    expect(trees.get(name)).toEqual(await modelTree(cell))
  })

  test('I10 who reads the journal from its beginning has the tree of the snapshot', async () => {
    const fresh = new FeedClient({ call: hands.second.call })
    await fresh.begin()
    const old = new FeedClient({ call: hands.first.call })
    await old.pull()
    const ofSpace = ({ tree }: FeedClient) =>
      tree.sorted().filter(({ spaceId, parentId }) => spaceId === space.id && parentId !== null)
    expect(ofSpace(old)).toEqual(ofSpace(fresh))
  })

  test('I7 I10 the rows are sound when the collector has been', async () => {
    await inspector.drained(() => fetch(`${stack.url}/healthz`))
    expect(await inspector.audit()).toMatchObject({ clean: true, deadLetters: 0 })
    expect(await inspector.forks()).toEqual([])
    expect(cellTrees(await realHolding())).toEqual(trees)
  })
})
