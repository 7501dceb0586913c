import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FAULT_POINTS, noFaults, type FaultPoint } from '../../../core/fault-points.ts'
import type { NodeId } from '../../../core/ids.ts'
import type { Mutation } from '../../../core/namespace/model.ts'
import { createPersonalSpace, createTenant } from '../../../db/system/tenants.ts'
import { scheduleRetention } from '../../../db/system/retention.ts'
import { deliver, drainForever, freshId, GRACE_MS, TTL_MS } from '../../../test/support/async-world.ts'
import { keptWorld, type KeptWorld } from '../../../test/support/kept-world.ts'
import { untilWaiting } from '../../../test/support/lock-waits.ts'
import { commitIn } from '../../../test/support/world-journal.ts'
import { keepRetention, type RetentionDeps } from './keep-retention.ts'

const DAY_MS = 86_400_000

let world: KeptWorld
beforeAll(async () => {
  world = await keptWorld()
})
afterAll(() => world?.drop())
beforeEach(async () => {
  await setRules({ trashDays: 30, versionDays: null, versionCount: null })
  await settle()
})

let made = 0
const fresh = (label: string) => `${label} ${(made += 1)}`
const bytes = (text: string) => Buffer.from(text.padEnd(5_000, '.'))

async function setRules(rules: { trashDays?: number; versionDays?: number | null; versionCount?: number | null }) {
  const { trashDays = 30, versionDays = null, versionCount = null } = rules
  await world.system`update spaces set trash_days = ${trashDays}, version_days = ${versionDays}, version_count = ${versionCount}`
}

const tend = (faults = noFaults) => deliver(world, 'retention.due', {}, faults)
const tendWith = (own: Partial<RetentionDeps>) =>
  keepRetention(
    { id: '', tenantId: world.tenantId, kind: 'retention.due', payload: {}, traceparent: null },
    {
      db: world.system,
      now: () => world.clock.now,
      graceMs: GRACE_MS,
      faults: noFaults,
      commit: (tenant, mutations) => commitIn(world, tenant, mutations),
      freshId,
      keepJournal: world.keepJournal,
      ...own,
    },
  )
async function settle(): Promise<void> {
  await drainForever(world)
  world.clock.advance(TTL_MS + 3 * GRACE_MS)
  await drainForever(world)
}
const expectSound = async () => expect(await world.audit()).toMatchObject({ clean: true, deadLetters: 0 })

describe('RT-1: the trash is kept for the days of its space', () => {
  test('what is older is purged through the journal, by nobody; what is younger stays', async () => {
    const [old, young] = [
      await world.file(fresh('old'), bytes(fresh('old'))),
      await world.file(fresh('young'), bytes(fresh('young'))),
    ]
    await world.trash(old.id)
    world.clock.advance(1)
    await world.trash(young.id)
    world.clock.advance(30 * DAY_MS - 1)
    await tend()
    await settle()
    expect([await world.node(old.id), await world.hasObject(old.key)]).toEqual([null, false])
    expect([await world.node(young.id), await world.hasObject(young.key)]).toMatchObject([{ trashed: true }, true])
    const [entry] =
      await world.system`select kind, user_id as "by" from journal where node_id = ${old.id} order by seq desc limit 1`
    expect(entry).toEqual({ kind: 'purged', by: '00000000-0000-8000-8000-000000000000' })
    await expectSound()
  })

  test('a unit that was trashed later than the folder above it has its own time', async () => {
    const top = await world.folder(fresh('top'))
    const unit = await world.note('unit', 'u', top)
    await world.trash(unit)
    world.clock.advance(DAY_MS)
    await world.trash(top)
    world.clock.advance(29 * DAY_MS)
    await tend()
    await settle()
    expect([await world.node(unit), await world.node(top)]).toMatchObject([null, { trashed: true }])
    await expectSound()
  })

  test('each space by its own days: 0 empties the trash at the next look', async () => {
    const id = await world.note(fresh('gone'), 'x')
    await world.trash(id)
    await setRules({ trashDays: 0 })
    await tend()
    await settle()
    expect(await world.node(id)).toBeNull()
  })

  test('what was restored, or went there again, between the look and the purge stays', async () => {
    const [restored, again] = [await world.note(fresh('restored'), 'x'), await world.note(fresh('again'), 'x')]
    await world.trash(restored)
    await world.trash(again)
    world.clock.advance(31 * DAY_MS)
    const commit: RetentionDeps['commit'] = async (tenant, mutations) => {
      for (const node of [restored, again]) await world.change({ kind: 'restore', node, to: null })
      await world.trash(again)
      return commitIn(world, tenant, mutations)
    }
    expect(await tendWith({ commit })).toEqual({ do: 'ack' })
    await settle()
    expect([await world.node(restored), await world.node(again)]).toMatchObject([{ trashed: false }, { trashed: true }])
    await expectSound()
  })

  test('more than a batch goes batch by batch; more than a delivery in another message, behind those of others', async () => {
    const folder = await world.folder(fresh('many'))
    for (let i = 0; i < 450; i++) await world.trash(await world.note(`note ${i}`, 'x', folder))
    world.clock.advance(31 * DAY_MS)
    const sizes: number[] = []
    const commit = (tenant: typeof world.tenantId, mutations: Mutation[]) => {
      sizes.push(mutations.length)
      return commitIn(world, tenant, mutations)
    }
    await tendWith({ commit, maxPages: 2 })
    expect(sizes).toEqual([200, 200])
    await drainForever(world)
    const left = await world.system`select 1 from nodes where parent_id = ${folder}`
    expect(left).toHaveLength(0)
  }, 60_000)
})

describe('RT-2, RT-3: older versions', () => {
  /** A file with so many versions, a day apart; the present one is a day old. */
  async function history(versions: number): Promise<{ id: NodeId; keys: string[] }> {
    const first = await world.file(fresh('history'), bytes(fresh('v1')))
    const keys = [first.key]
    for (let revision = 1; revision < versions; revision++) {
      world.clock.advance(DAY_MS)
      keys.push((await world.rewrite(first.id, revision, bytes(fresh(`v${revision + 1}`)))).key)
    }
    world.clock.advance(DAY_MS)
    return { id: first.id, keys }
  }

  test('go as many days after they were replaced, with their bytes', async () => {
    const { id, keys } = await history(6)
    await setRules({ versionDays: 3 })
    await tend()
    await settle()
    // Replaced 1, 2, … days ago, from the newest on; the third is just too old.
    expect(await world.revisions(id)).toEqual([4, 5, 6])
    const held = await Promise.all(keys.map((key) => world.hasObject(key)))
    expect(held).toEqual([false, false, false, true, true, true])
    await expectSound()
  })

  test('go beyond the count; labelled ones stay and do not count', async () => {
    const { id } = await history(6)
    await world.label(id, 2, 'the good one')
    await setRules({ versionCount: 2 })
    await tend()
    await settle()
    expect(await world.revisions(id)).toEqual([2, 5, 6])
    const { id: other } = await history(6)
    await world.label(other, 5, 'a good one among the newest')
    await tend()
    await settle()
    expect(await world.revisions(other)).toEqual([4, 5, 6])
    await expectSound()
  })

  test('the present one stays, however old', async () => {
    const id = await world.note(fresh('present'), 'x')
    await setRules({ versionDays: 0, versionCount: 1 })
    world.clock.advance(1_000 * DAY_MS)
    await tend()
    expect(await world.revisions(id)).toEqual([1])
  })

  test('what an open conflict names stays until it is resolved', async () => {
    const { id } = await history(3)
    await world.rewriteNote(id, 1, fresh('mine')) // base 1, theirs 3
    await world.rewriteNote(id, 3, fresh('newer'))
    await setRules({ versionCount: 1 })
    await tend()
    expect(await world.revisions(id)).toEqual([1, 3, 4])
    const [conflict] = await world.system<{ id: never }[]>`select id from conflicts where original = ${id}`
    await world.change({ kind: 'resolve-conflict', conflict: conflict!.id, choice: 'theirs', base: null })
    await tend()
    expect(await world.revisions(id)).toEqual([4])
    await settle()
    await expectSound()
  })

  test('a version that a restored one shares its content with goes alone', async () => {
    const { id, keys } = await history(3)
    await world.change({ kind: 'restore-version', node: id, revision: 1, base: null })
    await setRules({ versionCount: 1 })
    await tend()
    await settle()
    expect(await world.revisions(id)).toEqual([4])
    expect(await Promise.all(keys.map((key) => world.hasObject(key)))).toEqual([true, false, false])
    await expectSound()
  })

  test('many files in many deliveries of one page, as one look at all would say', async () => {
    const ids = [(await history(5)).id, (await history(2)).id, (await history(7)).id]
    await setRules({ versionDays: 4, versionCount: 3 })
    for (let runs = 0; runs < 40; runs++) await tendWith({ maxPages: 1 }).then(() => drainForever(world))
    // The first two were replaced more than four days ago, the last is beyond the newest three.
    expect(await Promise.all(ids.map((id) => world.revisions(id)))).toEqual([[5], [2], [5, 6, 7]])
  })

  test('RT-11 a version that is restored or labelled while it expires: the change is decided anew', async () => {
    const { id } = await history(3)
    await setRules({ versionCount: 1 })
    const { release, ended } = await holdReferences()
    const tended = tend()
    await untilWaiting(world.owner, 1)
    const restored = world.attempt({ kind: 'restore-version', node: id, revision: 1, base: null })
    await untilWaiting(world.owner, 2)
    release()
    await Promise.all([ended, tended])
    expect(await restored).toMatchObject({ outcome: 'rejected', code: 'not-found' })
    expect(await world.revisions(id)).toEqual([3])
    await settle()
    await expectSound()
  })

  test('and one that is labelled first stays', async () => {
    const { id } = await history(3)
    await setRules({ versionCount: 1 })
    let tended: Promise<unknown> = Promise.resolve()
    await world.attempt({ kind: 'label-version', node: id, revision: 1, label: 'mine' }, async () => {
      tended = tend()
      await untilWaiting(world.owner, 1)
    })
    await tended
    expect(await world.revisions(id)).toEqual([1, 3])
    await settle()
    await expectSound()
  })
})

describe('RT-5: resolved conflicts', () => {
  test('go as long after their end as the space keeps its trash, with the content that only they held', async () => {
    const folder = await world.folder(fresh('manual'))
    await world.setPolicy(folder, 'manual')
    const original = await world.file('original', bytes(fresh('base')), folder)
    await world.rewrite(original.id, 1, bytes(fresh('theirs')))
    const mine = await world.rewrite(original.id, 1, bytes(fresh('mine')))
    const [conflict] = await world.system<{ id: never }[]>`select id from conflicts where original = ${original.id}`
    world.clock.advance(100 * DAY_MS)
    await tend()
    await settle()
    expect(await world.hasObject(mine.key)).toBe(true) // it is open
    await world.change({ kind: 'resolve-conflict', conflict: conflict!.id, choice: 'theirs', base: null })
    world.clock.advance(30 * DAY_MS - 1)
    await tend()
    expect(await world.system`select 1 from conflicts where id = ${conflict!.id}`).toHaveLength(1)
    world.clock.advance(1)
    await tend()
    await settle()
    expect(await world.system`select 1 from conflicts where id = ${conflict!.id}`).toHaveLength(0)
    expect(await world.hasObject(mine.key)).toBe(false)
    await expectSound()
  })
})

describe('RT-12 every tenant in its turn', () => {
  const schedule = (limit = 10) =>
    scheduleRetention(world.system, { nowMs: world.clock.now, everyMs: 3_600_000, limit })

  test('once an interval, those first that have waited longest', async () => {
    const others = [await anotherTenant(), await anotherTenant()]
    expect(await schedule(1)).toBe(1)
    expect(await schedule()).toBe(2)
    expect(await schedule()).toBe(0)
    const tended = await world.system`select tenant_id from outbox where kind = 'retention.due'`
    expect(new Set(tended.map(({ tenant_id: id }) => id))).toEqual(new Set([world.tenantId, ...others]))
    world.clock.advance(3_600_000)
    expect(await schedule()).toBe(3)
    await drainForever(world)
  })

  test('two that schedule at once leave one message for each', async () => {
    world.clock.advance(3_600_000)
    const left = await Promise.all([schedule(), schedule(), schedule()])
    expect(left.reduce((sum, count) => sum + count)).toBe(3)
    await drainForever(world)
  })

  async function anotherTenant() {
    const tenantId = freshId<typeof world.tenantId>()
    const now = new Date(world.clock.now)
    await createTenant(world.system, { tenantId, name: 'Another', epoch: freshId(), now })
    const space = {
      spaceId: freshId<typeof world.spaceId>(),
      rootId: freshId<NodeId>(),
      userId: freshId<typeof world.userId>(),
    }
    await createPersonalSpace(world.system, { tenantId, ...space, name: 'Files', now })
    return tenantId
  }
})

describe('killed between any two steps', () => {
  const points = FAULT_POINTS.filter((point) => point.startsWith('retention.') || point.startsWith('compaction.'))

  test.each(points)('at %s: the next delivery finishes', async (point) => {
    const file = await world.file(fresh('file'), bytes(fresh('v1')))
    await world.rewrite(file.id, 1, bytes(fresh('v2')))
    const trashed = await world.note(fresh('trashed'), 'x')
    await world.trash(trashed)
    await setRules({ versionCount: 1 })
    world.clock.advance(31 * DAY_MS)
    await drainForever(world)
    const faults = (at: FaultPoint) => (at === point ? Promise.reject(new Error('killed')) : Promise.resolve())
    await expect(tend(faults)).rejects.toThrow('killed')
    await expectSound()
    await tend()
    await settle()
    expect([await world.node(trashed), await world.revisions(file.id), await world.hasObject(file.key)]).toEqual([
      null,
      [2],
      false,
    ])
    await expectSound()
  })
})

/** Stops whoever lets go of a content between its locks and the rows. */
async function holdReferences(): Promise<{ release: () => void; ended: Promise<unknown> }> {
  const gate = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const ended = world.owner.begin(async (tx) => {
    await tx`lock table content_chunks in access exclusive mode`
    held.resolve()
    await gate.promise
  })
  await held.promise
  return { release: () => gate.resolve(), ended }
}
