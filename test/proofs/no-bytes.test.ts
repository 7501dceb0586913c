import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startLocalR2 } from '../../embedded/local-r2.ts'
import type { Stack } from '../../embedded/stack.ts'
import type { MutationResult, NodeStateWire } from '../../protocol/files.ts'
import { seededDice } from '../faults/dice.ts'
import { inspect, type Inspector } from '../faults/inspector.ts'
import { nodeIdOf, planMixedUpload, upload } from '../faults/mixed-upload.ts'
import { startStoreProxy } from '../faults/store-proxy.ts'
import { until } from '../faults/until.ts'
import { type Account, firstAccount } from '../support/account.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { emptyMemory } from './random-entry.ts'
import { deviceOf } from './replayed-server.ts'
import { behave, plant } from './tree-history.ts'

/** Proof (e): what changes or reads the tree touches no byte. Every request to the store goes through a proxy that notes it. */
let stack: Stack
let inspector: Inspector
let account: Account
let stops: (() => Promise<unknown>)[] = []
const requests: string[] = []

beforeAll(async () => {
  const dir = await temporaryFolder()
  const keys = { bucket: 'bitvault', accessKeyId: 'test', secretAccessKey: 'test-secret' }
  const bucket = await startLocalR2({ dir, ...keys })
  const proxy = await startStoreProxy(bucket.endpoint)
  const note = (method: string, url: string): false => (requests.push(`${method} ${url.split('?')[0]}`), false)
  proxy.inject({ matches: note, fault: { do: 'reset' } })
  stack = await testStack({ s3: { endpoint: proxy.endpoint, region: 'auto', ...keys } })
  inspector = inspect(stack)
  stops = [
    () => inspector.close(),
    () => stack.stop(),
    () => proxy.close(),
    () => bucket.stop(),
    () => rm(dir, { recursive: true, force: true }),
  ]
  account = await firstAccount(stack)
})
afterAll(async () => {
  for (const stop of stops) await stop()
})

/** Files with bytes in the store: alone in an object, and in a pack. */
let folder: string
let files: string[]
beforeEach(async () => {
  folder = await made({ kind: 'create-folder', parent: account.home.rootId, name: randomUUID() })
  const { results } = await upload(account.call, planMixedUpload(folder, 'a'))
  files = [...results.values()].slice(1).map(nodeIdOf)
  await atRest()
  expect(requests.filter((request) => request.startsWith('PUT'))).not.toEqual([])
  requests.length = 0
})

/** What the upload left to be done behind the scenes, which looks at its bytes, is done. */
const atRest = (): Promise<void> =>
  until('nothing is due', async () => {
    const [row] = await inspector.owner<{ count: number }[]>`
      select count(*)::int as count from outbox where available_at <= now() or attempts > 0`
    return row!.count === 0
  })

async function push(...entries: object[]): Promise<MutationResult[]> {
  const mutations = entries.map((entry) => ({ id: randomUUID(), ...entry }))
  const { status, body } = await account.call('POST', '/v1/sync/push', { mutations })
  expect(status, JSON.stringify(body)).toBe(200)
  return body.results
}

async function change(entry: object): Promise<NodeStateWire> {
  const [result] = await push(entry)
  if (result!.outcome === 'rejected') throw new Error(JSON.stringify(result!.problem))
  return result!.node
}

const made = async (entry: object): Promise<string> => (await change(entry)).id

/** The bytes of one file, held already, as the content of another. */
async function heldContent(file: string) {
  const [row] = await inspector.owner<{ sha256: string; size: number }[]>`
    select cc.sha256, cc.size::float8 as size from versions v
    join content_chunks cc on cc.tenant_id = v.tenant_id and cc.content_ref = v.content_ref where v.node_id = ${file}`
  const { sha256, size } = row!
  return { size, sha256, content: { chunks: [{ sha256, size, plain: size }] } }
}

async function expectNoRequest(): Promise<void> {
  await atRest()
  expect(requests).toEqual([])
}

test('FT-19 changes of every kind, of files whose bytes lie in the store: not one request', async () => {
  const [file, other] = files as [string, string]
  const { rootId } = account.home
  const name = (): string => randomUUID()
  const held = await heldContent(other)
  await change({ kind: 'move', node: file, to: { parent: folder, name: name() } })
  await change({ kind: 'copy', node: file, to: { parent: folder, name: name() } })
  await change({ kind: 'copy', node: folder, to: { parent: rootId, name: name() } })
  await change({ kind: 'set-attributes', node: file, mtimeNs: '1', executable: true, properties: { a: 'b' } })
  await change({ kind: 'write', target: { node: file }, base: 1, ...held })
  await change({ kind: 'restore-version', node: file, revision: 1 })
  await change({ kind: 'copy', node: file, revision: 2, to: { parent: folder, name: name() } })
  await change({ kind: 'label-version', node: file, revision: 2, label: 'kept' })
  await change({ kind: 'symlink', target: { parent: folder, name: name() }, linkTarget: '../x' })
  const stale = randomUUID()
  const third = { ...held, content: { ...held.content } }
  expect(await push({ id: stale, kind: 'write', target: { node: files[2] }, base: 0, ...third })).toMatchObject([
    { outcome: 'conflict' },
  ])
  await change({ kind: 'resolve-conflict', conflict: stale, choice: 'mine' })
  await change({ kind: 'trash', node: file })
  await change({ kind: 'write', target: { node: file }, base: 3, ...(await heldContent(files[2]!)) })
  await change({ kind: 'trash', node: folder, seen: 1 })
  await change({ kind: 'restore', node: folder })
  await change({ kind: 'trash', node: folder })
  await change({ kind: 'purge', node: folder })
  await expectNoRequest()
})

test('FT-19 random changes, and whatever reads the tree: not one request', async () => {
  const device = deviceOf(account, 'test device')
  const memory = emptyMemory(account.home.rootId)
  const behaviour = {
    device,
    call: account.call,
    dice: seededDice(5),
    memory,
    batch: 20,
    goesOn: (n: number) => n < 60,
  }
  await plant(behaviour)
  await behave(behaviour)
  const [file] = files
  const reads = [
    '/v1/sync/changes?limit=1000',
    '/v1/sync/snapshot',
    `/v1/folders/${folder}/children`,
    `/v1/files/${file}`,
    `/v1/files/${file}/versions`,
    '/v1/resolve?path=home',
    `/v1/trash?space=${account.home.id}`,
    `/v1/conflicts?space=${account.home.id}&state=all`,
    '/v1/devices',
    '/v1/spaces',
  ]
  for (const path of reads) expect({ path, ...(await account.call('GET', path)) }).toMatchObject({ path, status: 200 })
  await expectNoRequest()
})

test('what reads or writes bytes does show up', async () => {
  const answer = await fetch(`${stack.url}/v1/files/${files[0]}/content`, {
    headers: { authorization: `Bearer ${account.token}` },
  })
  expect((await answer.arrayBuffer()).byteLength).toBe(9_000)
  expect(requests).toEqual([expect.stringMatching(/^GET /)])
})
