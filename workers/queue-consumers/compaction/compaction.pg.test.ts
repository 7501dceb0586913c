import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { noFaults } from '../../../core/fault-points.ts'
import { asTenant } from '../../../db/connect.ts'
import { compactPage } from '../../../db/system/compaction.ts'
import { meterPage, readUsage, resetUsage } from '../../../db/system/meter.ts'
import { readJournal } from '../../../db/tenant/journal.ts'
import { drainForever } from '../../../test/support/async-world.ts'
import { keptWorld, type KeptWorld } from '../../../test/support/kept-world.ts'
import { compactJournal } from './compact-journal.ts'

const DAY_MS = 86_400_000
const KEEP = { keepMs: 30 * DAY_MS, keepEntries: 5, limit: 1_000 }

let world: KeptWorld
beforeAll(async () => {
  world = await keptWorld()
})
afterAll(() => world?.drop())
beforeEach(() => drainForever(world))

let made = 0
const notes = async (count: number) => {
  for (let i = 0; i < count; i++) await world.note(`note ${(made += 1)}`, 'x')
}
const compact = (own: Partial<Parameters<typeof compactPage>[2]> = {}) =>
  compactPage(world.system, world.tenantId, { nowMs: world.clock.now, ...KEEP, ...own })
const extent = async () => {
  const [row] = await world.system<{ head: number; horizon: number; entries: number; answers: number }[]>`
    select seq::float8 as head, horizon::float8 as horizon, (select count(*)::int from journal) as entries,
      (select count(*)::int from mutations) as answers from tenant_head where tenant_id = ${world.tenantId}`
  return row!
}
const read = (after: number, limit = 1_000) =>
  asTenant(world.app, world.tenantId, (tx) => readJournal(tx, world.tenantId, after, limit))
const countAll = async () => {
  while (await meterPage(world.system, world.tenantId, 1_000));
}
const expectSound = async () => expect(await world.audit()).toMatchObject({ clean: true, deadLetters: 0 })

describe('RT-6: entries go when they are old, beyond the newest, and counted', () => {
  test('what is young stays, however many; what is among the newest stays, however old', async () => {
    await notes(8)
    await drainForever(world)
    expect(await compact()).toEqual({ entries: 0, answers: 0 })
    world.clock.advance(30 * DAY_MS)
    await notes(2)
    await countAll()
    expect(await compact()).toEqual({ entries: 5, answers: 0 })
    expect(await extent()).toEqual({ head: 10, horizon: 5, entries: 5, answers: 5 })
    expect(await compact()).toEqual({ entries: 0, answers: 0 })
    expect(await compact({ keepEntries: 0 })).toEqual({ entries: 3, answers: 0 })
    await drainForever(world)
    await expectSound()
  })

  test('what the meter has not counted stays', async () => {
    const before = await extent()
    await notes(6)
    world.clock.advance(31 * DAY_MS)
    await world.system`update usage set through_seq = ${before.head + 2} where tenant_id = ${world.tenantId}`
    await compact({ keepEntries: 0 })
    expect(await extent()).toMatchObject({ horizon: before.head + 2 })
    await countAll()
    await compact({ keepEntries: 0 })
    expect(await extent()).toMatchObject({ horizon: before.head + 6, entries: 0 })
    await drainForever(world)
    await expectSound()
  })

  test('a count of what was compacted away is not thrown away', async () => {
    const before = await readUsage(world.system, world.tenantId)
    await expect(resetUsage(world.system, world.tenantId)).rejects.toMatchObject({ code: 'internal' })
    expect(await readUsage(world.system, world.tenantId)).toEqual(before)
  })

  test('in steps of any size, one a transaction; between any two the journal is sound', async () => {
    await notes(9)
    world.clock.advance(31 * DAY_MS)
    await drainForever(world)
    const { head } = await extent()
    const keepJournal = { ms: 0, entries: 2, pageEntries: 3 }
    const deps = { db: world.system, now: () => world.clock.now, faults: noFaults, keepJournal }
    const steps: boolean[] = []
    do {
      steps.push(await compactJournal(world.tenantId, deps))
      await expectSound()
    } while (steps.at(-1))
    expect(steps).toEqual([true, true, false])
    expect(await extent()).toMatchObject({ horizon: head - 2, entries: 2, answers: 2 })
  })

  test('I11 an answer goes with the entry that it tells of, not with another one of the same change', async () => {
    await drainForever(world)
    const [taken, mover] = [await world.note('taken', 'x'), await world.note('mover', 'x')]
    world.clock.advance(31 * DAY_MS)
    // Two entries: what had the name goes to the trash, then the other one is moved there.
    const to = { parent: world.rootId, name: 'taken' }
    const moved = await world.change({ kind: 'move', node: mover, to, base: null, ifExists: 'replace', seen: null })
    world.clock.advance(31 * DAY_MS)
    await countAll()
    const { head, horizon } = await extent()
    expect(moved.seq).toBe(head)
    const hasAnswer = async () => (await world.system`select 1 from mutations where seq = ${head}`).length > 0
    await compact({ keepEntries: 0, limit: head - 1 - horizon })
    expect(await extent()).toMatchObject({ horizon: head - 1 })
    expect([await hasAnswer(), (await world.node(taken))?.trashed]).toEqual([true, true])
    await compact({ keepEntries: 0 })
    expect(await hasAnswer()).toBe(false)
    await drainForever(world)
    await expectSound()
  })

  test('answers without an entry of their own go by their age', async () => {
    await notes(1)
    const { node } = await world.change({ kind: 'create-folder', parent: world.rootId, name: 'kept', ifExists: 'keep' })
    await world.change({ kind: 'create-folder', parent: world.rootId, name: 'kept', ifExists: 'keep' })
    expect(await compact({ keepEntries: 0 })).toMatchObject({ answers: 0 })
    world.clock.advance(30 * DAY_MS)
    await world.change({ kind: 'create-folder', parent: world.rootId, name: 'kept', ifExists: 'keep' })
    expect(await compact({ keepEntries: 1_000 })).toEqual({ entries: 0, answers: 1 })
    expect(await world.node(node.id)).not.toBeNull()
  })
})

describe('RT-6: nobody ever reads half a run', () => {
  test('readers and writers go on while entries are removed: a page has no gap, or its cursor is before the horizon', async () => {
    await drainForever(world)
    await notes(60)
    world.clock.advance(31 * DAY_MS)
    await countAll()
    const { head, horizon } = await extent()
    const over = new AbortController()
    const gaps: unknown[] = []
    const reader = async (start: number) => {
      for (let after = start; !over.signal.aborted; after = after + 7 > head ? horizon : after + 7) {
        const page = await read(after, 10)
        const first = page.entries[0]?.seq
        if (after >= page.horizon && first !== undefined && first !== after + 1) gaps.push({ after, ...page })
        if (after < page.horizon && first !== undefined && first <= page.horizon) gaps.push({ after, ...page })
      }
    }
    const readers = [reader(horizon), reader(horizon + 3)]
    const compactors = Promise.all(
      [1, 2].map(async () => {
        for (let i = 0; i < 30; i++) await compact({ keepEntries: 0, limit: 2 })
      }),
    )
    await notes(10)
    await compactors
    over.abort()
    await Promise.all(readers)
    expect(gaps).toEqual([])
    expect(await extent()).toMatchObject({ head: head + 10, horizon: head, entries: 10 })
    await drainForever(world)
    await expectSound()
  })
})
