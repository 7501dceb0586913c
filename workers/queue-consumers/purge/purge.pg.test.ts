import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FAULT_POINTS, noFaults, type Faults, type FaultPoint } from '../../../core/fault-points.ts'
import type { MutationId, NodeId } from '../../../core/ids.ts'
import { asTenant } from '../../../db/connect.ts'
import { rescheduleMissed } from '../../../db/system/garbage.ts'
import type { PurgeLimits } from '../../../db/system/purge.ts'
import { listConflicts } from '../../../db/tenant/conflicts.ts'
import { listTrash } from '../../../db/tenant/history.ts'
import { deliver, drainForever, GRACE_MS, openUpload, put, TTL_MS } from '../../../test/support/async-world.ts'
import { keptWorld, type KeptWorld } from '../../../test/support/kept-world.ts'
import { untilWaiting } from '../../../test/support/lock-waits.ts'
import { purgeNodes } from './purge-nodes.ts'

let world: KeptWorld
beforeAll(async () => {
  world = await keptWorld()
})
afterAll(() => world?.drop())
beforeEach(() => drainForever(world))

let made = 0
const fresh = (label: string) => `${label} ${(made += 1)}`
const bytes = (text: string) => Buffer.from(text.padEnd(5_000, '.'))

/** Everything is delivered, and every grace is over. */
async function settle(): Promise<void> {
  await drainForever(world)
  world.clock.advance(TTL_MS + 3 * GRACE_MS)
  await drainForever(world)
}

/** Whether people see a conflict of this file, and this in the trash. */
const seen = async (original: NodeId, trashed: NodeId) => {
  const { app, tenantId, spaceId } = world
  const visible = { tenant: tenantId, spaces: [spaceId] }
  const page = { space: null, after: null, limit: 1_000 }
  const [conflicts, trash] = await asTenant(app, tenantId, (tx) =>
    Promise.all([listConflicts(tx, visible, { ...page, onlyOpen: false }), listTrash(tx, visible, page)]),
  )
  return [conflicts.some((one) => one.original.id === original), trash.some(({ node }) => node.id === trashed)]
}

const expectSound = async () => expect(await world.audit()).toMatchObject({ clean: true, deadLetters: 0 })
const collect = (options: { limits?: PurgeLimits; maxPages?: number; faults?: Faults } = {}) =>
  purgeNodes(
    { id: '', tenantId: world.tenantId, kind: 'node.purged', payload: {}, traceparent: null },
    { db: world.system, now: () => world.clock.now, graceMs: GRACE_MS, faults: noFaults, ...options },
  )

describe('RT-7: rows of what was purged go, with all that lies below', () => {
  test('a tree: nodes, versions, contents, then its bytes after the grace, and nothing else', async () => {
    const top = await world.folder(fresh('top'))
    const below = await world.folder('below', top)
    const gone = await world.file('gone', bytes(fresh('gone')), below)
    await world.rewrite(gone.id, 1, bytes(fresh('gone again')))
    const kept = await world.file(fresh('kept'), bytes(fresh('kept')))
    const before = await world.contents()
    await world.discard(top)
    await settle()
    expect([await world.node(top), await world.node(below), await world.node(gone.id)]).toEqual([null, null, null])
    expect(await world.contents()).toBe(before - 2)
    expect([await world.hasObject(gone.key), await world.hasObject(kept.key)]).toEqual([false, true])
    await expectSound()
  })

  test('bytes stay until the grace is over, rows do not', async () => {
    const { id, key } = await world.file(fresh('late'), bytes(fresh('late')))
    await settle()
    await world.discard(id)
    await deliver(world, 'node.purged', {})
    expect([await world.node(id), await world.hasObject(key)]).toEqual([null, true])
    await drainForever(world)
    expect(await world.hasObject(key)).toBe(false)
  })

  test('a thing out of a trashed unit is purged alone; the unit can still be restored', async () => {
    const unit = await world.folder(fresh('unit'))
    const [one, other] = [await world.note('one', '1', unit), await world.note('other', '2', unit)]
    await world.trash(unit)
    await world.purge(one)
    await settle()
    await world.change({ kind: 'restore', node: unit, to: null })
    expect([await world.node(one), await world.node(other)]).toMatchObject([null, { parent: unit }])
    await expectSound()
  })

  test('a message that comes late, doubled, or for nothing, does nothing', async () => {
    expect(await collect()).toEqual({ do: 'ack' })
    await world.discard(await world.note(fresh('twice'), 'x'))
    await Promise.all([collect(), collect(), collect()])
    expect(await collect()).toEqual({ do: 'ack' })
    await expectSound()
  })
})

describe('RT-8: units that were trashed by themselves outlive the purge', () => {
  test('they go to the parent of what was purged, and are restored from there with what lies in them', async () => {
    const home = await world.folder(fresh('home'))
    const top = await world.folder('top', home)
    const deep = await world.folder('deep', await world.folder('middle', top))
    const unit = await world.folder('unit', deep)
    const { id: held, key } = await world.file('held', bytes(fresh('held')), unit)
    const note = await world.note('note', 'n', top)
    await world.trash(unit)
    await world.trash(note)
    await world.discard(top)
    await settle()
    expect(await world.node(top)).toBeNull()
    expect(await world.node(unit)).toMatchObject({ parent: home, trashed: true, purged: false })
    expect(await world.node(note)).toMatchObject({ parent: home, trashed: true, purged: false })
    await world.change({ kind: 'restore', node: unit, to: null })
    expect(await world.node(held)).toMatchObject({ parent: unit })
    expect(await world.hasObject(key)).toBe(true)
    await expectSound()
  })

  test('purged folders inside one another: a unit in the inner one goes all the way up', async () => {
    const outer = await world.folder(fresh('outer'))
    const inner = await world.folder('inner', outer)
    const unit = await world.note('unit', 'u', inner)
    await world.trash(unit)
    await world.discard(inner)
    await world.discard(outer)
    await settle()
    expect(await world.node(unit)).toMatchObject({ parent: world.rootId, trashed: true, purged: false })
    await expectSound()
  })

  test('RT-11 a change that knows the old place, while the unit is lifted, is decided anew', async () => {
    const home = await world.folder(fresh('home'))
    const top = await world.folder('top', home)
    const unit = await world.folder('unit', top)
    await world.trash(unit)
    await world.discard(top)
    const { release, ended } = await holdRow(unit)
    const collected = collect()
    await untilWaiting(world.owner, 1)
    // Purging it writes the place that it knows.
    const purged = world.purge(unit)
    await untilWaiting(world.owner, 2)
    release()
    await Promise.all([ended, collected, purged])
    const [entry] = await world.system`
      select node->>'parentId' as parent from journal where node_id = ${unit} and kind = 'purged'`
    expect(entry).toEqual({ parent: home })
    await settle()
    expect(await world.node(unit)).toBeNull()
    await expectSound()
  })

  test('a unit that is restored at the same moment stays where the restore has put it', async () => {
    const top = await world.folder(fresh('top'))
    const unit = await world.folder(fresh('unit'), top)
    await world.trash(unit)
    await world.discard(top)
    let collected: Promise<unknown> = Promise.resolve()
    await world.attempt({ kind: 'restore', node: unit, to: null }, async () => {
      collected = collect()
      await untilWaiting(world.owner, 1)
    })
    await collected
    expect(await world.node(unit)).toMatchObject({ parent: world.rootId, trashed: false })
    await expectSound()
  })
})

describe('RT-9, I2, I17: what anything refers to stays', () => {
  test('a copy and its original share a content: it goes with the last of them', async () => {
    const { id, key } = await world.file(fresh('shared'), bytes(fresh('shared')))
    const copy = await world.copy(id, fresh('copy'))
    await world.discard(id)
    await settle()
    expect(await world.hasObject(key)).toBe(true)
    await expectSound()
    await world.discard(copy)
    await settle()
    expect(await world.hasObject(key)).toBe(false)
    await expectSound()
  })

  test('two contents of one chunk: it goes with the last of them', async () => {
    const text = bytes(fresh('same bytes'))
    const [one, other] = [await world.file(fresh('one'), text), await world.file(fresh('other'), text)]
    await world.discard(one.id)
    await settle()
    expect([await world.hasObject(one.key), await world.hasObject(other.key)]).toEqual([false, true])
    await expectSound()
  })

  test('a pack goes as a whole, when none of its chunks is in use', async () => {
    const uploadId = await openUpload(world, 2)
    const texts = [bytes(fresh('first')), bytes(fresh('second'))]
    const pack = put(world, uploadId, Buffer.concat(texts))
    const files: NodeId[] = []
    for (const [i, text] of texts.entries()) {
      const { sha256 } = put(world, uploadId, text)
      const chunk = { ...pack, sha256, offset: 5_000 * i, length: 5_000, verified: true }
      files.push(await packed(chunk, uploadId))
    }
    await world.discard(files[0]!)
    await settle()
    expect(await world.hasObject(pack.objectKey)).toBe(true)
    await world.discard(files[1]!)
    await settle()
    expect(await world.hasObject(pack.objectKey)).toBe(false)
    await expectSound()
  })

  const packed = async (chunk: ReturnType<typeof put>, uploadId: Awaited<ReturnType<typeof openUpload>>) => {
    const { sha256: hash, ...location } = chunk
    const chunks = [{ sha256: hash, size: chunk.length, plain: chunk.length }]
    const content = { codec: 'raw', size: chunk.length, sha256: hash, contentId: hash, held: 'chunks', chunks } as const
    const target = { parent: world.rootId, name: fresh('packed') }
    const common = {
      uploadId,
      target,
      base: 0,
      content,
      staged: { [hash]: location },
      mtimeNs: null,
      executable: false,
    }
    return (await world.change({ kind: 'write-file', nodeKind: 'file', ...common })).node.id
  }

  test('a copy that is written while the purger has the content waits, and finds it there', async () => {
    const { id, key } = await world.file(fresh('raced'), bytes(fresh('raced')))
    const copy = await world.copy(id, fresh('copy'))
    await world.discard(id)
    let second: Promise<NodeId> | null = null
    const faults = async (at: FaultPoint) => {
      if (at !== 'purge.before-commit') return
      second = world.copy(copy, fresh('second'))
      await untilWaiting(world.owner, 1)
    }
    await collect({ faults })
    expect(await world.revisions(await second!)).toEqual([1])
    await world.discard(copy)
    await settle()
    expect(await world.hasObject(key)).toBe(true)
    await expectSound()
  })

  /** A file with two contents: its own, and one that an open conflict alone holds. */
  async function conflicted() {
    const folder = await world.folder(fresh('manual'))
    await world.setPolicy(folder, 'manual')
    const original = await world.file('original', bytes(fresh('base')), folder)
    await world.rewrite(original.id, 1, bytes(fresh('theirs')))
    const mine = await world.rewrite(original.id, 1, bytes(fresh('mine')))
    const [row] = await world.system<{ id: MutationId }[]>`select id from conflicts where original = ${original.id}`
    return { original: original.id, conflict: row!.id, key: mine.key }
  }
  const resolve = (conflict: MutationId) =>
    world.attempt({ kind: 'resolve-conflict', conflict, choice: 'both', base: null })

  test('what a conflict alone holds goes with its original', async () => {
    const { original, conflict, key } = await conflicted()
    await world.discard(original)
    await settle()
    expect(await resolve(conflict)).toMatchObject({ outcome: 'rejected', code: 'not-found' })
    expect(await world.hasObject(key)).toBe(false)
    await expectSound()
  })

  /** Another version of a file refers to the content of `of`: what no decision does once that is purged. */
  const refer = async (of: NodeId, by: NodeId, meanwhile: () => Promise<unknown>) => {
    await world.owner.begin(async (tx) => {
      await tx`insert into versions select tenant_id, ${by}, 2, content_ref, mtime_ns, executable, created_by, device, created_at, seq,
        conflict_of, base_revision from versions where node_id = ${of}`
      await meanwhile()
    })
  }

  test('whatever the decisions say: a reference that is written first is seen under the lock of the content', async () => {
    const [{ id, key }, other] = [
      await world.file(fresh('first'), bytes(fresh('first'))),
      await world.note(fresh('by'), 'x'),
    ]
    await world.discard(id)
    let collected: Promise<unknown> = Promise.resolve()
    await refer(id, other, async () => {
      collected = collect()
      await untilWaiting(world.owner, 1)
    })
    await collected
    await settle()
    expect([await world.node(id), await world.hasObject(key)]).toEqual([null, true])
    await expectSound()
  })

  test('JR-8 and one that is written after it fails (foreign key), which has a journal decide anew', async () => {
    const [{ id, key }, other] = [
      await world.file(fresh('after'), bytes(fresh('after'))),
      await world.note(fresh('by'), 'x'),
    ]
    await world.discard(id)
    let late: Promise<unknown> = Promise.resolve()
    const faults = async (at: FaultPoint) => {
      if (at !== 'purge.before-commit') return
      late = expect(refer(id, other, async () => {})).rejects.toMatchObject({ code: '23503' })
      await untilWaiting(world.owner, 1)
    }
    await collect({ faults })
    await late
    await settle()
    expect(await world.hasObject(key)).toBe(false)
    await expectSound()
  })

  test('a conflicted copy that is purged has ended its conflict', async () => {
    const original = await world.file(fresh('original'), bytes(fresh('base')))
    await world.rewrite(original.id, 1, bytes(fresh('theirs')))
    const copy = await world.rewrite(original.id, 1, bytes(fresh('mine')))
    expect(copy.id).not.toBe(original.id)
    expect(await seen(original.id, copy.id)).toEqual([true, false])
    await world.trash(copy.id)
    expect(await seen(original.id, copy.id)).toEqual([true, true])
    await world.change({ kind: 'restore', node: copy.id, to: null })
    await world.discard(copy.id)
    // Nobody sees it any more, though the collector has not been there.
    expect(await seen(original.id, copy.id)).toEqual([false, false])
    await settle()
    expect(await world.system`select 1 from conflicts where original = ${original.id}`).toHaveLength(0)
    expect(await world.hasObject(copy.key)).toBe(false)
    await expectSound()
  })

  test('two purgers and a shared content: one of them lets go of it', async () => {
    const { id, key } = await world.file(fresh('both'), bytes(fresh('both')))
    const copy = await world.copy(id, fresh('copy'))
    await Promise.all([world.discard(id), world.discard(copy)].map((done) => done.catch(() => undefined)))
    await Promise.all([collect(), collect()])
    await settle()
    if ((await world.node(id)) === null && (await world.node(copy)) === null)
      expect(await world.hasObject(key)).toBe(false)
    await expectSound()
  })
})

describe('RT-10: bounded, and killable anywhere', () => {
  const SMALL: PurgeLimits = { nodes: 2, rows: 3, versions: 2, weight: 3 }

  test('pages of any size, one a message: between any two everything is sound', async () => {
    const top = await world.folder(fresh('top'))
    let at = top
    for (let depth = 0; depth < 4; depth++) {
      at = await world.folder(`deep ${depth}`, at)
      for (let i = 0; i < 4; i++) await world.note(`note ${i}`, `${depth} ${i}`, at)
    }
    const busy = await world.note('busy', '1', at)
    for (let revision = 1; revision < 6; revision++) await world.rewriteNote(busy, revision, `${revision + 1}`)
    await world.discard(top)
    let pages = 0
    while ((await world.system`select 1 from nodes where purged_at is not null limit 1`).length > 0) {
      await collect({ limits: SMALL, maxPages: 1 })
      await expectSound()
      pages += 1
    }
    expect(pages).toBeGreaterThan(8)
    expect(await world.node(busy)).toBeNull()
  })

  test.each(FAULT_POINTS.filter((point) => point.startsWith('purge.')))(
    'killed at %s: the next delivery finishes',
    async (point) => {
      const top = await world.folder(fresh('top'))
      const unit = await world.note('unit', fresh('unit'), top)
      const { id, key } = await world.file('file', bytes(fresh('file')), await world.folder('below', top))
      await world.trash(unit)
      await world.discard(top)
      const faults = (at: string) => (at === point ? Promise.reject(new Error('killed')) : Promise.resolve())
      await expect(deliver(world, 'node.purged', {}, faults)).rejects.toThrow('killed')
      await expectSound()
      await settle()
      expect([await world.node(top), await world.node(id), await world.hasObject(key)]).toEqual([null, null, false])
      expect(await world.node(unit)).toMatchObject({ parent: world.rootId, trashed: true })
      await expectSound()
    },
  )

  test('a purge whose message was lost is found by the safety net, once', async () => {
    await world.discard(await world.note(fresh('lost'), 'x'))
    await world.system`delete from outbox`
    world.clock.advance(2 * GRACE_MS + 1)
    expect(await world.audit()).toMatchObject({ findings: { 'unfinished-purges': { count: 1 } } })
    const mend = () => rescheduleMissed(world.system, { nowMs: world.clock.now, graceMs: GRACE_MS, limit: 10 })
    expect([await mend(), await mend()]).toEqual([1, 0])
    await drainForever(world)
    await expectSound()
  })
})

/** Holds the row of a node, as a slow neighbour would. */
async function holdRow(id: NodeId): Promise<{ release: () => void; ended: Promise<unknown> }> {
  const gate = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const ended = world.owner.begin(async (tx) => {
    await tx`select 1 from nodes where id = ${id} for update`
    held.resolve()
    await gate.promise
  })
  await held.promise
  return { release: () => gate.resolve(), ended }
}
