import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { TRASH_FOLDER } from '../../client/sync/own-folder.ts'
import { WITHIN } from './sync-cli-support.ts'
import { hashOf } from './sync-ledger.ts'
import { Torture, type Round } from './sync-torture-support.ts'

/** I28: what the torture tests look with sees a loss when there is one, in the real folders and on the real server. */
let torture: Torture
let round: Round
let path: string

beforeAll(async () => {
  torture = await Torture.open()
})
afterAll(() => torture?.end())
beforeEach(async () => {
  round = await torture.round()
  round.act(20)
  path = 'the one.txt'
  round.a.person.create(join(round.a.folder, path))
  await round.rest()
})
afterEach(() => round?.end())

/** Somebody whom the ledger does not know deletes it on the server: as a mistake of a daemon would. */
async function deleteBehindTheLedger(): Promise<string> {
  const { call } = await torture.owner()
  const { body } = await call('GET', `/v1/resolve?path=${encodeURIComponent(`${round.place}/${path}`)}`)
  expect(await call('DELETE', `/v1/nodes/${body.node.id}`)).toMatchObject({ status: 200 })
  await expect
    .poll(async () => [await round.a.tree(), await round.b.tree()].some((tree) => path in tree), WITHIN)
    .toBe(false)
  return body.node.id as string
}

test('a file that goes into the trash although nobody deleted it', async () => {
  await deleteBehindTheLedger()
  await expect(round.rest()).rejects.toMatchObject({ actual: [expect.stringContaining('it is in no folder')] })
})

test('a file that the server had, and has not any more; then it is nowhere', async () => {
  const id = await deleteBehindTheLedger()
  expect(
    await (await torture.owner()).call('POST', `/v1/nodes/${id}/purge`, { mutationId: randomUUID() }),
  ).toMatchObject({
    status: 200,
  })
  await expect
    .poll(async () => (await torture.sql`select 1 from versions where node_id = ${id}`).length, WITHIN)
    .toBe(0)
  expect(await round.complaints()).toEqual([
    expect.stringContaining(`the server had`),
    expect.stringContaining('it is in no folder'),
  ])
  for (const { folder } of round.sides) await rm(join(folder, TRASH_FOLDER), { recursive: true })
  expect(await round.complaints()).toEqual([expect.stringContaining('the server had'), expect.stringContaining('lost')])
})

test('bytes that nobody saved, on both sides', async () => {
  await writeFile(join(round.b.folder, path), 'half a fi')
  await expect.poll(async () => (await round.a.tree())[path], WITHIN).toBe(hashOf(Buffer.from('half a fi')))
  expect(await round.complaints()).toEqual([
    ...['server', 'anna', 'bert'].map((name) => `nobody ever saved what ${name} has at ${path}`),
    expect.stringContaining('it is in no folder'),
  ])
})

test('a device that never comes to the same tree', async () => {
  await round.b.stop()
  await rm(join(round.b.folder, path))
  expect(await round.complaints()).toEqual([expect.stringMatching(/^the one.txt: \w+ \(server\), nothing \(bert\)$/)])
})
