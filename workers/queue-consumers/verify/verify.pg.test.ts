import { afterAll, beforeAll, expect, test } from 'vitest'
import { FAULT_POINTS } from '../../../core/fault-points.ts'
import type { StagedChunk } from '../../../core/namespace/model.ts'
import {
  asyncWorld,
  type AsyncWorld,
  commitFile,
  deliver,
  drainForever,
  openUpload,
  put,
  sha256,
} from '../../../test/support/async-world.ts'

let world: AsyncWorld
beforeAll(async () => {
  world = await asyncWorld()
})
afterAll(() => world?.drop())

type Member = StagedChunk & { sha256: ReturnType<typeof sha256> }
let packs = 0

/** A pack of three chunks, each a file of its own; one of them may claim a hash that its bytes do not have. */
async function commitPack(wrongAt = -1): Promise<Member[]> {
  packs += 1
  const texts = [0, 1, 2].map((i) => Buffer.from(`pack ${packs} chunk ${i}`.padEnd(4_100 + i)))
  const uploadId = await openUpload(world, 3)
  const { objectKey } = put(world, uploadId, Buffer.concat(texts))
  let offset = 0
  const members = texts.map((bytes, i): Member => {
    const claimed = i === wrongAt ? Buffer.concat([bytes, Buffer.from('!')]) : bytes
    const member = { objectKey, offset, length: bytes.length, sha256: sha256(claimed), verified: false }
    offset += bytes.length
    return member
  })
  for (const [i, member] of members.entries())
    await commitFile(world, { name: `pack-${packs}-${i}`, uploadId, chunks: [member] })
  return members
}

const states = async (members: Member[]) => {
  const rows = await world.system<{ sha256: string; state: string; verified: boolean }[]>`
    select sha256, state, verified from chunks where object_key = ${members[0]!.objectKey}`
  return members.map(({ sha256: hash }) => {
    const { state, verified } = rows.find((row) => row.sha256 === hash)!
    return `${state}${verified ? ' verified' : ''}`
  })
}

test('DESIGN 3: the claims of a pack become facts once its bytes were read', async () => {
  const members = await commitPack()
  expect(await states(members)).toEqual(['live', 'live', 'live'])
  await drainForever(world)
  expect(await states(members)).toEqual(['live verified', 'live verified', 'live verified'])
})

test('T7: a wrong chunk is quarantined and reported by ids alone; its neighbours are good', async () => {
  const members = await commitPack(1)
  await drainForever(world)
  expect(await states(members)).toEqual(['live verified', 'quarantined', 'live verified'])
  const alarms = world.logs.filter((line) => line.includes('chunks.quarantined'))
  expect(alarms).toHaveLength(1)
  expect(alarms[0]).not.toContain(members[1]!.sha256)
})

test('T7: a chunk in quarantine is not handed out again: a commit that relies on it fails', async () => {
  const members = await commitPack(2)
  await drainForever(world)
  const { sha256: hash, length } = members[2]!
  const outcome = await commitFile(world, { name: 'again', uploadId: null, chunks: [{ sha256: hash, length }] })
  expect(outcome).toMatchObject({ outcome: 'rejected', code: 'chunk-unavailable' })
})

test('I21: a file with a chunk in quarantine does not hold its bytes: whoever sends them again mends it, once', async () => {
  await commitPack(1)
  await drainForever(world)
  const name = `pack-${packs}-1`
  const rightBytes = Buffer.from(`pack ${packs} chunk 1`.padEnd(4_101))
  const send = async () => {
    const uploadId = await openUpload(world)
    const sent = put(world, uploadId, rightBytes)
    return commitFile(world, { name, uploadId, chunks: [sent] })
  }
  expect(await send()).toMatchObject({ outcome: 'applied', node: { name, contentRevision: 2 } })
  expect(await send()).toMatchObject({ outcome: 'applied', node: { name, contentRevision: 2 } })
})

test.each(FAULT_POINTS.filter((point) => point.startsWith('verify.')))(
  'killed at %s: the next delivery finishes',
  async (point) => {
    const members = await commitPack(0)
    const { objectKey } = members[0]!
    const faults = (at: string) => (at === point ? Promise.reject(new Error('killed')) : Promise.resolve())
    await expect(deliver(world, 'pack.uploaded', { objectKey }, faults)).rejects.toThrow('killed')
    await drainForever(world)
    expect(await states(members)).toEqual(['quarantined', 'live verified', 'live verified'])
  },
)

test('an object that is missing is an error, not a quarantine: the bytes may be elsewhere', async () => {
  const members = await commitPack()
  await world.store.deleteMany([members[0]!.objectKey])
  await expect(deliver(world, 'pack.uploaded', { objectKey: members[0]!.objectKey })).rejects.toMatchObject({
    code: 'internal',
  })
  expect(await states(members)).toEqual(['live', 'live', 'live'])
})
