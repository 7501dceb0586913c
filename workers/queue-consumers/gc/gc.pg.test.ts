import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FAULT_POINTS, type FaultPoint } from '../../../core/fault-points.ts'
import type { NodeId, UploadId } from '../../../core/ids.ts'
import { audit } from '../../../db/system/audit.ts'
import { asTenant } from '../../../db/connect.ts'
import { rescheduleMissed } from '../../../db/system/garbage.ts'
import { claimOrphans } from '../../../db/system/orphans.ts'
import { abandonUpload } from '../../../db/tenant/uploads.ts'
import {
  asyncWorld,
  type AsyncWorld,
  commitFile,
  deliver,
  drainForever,
  drainIn,
  GRACE_MS,
  openUpload,
  purgeFile,
  put,
  TTL_MS,
} from '../../../test/support/async-world.ts'

let world: AsyncWorld
beforeAll(async () => {
  world = await asyncWorld()
})
afterAll(() => world?.drop())
/** Nothing of an earlier test is waiting. */
beforeEach(() => drainForever(world))

const bytes = (text: string) => Buffer.from(text.padEnd(5_000, '.'))
let files = 0
const freshName = () => `file-${(files += 1)}`
const hasObject = async (key: string) => (await world.store.list(key)).objects.length > 0
const chunkState = async (key: string) => {
  const [row] = await world.system<{ state: string; orphaned: boolean }[]>`
    select state, orphaned_at is not null as orphaned from chunks where object_key = ${key}`
  return row ?? null
}
const report = () => audit({ db: world.system, store: world.store, now: world.clock.now, graceMs: GRACE_MS })
const nodeIdOf = (outcome: Awaited<ReturnType<typeof commitFile>>): NodeId => {
  if (outcome.outcome !== 'applied') throw new Error(`not applied: ${outcome.outcome}`)
  return outcome.node.id
}

/** A file whose chunk nothing refers to any more; its upload is closed and swept, its chunk marked. */
async function orphan(name = freshName()): Promise<{ uploadId: UploadId; chunk: ReturnType<typeof put> }> {
  const uploadId = await openUpload(world)
  const chunk = put(world, uploadId, bytes(`orphan ${name}`))
  const outcome = await commitFile(world, { name, uploadId, chunks: [chunk] })
  await purgeFile(world, nodeIdOf(outcome))
  world.clock.advance(TTL_MS + GRACE_MS)
  await deliver(world, 'upload.expired', { uploadId })
  expect(await chunkState(chunk.objectKey)).toEqual({ state: 'live', orphaned: true })
  return { uploadId, chunk }
}

describe('sweep of an upload (DESIGN 3: blob before row, row before delete)', () => {
  test('what was committed stays, what was not is deleted, once the time and the grace are over', async () => {
    const uploadId = await openUpload(world, 2)
    const kept = put(world, uploadId, bytes('kept'))
    const left = put(world, uploadId, bytes('left behind'))
    await commitFile(world, { name: freshName(), uploadId, chunks: [kept] })
    world.clock.advance(TTL_MS + GRACE_MS - 1)
    await drainIn(world)
    expect(await hasObject(left.objectKey)).toBe(true)
    world.clock.advance(1)
    await drainIn(world)
    expect(await hasObject(left.objectKey)).toBe(false)
    expect(await hasObject(kept.objectKey)).toBe(true)
    const [row] = await world.system`select state, swept_at from uploads where id = ${uploadId}`
    expect(row).toEqual({ state: 'expired', swept_at: new Date(world.clock.now) })
  })

  test('a message that comes early closes nothing and is left again for its time', async () => {
    const uploadId = await openUpload(world)
    expect(await deliver(world, 'upload.expired', { uploadId })).toEqual({ do: 'ack' })
    const [row] = await world.system`select state from uploads where id = ${uploadId}`
    expect(row).toEqual({ state: 'open' })
    const waiting = await world.system`select 1 from outbox where payload->>'uploadId' = ${uploadId}`
    expect(waiting).toHaveLength(2)
  })

  test('a commit that was decided before the close and written after it fails (BV002)', async () => {
    const uploadId = await openUpload(world)
    const chunk = put(world, uploadId, bytes('too late'))
    const beforeWrite = async () => {
      world.clock.advance(TTL_MS + GRACE_MS)
      await deliver(world, 'upload.expired', { uploadId })
    }
    const commit = commitFile(world, { name: freshName(), uploadId, chunks: [chunk], beforeWrite })
    await expect(commit).rejects.toMatchObject({ code: 'BV002' })
    expect(await chunkState(chunk.objectKey)).toBeNull()
  })

  test('a sweep waits for a commit that has the upload, and keeps what it named', async () => {
    const uploadId = await openUpload(world)
    const chunk = put(world, uploadId, bytes('in time'))
    let sweep: Promise<unknown> = Promise.resolve()
    const beforeCommit = async () => {
      world.clock.advance(TTL_MS + GRACE_MS)
      sweep = deliver(world, 'upload.expired', { uploadId })
      await untilWaiting(1)
    }
    await commitFile(world, { name: freshName(), uploadId, chunks: [chunk], beforeCommit })
    await sweep
    expect(await hasObject(chunk.objectKey)).toBe(true)
    expect(await chunkState(chunk.objectKey)).toEqual({ state: 'live', orphaned: false })
  })

  test('a prefix longer than one delivery takes is swept to its end', async () => {
    const uploadId = await openUpload(world)
    for (let i = 0; i < 2_500; i++) put(world, uploadId, Buffer.from(`part ${i}`))
    world.clock.advance(TTL_MS + GRACE_MS)
    await drainForever(world)
    expect(await hasObject(`t/${world.tenantId}/u/${uploadId}/`)).toBe(false)
  })
})

describe('collection of orphans', () => {
  test('object and row go after the grace time, and not before', async () => {
    const { chunk } = await orphan()
    world.clock.advance(GRACE_MS - 1)
    await drainIn(world)
    expect(await hasObject(chunk.objectKey)).toBe(true)
    world.clock.advance(1)
    await drainIn(world)
    expect(await hasObject(chunk.objectKey)).toBe(false)
    expect(await chunkState(chunk.objectKey)).toBeNull()
  })

  test('a commit that refers to the chunk first: the collector skips it, then finds it in use', async () => {
    const { uploadId, chunk } = await orphan()
    world.clock.advance(GRACE_MS)
    const { sha256, length } = chunk
    const claim = () =>
      claimOrphans(
        world.system,
        { tenantId: world.tenantId, uploadId },
        { cutoffMs: world.clock.now, after: '', limit: 10 },
      )
    const beforeCommit = async () => {
      // The chunk's row is held by the commit.
      expect(await claim()).toMatchObject({ claimed: 0, postponed: 1 })
    }
    await commitFile(world, { name: freshName(), uploadId: null, chunks: [{ sha256, length }], beforeCommit })
    expect(await claim()).toMatchObject({ claimed: 0, postponed: 0 })
    await drainForever(world)
    expect(await hasObject(chunk.objectKey)).toBe(true)
    expect(await chunkState(chunk.objectKey)).toEqual({ state: 'live', orphaned: false })
  })

  test('a mark that a commit overlooked is taken back when a content refers to the chunk', async () => {
    const { chunk } = await orphan()
    await commitFile(world, {
      name: freshName(),
      uploadId: null,
      chunks: [{ sha256: chunk.sha256, length: chunk.length }],
    })
    await world.system`update chunks set orphaned_at = ${new Date(world.clock.now)} where object_key = ${chunk.objectKey}`
    world.clock.advance(GRACE_MS)
    await drainForever(world)
    expect(await chunkState(chunk.objectKey)).toEqual({ state: 'live', orphaned: false })
    expect(await hasObject(chunk.objectKey)).toBe(true)
  })

  test('the collector first: a commit that was decided before waits for it and fails (BV002)', async () => {
    const { chunk } = await orphan()
    world.clock.advance(GRACE_MS)
    let rest: Promise<unknown> = Promise.resolve()
    const beforeWrite = async () => {
      const { release, ended } = await holdReferences()
      const collector = drainIn(world)
      await untilWaiting(1)
      // The commit comes to wait for the chunk's row; then the collector may go on.
      void untilWaiting(2).finally(release)
      rest = Promise.all([ended, collector])
    }
    const { sha256, length } = chunk
    const commit = commitFile(world, { name: freshName(), uploadId: null, chunks: [{ sha256, length }], beforeWrite })
    await expect(commit).rejects.toMatchObject({ code: 'BV002' })
    await rest
    expect(await hasObject(chunk.objectKey)).toBe(false)
    expect(await chunkState(chunk.objectKey)).toBeNull()
  })

  test('an object goes as a whole: one chunk in use keeps its neighbours', async () => {
    const uploadId = await openUpload(world, 2)
    const pack = put(world, uploadId, Buffer.concat([bytes('first'), bytes('second')]))
    const [first, second] = ['first', 'second'].map((text, i) => ({
      ...pack,
      sha256: put(world, uploadId, bytes(text)).sha256,
      offset: 5_000 * i,
      length: 5_000,
    }))
    const gone = await commitFile(world, { name: freshName(), uploadId, chunks: [first!] })
    await commitFile(world, { name: freshName(), uploadId, chunks: [second!] })
    await purgeFile(world, nodeIdOf(gone))
    await drainForever(world)
    expect(await hasObject(pack.objectKey)).toBe(true)
    expect((await report()).findings).toMatchObject({ 'dangling-references': { count: 0 } })
  })

  test('an upload that was given up gets its last look even when the message of it is lost: a PUT may have ended late', async () => {
    const uploadId = await openUpload(world)
    await asTenant(world.app, world.tenantId, (tx) =>
      abandonUpload(tx, world.tenantId, uploadId, new Date(world.clock.now)),
    )
    await drainIn(world)
    const late = put(world, uploadId, bytes('late'))
    await world.system`delete from outbox`
    world.clock.now += TTL_MS + 3 * GRACE_MS
    const mend = () => rescheduleMissed(world.system, { nowMs: world.clock.now, graceMs: GRACE_MS, limit: 10 })
    expect(await mend()).toBe(1)
    await drainForever(world)
    expect(await hasObject(late.objectKey)).toBe(false)
    expect(await mend()).toBe(0)
  })

  test('what no message waits for is scheduled again by the safety net, once', async () => {
    const { chunk } = await orphan()
    await world.system`delete from outbox`
    world.clock.advance(2 * GRACE_MS + 1)
    const mend = () => rescheduleMissed(world.system, { nowMs: world.clock.now, graceMs: GRACE_MS, limit: 10 })
    expect([await mend(), await mend()]).toEqual([1, 0])
    await drainForever(world)
    expect(await hasObject(chunk.objectKey)).toBe(false)
  })
})

describe('killed between any two steps (issue 2: faults)', () => {
  const points = FAULT_POINTS.filter((point) => point.startsWith('gc.') || point.startsWith('outbox.after-c'))

  test.each(points)('at %s: the next delivery finishes, nothing in use is lost', async (point) => {
    const lost = await openUpload(world)
    const leftover = put(world, lost, bytes(`leftover ${point}`))
    const { uploadId, chunk } = await orphan()
    const kept = put(world, await openUpload(world), bytes(`kept ${point}`))
    await commitFile(world, { name: freshName(), uploadId: uploadOf(kept.objectKey), chunks: [kept] })
    let kills = 0
    const faults = async (at: FaultPoint) => {
      if (at !== point) return
      kills += 1
      throw new Error('killed')
    }
    world.clock.advance(TTL_MS + 2 * GRACE_MS)
    for (const [kind, id] of [
      ['upload.expired', lost],
      ['upload.expired', uploadId],
      ['chunks.orphaned', uploadId],
    ] as const)
      await deliver(world, kind, { uploadId: id }, faults).catch(() => undefined)
    await drainIn(world, faults).catch(() => undefined)
    expect(kills).toBeGreaterThan(0)
    await drainForever(world)
    world.clock.advance(10 * GRACE_MS)
    expect(await report()).toMatchObject({ clean: true, deadLetters: 0 })
    expect([await hasObject(leftover.objectKey), await hasObject(chunk.objectKey)]).toEqual([false, false])
    expect(await hasObject(kept.objectKey)).toBe(true)
  })
})

const uploadOf = (key: string) => key.split('/')[3] as UploadId

/** Stops the collector between its lock and its look at the references. */
async function holdReferences(): Promise<{ release: () => void; ended: Promise<unknown> }> {
  const gate = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const ended = world.owner.begin(async (tx) => {
    await tx`lock table content_chunks in access exclusive mode`
    held.resolve()
    await gate.promise
  })
  await held.promise
  return { release: gate.resolve, ended }
}

const WAIT_LIMIT_MS = 10_000

/** Until so many backends of this database wait for a lock. */
async function untilWaiting(count: number): Promise<void> {
  const deadline = performance.now() + WAIT_LIMIT_MS
  while (performance.now() < deadline) {
    const [row] = await world.owner<{ waiting: number }[]>`
      select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    if (row!.waiting >= count) return
  }
  throw new Error(`no ${count} connections wait for a lock`)
}
