import { afterAll, beforeAll, expect, test } from 'vitest'
import { FAULT_POINTS } from '../../../core/fault-points.ts'
import type { NodeId } from '../../../core/ids.ts'
import { readUsage, resetUsage } from '../../../db/system/meter.ts'
import {
  asyncWorld,
  type AsyncWorld,
  commitFile,
  deliver,
  drainForever,
  openUpload,
  purgeFile,
  put,
} from '../../../test/support/async-world.ts'
import { meterJournal } from './meter-journal.ts'

let world: AsyncWorld
let written = { bytes: 0, files: 0 }
beforeAll(async () => {
  world = await asyncWorld()
})
afterAll(() => world?.drop())

const usage = () => readUsage(world.system, world.tenantId)
const head = async () => {
  const [row] = await world.system<{ seq: number }[]>`select seq::float8 as seq from tenant_head`
  return row!.seq
}

async function writeFiles(count: number): Promise<void> {
  const uploadId = await openUpload(world, count)
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.from(`meter ${written.files}`.padEnd(5_000 + written.files))
    await commitFile(world, { name: `m-${written.files}`, uploadId, chunks: [put(world, uploadId, bytes)] })
    written = { bytes: written.bytes + bytes.length, files: written.files + 1 }
  }
}

const expected = async () => ({
  throughSeq: await head(),
  writtenBytes: written.bytes,
  filesCreated: written.files,
  versionsWritten: written.files,
})

test('DESIGN 7: messages late, early, doubled and out of order give one count', async () => {
  await writeFiles(3)
  await deliver(world, 'journal.appended', { lastSeq: 2 })
  await writeFiles(4)
  for (const lastSeq of [7, 1, 7, 3, 5, 7]) await deliver(world, 'journal.appended', { lastSeq })
  expect(await usage()).toEqual(await expected())
})

test('DESIGN 7: two deliveries at once count nothing twice', async () => {
  await writeFiles(5)
  const lastSeq = await head()
  await Promise.all(Array.from({ length: 4 }, () => deliver(world, 'journal.appended', { lastSeq })))
  expect(await usage()).toEqual(await expected())
})

test('DESIGN 7: rebuilt from 0 equals the incremental result, in pages of any size', async () => {
  await writeFiles(6)
  await drainForever(world)
  const incremental = await usage()
  expect(incremental).toEqual(await expected())
  for (const pageEntries of [1, 4, 1_000]) {
    await resetUsage(world.system, world.tenantId)
    await meterAll({ pageEntries })
    expect(await usage()).toEqual(incremental)
  }
})

test('RT-7 what was purged has been written all the same: its rows are gone, its bytes still count', async () => {
  await writeFiles(2)
  await drainForever(world)
  const before = await usage()
  const files = await world.owner<{ id: NodeId }[]>`select id from nodes where kind = 'file'`
  for (const { id } of files) await purgeFile(world, id)
  await resetUsage(world.system, world.tenantId)
  await meterAll({})
  expect(await usage()).toEqual(before)
})

test('a time stamp alone writes no version and no bytes', async () => {
  const before = await usage()
  await world.owner.begin(async (tx) => {
    await tx`update tenant_head set seq = seq + 1`
    await tx`insert into journal select tenant_id, (select seq from tenant_head), 'updated', node_id, space_id, mutation_id, user_id, session_id, at, node
      from journal where seq = 1`
  })
  await meterAll({})
  expect(await usage()).toEqual({ ...before, throughSeq: before.throughSeq + 1 })
})

test('a backlog longer than one delivery takes goes on in another message', async () => {
  await writeFiles(5)
  await resetUsage(world.system, world.tenantId)
  await meterAll({ pageEntries: 1, maxPages: 2 })
  expect((await usage()).throughSeq).toBe(2)
  await drainForever(world)
  expect((await usage()).throughSeq).toBe(await head())
})

test.each(FAULT_POINTS.filter((point) => point.startsWith('meter.')))('killed at %s: counted once', async (point) => {
  await writeFiles(2)
  const before = written
  const faults = (at: string) => (at === point ? Promise.reject(new Error('killed')) : Promise.resolve())
  await expect(deliver(world, 'journal.appended', { lastSeq: await head() }, faults)).rejects.toThrow('killed')
  await drainForever(world)
  expect(await usage()).toMatchObject({ writtenBytes: before.bytes, filesCreated: before.files })
})

const meterAll = (limits: { pageEntries?: number; maxPages?: number }) =>
  meterJournal(
    { id: '', tenantId: world.tenantId, kind: 'journal.appended', payload: {}, traceparent: null },
    { db: world.system, now: () => world.clock.now, faults: async () => {}, ...limits },
  )
