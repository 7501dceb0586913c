import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MutationId, NodeId, SessionId, UserId } from '../../core/ids.ts'
import type { Mutation, Outcome, WriteFile } from '../../core/namespace/model.ts'
import { asyncWorld, freshId, type AsyncWorld } from '../../test/support/async-world.ts'
import { noteOf, type Asked } from '../../test/support/kept-world.ts'
import { commitIn } from '../../test/support/world-journal.ts'
import { compactPage } from '../system/compaction.ts'

let world: AsyncWorld
beforeAll(async () => {
  world = await asyncWorld()
})
afterAll(() => world?.drop())

const commit = (...mutations: Mutation[]): Promise<Outcome[]> => commitIn(world, world.tenantId, mutations)

function named(asked: Asked, id = freshId<MutationId>()): Mutation {
  const actor = { userId: world.userId, sessionId: world.sessionId }
  return { ...asked, id, fingerprint: id, actor, traceparent: null } as Mutation
}

const folder = (name: string, ifExists: 'fail' | 'keep' = 'fail', parent: NodeId = world.rootId): Asked => ({
  kind: 'create-folder',
  parent,
  name,
  ifExists,
})
const note = (target: WriteFile['target'], base: number, text: string): Mutation => named(noteOf(target, base, text))

async function applied(...mutations: Mutation[]): Promise<Extract<Outcome, { node: unknown }>[]> {
  return (await commit(...mutations)).map((outcome) => {
    if (outcome.outcome === 'rejected') throw new Error(`refused: ${outcome.code} ${outcome.facts.detail}`)
    return outcome
  })
}

/** Everything that is there has become too old by now; so many of the newest entries stay. */
async function compactAll(keepEntries = 0): Promise<void> {
  await world.owner`insert into usage (tenant_id, through_seq)
    select tenant_id, seq from tenant_head on conflict (tenant_id) do update set through_seq = excluded.through_seq`
  world.clock.advance(1)
  const limits = { nowMs: world.clock.now, keepMs: 0, keepEntries, limit: 1_000 }
  await compactPage(world.system, world.tenantId, limits)
}

const answersOf = async (...mutations: Mutation[]): Promise<number> => {
  const ids = JSON.stringify(mutations.map(({ id }) => id))
  const [row] = await world.owner<{ count: number }[]>`
    select count(*)::int as count from mutations m
    where m.id in (select w::uuid from jsonb_array_elements_text(${ids}::text::jsonb) w)`
  return row!.count
}

describe('RT-6 I11 a first answer outlives the entry that it refers to', () => {
  test('an answer without an entry of its own, younger than the entry: a replay is recognised', async () => {
    const [made] = await applied(named(folder('old')))
    const keep = named(folder('old', 'keep'))
    await compactAll()
    const first = await applied(keep)
    expect(first).toMatchObject([{ outcome: 'applied', node: { id: made!.node.id } }])
    await commit(
      named({
        kind: 'move',
        node: made!.node.id,
        to: { parent: world.rootId, name: 'renamed' },
        base: null,
        ifExists: 'fail',
        seen: null,
      }),
    )
    expect(await commit(keep)).toEqual(first)
  })

  test('an answer that refers to an entry of another change in the same batch goes no later than its own age says', async () => {
    const [make, keep] = [named(folder('batch')), named(folder('batch', 'keep'))]
    await applied(make, keep)
    await compactAll()
    expect(await answersOf(make, keep)).toBe(0)
    // What nobody remembers is decided as if it were new.
    expect(await commit(keep)).toMatchObject([{ outcome: 'applied' }])
  })

  test('an answer that refers to an entry of another change in the same batch is given again when that is gone', async () => {
    const [make, keep] = [named(folder('half')), named(folder('half', 'keep'))]
    const [, first] = await applied(make, keep)
    await world.owner`delete from journal where mutation_id = ${make.id}`
    expect(await commit(keep)).toEqual([first])
  })
})

describe('I11 a write is recognised by the content that it brought, when its answer is forgotten', () => {
  test('of a file that was changed since: its present state, and nothing new', async () => {
    const write = note({ parent: world.rootId, name: 'note' }, 0, 'one')
    const [first] = await applied(write)
    const { id } = first!.node
    const [second] = await applied(note({ node: id }, 1, 'two'))
    await compactAll()
    const before = await head()
    expect(await commit(write)).toEqual([{ outcome: 'applied', seq: second!.seq, node: second!.node }])
    expect(await head()).toBe(before)
  })

  test.each(['keep-both', 'newest-wins', 'manual'] as const)(
    'of a conflict by policy %s: the conflict that it met, and nothing new',
    async (conflictPolicy) => {
      const [place] = await applied(named(folder(conflictPolicy)))
      await applied(named({ kind: 'set-attributes', node: place!.node.id, conflictPolicy }))
      const [file] = await applied(note({ parent: place!.node.id, name: 'met' }, 0, 'one'))
      await applied(note({ node: file!.node.id }, 1, 'two'))
      const stale = note({ node: file!.node.id }, 1, 'stale')
      const [first] = await applied(stale)
      const [last] = await applied(note({ node: first!.node.id }, first!.node.contentRevision, 'three'))
      await compactAll()
      const before = await head()
      const [again] = await applied(stale)
      expect(again).toEqual({ ...first, seq: last!.seq, node: last!.node })
      expect(await head()).toBe(before)
    },
  )

  test('among others that are new: each for itself', async () => {
    const write = note({ parent: world.rootId, name: 'among' }, 0, 'one')
    const [first] = await applied(write)
    await applied(note({ node: first!.node.id }, 1, 'two'))
    await compactAll()
    const others = [named(folder('among others')), note({ parent: world.rootId, name: 'among notes' }, 0, 'x')]
    const outcomes = await applied(others[0]!, write, others[1]!)
    expect(outcomes.map(({ node }) => node.name)).toEqual(['among others', 'among', 'among notes'])
    expect(outcomes[1]!.node.contentRevision).toBe(2)
  })

  test('T11 by somebody else the id stands for another change, whose it is not said', async () => {
    const write = note({ parent: world.rootId, name: 'mine' }, 0, 'one')
    const [first] = await applied(write)
    await applied(note({ node: first!.node.id }, 1, 'two'))
    await compactAll()
    const stranger = await otherMember()
    const [answer] = await commit({ ...write, actor: stranger })
    expect(answer).toMatchObject({ outcome: 'rejected', code: 'mutation-reused' })
    expect(JSON.stringify(answer)).not.toContain(first!.node.id)
  })

  test('T1 nor is it told to who may no longer read it', async () => {
    const write = note({ parent: world.rootId, name: 'left' }, 0, 'one')
    const member = await otherMember()
    const [first] = await commit({ ...write, actor: member })
    await applied(note({ node: nodeIn(first).id }, 1, 'two'))
    await compactAll()
    await world.owner`delete from space_members where user_id = ${member.userId}`
    expect(await commit({ ...write, actor: member })).toMatchObject([{ outcome: 'rejected', code: 'not-found' }])
  })

  test('of what is on its way out: that it was written once, not again', async () => {
    const write = note({ parent: world.rootId, name: 'purged' }, 0, 'one')
    const [first] = await applied(write)
    const { id } = first!.node
    await applied(note({ node: id }, 1, 'two'))
    await applied(named({ kind: 'trash', node: id, base: null, seen: null }))
    await applied(named({ kind: 'purge', node: id }))
    await compactAll()
    const before = await head()
    expect(await commit(write)).toMatchObject([{ outcome: 'applied', node: { id, trashedAt: expect.any(Number) } }])
    expect(await head()).toBe(before)
  })
})

function nodeIn(outcome: Outcome | undefined) {
  if (!outcome || outcome.outcome === 'rejected') throw new Error('there is no node')
  return outcome.node
}

async function head(): Promise<number> {
  const [row] = await world.owner<{ seq: number }[]>`
    select seq::float8 as seq from tenant_head where tenant_id = ${world.tenantId}`
  return row!.seq
}

async function otherMember(): Promise<Mutation['actor']> {
  const actor = { userId: freshId<UserId>(), sessionId: freshId<SessionId>() }
  const { tenantId, spaceId, owner } = world
  await owner`insert into users (id, email, display_name, created_at) values (${actor.userId}, ${actor.userId}, 'Bert', now())`
  await owner`insert into memberships (tenant_id, user_id, role, created_at) values (${tenantId}, ${actor.userId}, 'member', now())`
  await owner`insert into space_members (tenant_id, space_id, user_id, role) values (${tenantId}, ${spaceId}, ${actor.userId}, 'manager')`
  await owner`insert into sessions (id, tenant_id, user_id, device_name, kind, created_at, last_used_at, absolute_expiry)
    values (${actor.sessionId}, ${tenantId}, ${actor.userId}, 'test', 'device', now(), now(), '2100-01-01')`
  return actor
}
