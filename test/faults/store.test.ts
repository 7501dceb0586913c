import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startLocalR2 } from '../../embedded/local-r2.ts'
import type { Stack } from '../../embedded/stack.ts'
import { type Account, type Answer, chunkedFile, firstAccount, put, sha256, someBytes } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { inspect, type Inspector, NO_GRACE } from './inspector.ts'
import { commit, type MixedUpload, nodeIdOf, planMixedUpload, stage, upload } from './mixed-upload.ts'
import { readBack } from './read-back.ts'
import { type Injected, startStoreProxy, type StoreFault, type StoreProxy } from './store-proxy.ts'

/** A stack whose object store is reached only through the proxy. */
async function startWorld() {
  const dir = await temporaryFolder()
  const keys = { bucket: 'bitvault', accessKeyId: 'test', secretAccessKey: 'test-secret' }
  const bucket = await startLocalR2({ dir, ...keys })
  const proxy = await startStoreProxy(bucket.endpoint)
  const stack = await testStack({ s3: { endpoint: proxy.endpoint, region: 'auto', ...keys }, env: NO_GRACE })
  const inspector = inspect({ ...stack, s3: { ...stack.s3, endpoint: bucket.endpoint } })
  const stop = async (): Promise<void> => {
    await inspector.close()
    await stack.stop()
    await proxy.close()
    await bucket.stop()
    await rm(dir, { recursive: true, force: true })
  }
  return { proxy, stack, inspector, owner: await firstAccount(stack), stop }
}

type World = Awaited<ReturnType<typeof startWorld>>

let worlds: World[] = []
let proxy: StoreProxy
let stack: Stack
let inspector: Inspector
let owner: Account
/** Takes as long as the limits of a call to the store: begun first, in a world of its own, and looked at last. */
let silence: ReturnType<typeof commitInSilence>

beforeAll(async () => {
  worlds = await Promise.all([startWorld(), startWorld()])
  ;({ proxy, stack, inspector, owner } = worlds[0]!)
  silence = commitInSilence(worlds[1]!)
  silence.catch(() => undefined) // whoever runs only some of the tests does not wait for it
})
afterAll(() => Promise.all(worlds.map((world) => world.stop())))

const injected: Injected[] = []
afterEach(() => {
  for (const each of injected.splice(0)) each.remove()
})

type Kind = 'list' | 'get' | 'delete' | 'complete'
const IS: Record<Kind, (method: string, url: string) => boolean> = {
  list: (method, url) => method === 'GET' && url.includes('list-type=2'),
  get: (method, url) => method === 'GET' && !url.includes('list-type=2'),
  delete: (method, url) => method === 'POST' && /[?&]delete/.test(url),
  complete: (method, url) => method === 'POST' && url.includes('uploadId='),
}

/** @param part of the path or query: an upload's id keeps it from hitting anything else */
function inject(kind: Kind, fault: StoreFault, { times = Infinity, part = '' } = {}): Injected {
  const matches = (method: string, url: string) => IS[kind](method, url) && url.includes(part)
  const added = proxy.inject({ matches, fault, times })
  injected.push(added)
  return added
}

const BROKEN: [string, StoreFault][] = [
  ['answers 500', { do: 'answer', status: 500 }],
  ['answers 503', { do: 'answer', status: 503 }],
  ['resets the connection', { do: 'reset' }],
  ['cuts its answers', { do: 'cut' }],
]

function expectUnavailable(answer: Answer): void {
  expectProblem(answer, 'store-unavailable')
  expect(answer.body).toMatchObject({ retryable: true, retryAfterMs: expect.any(Number) })
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
}

async function expectNothingDone(plan: MixedUpload, { effectsOf }: Inspector): Promise<void> {
  for (const { id: _, ...counts } of await effectsOf([...plan.files.keys()].slice(1)))
    expect(counts).toEqual({ answers: 0, entries: 0, contents: 0, versions: 0 })
}

/** A file of an init as an entry of a push. */
function writeEntry(file: MixedUpload['init']['files'][number], uploadId: string): object {
  const { mutationId: id, ...rest } = file
  return { id, kind: 'write', uploadId, ...rest }
}

const expectApplied = (results: ReadonlyMap<string, { outcome: string }>) =>
  expect([...results.values()].map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied'])

async function commitInSilence({ owner, proxy }: World) {
  const plan = planMixedUpload(owner.home.rootId, 'silent always')
  const { uploadId: once } = await stage(owner.call, planMixedUpload(owner.home.rootId, 'silent once'))
  const { uploadId: always } = await stage(owner.call, plan)
  const hang = (uploadId: string | null, times: number): void => {
    const matches = (method: string, url: string) => IS.list(method, url) && url.includes(uploadId!)
    proxy.inject({ matches, fault: { do: 'hang' }, times })
  }
  hang(always, Infinity)
  hang(once, 1)
  const startedAt = performance.now()
  const [results, refusal] = await Promise.all([commit(owner.call, once!), owner.call('POST', commitPath(always), {})])
  return { results, refusal, tookMs: performance.now() - startedAt, plan }
}

const commitPath = (uploadId: string | null) => `/v1/files/${uploadId}/commit`

describe.each(BROKEN)('FT-13 the store %s', (name, fault) => {
  test('a commit is refused with a time to come again, nothing is half-done, and then it works', async () => {
    const plan = planMixedUpload(owner.home.rootId, `commit ${name}`)
    const { uploadId } = await stage(owner.call, plan)
    const broken = inject('list', fault, { part: uploadId! })
    expectUnavailable(await owner.call('POST', commitPath(uploadId), {}))
    expect(broken.hits()).toBeGreaterThanOrEqual(3)
    await expectNothingDone(plan, inspector)
    broken.remove()
    expectApplied(await commit(owner.call, uploadId!))
  })

  test('twice only: the request itself succeeds', async () => {
    const { uploadId } = await stage(owner.call, planMixedUpload(owner.home.rootId, `twice ${name}`))
    const broken = inject('list', fault, { times: 2, part: uploadId! })
    expectApplied(await commit(owner.call, uploadId!))
    expect(broken.hits()).toBe(2)
  })

  test('PU-8 a push that brings chunks is refused whole, one that brings none is done; then both are', async () => {
    const plan = planMixedUpload(owner.home.rootId, `push ${name}`)
    const { uploadId } = await stage(owner.call, plan)
    const written = plan.init.files.slice(1).map((file) => writeEntry(file, uploadId!))
    const folder = { id: randomUUID(), kind: 'create-folder', parent: owner.home.rootId, name: randomUUID() }
    const push = (...mutations: object[]) => owner.call('POST', '/v1/sync/push', { mutations })
    const broken = inject('list', fault, { part: uploadId! })
    expectUnavailable(await push({ ...folder, id: randomUUID() }, ...written))
    await expectNothingDone(plan, inspector)
    const { body } = await push(folder)
    expect(body.results).toMatchObject([{ outcome: 'applied' }])
    broken.remove()
    const again = await push(folder, ...written)
    expect(again.body.results).toMatchObject([folder, ...written].map(() => ({ outcome: 'applied' })))
    expect(again.body.results[0]).toEqual(body.results[0])
  })

  test('it is not ready', async () => {
    inject('list', fault, { part: encodeURIComponent('t/ready/') })
    expectUnavailable(await owner.call('GET', '/readyz'))
  })

  test('reading what has to be assembled: a problem, never half a file', async () => {
    const plan = planMixedUpload(owner.home.rootId, `read ${name}`)
    const { results, uploadId } = await upload(owner.call, plan)
    const [id, bytes] = [...plan.files][2]!
    const nodeId = nodeIdOf(results.get(id))
    const broken = inject('get', fault, { part: uploadId! })
    expectUnavailable(await owner.call('GET', `/v1/files/${nodeId}/content`))
    broken.remove()
    expect((await readBack(stack.url, owner.token, nodeId)).equals(bytes)).toBe(true)
  })

  test('the consumers try again later; in the end nothing is left over', async () => {
    const abandoned = await stage(owner.call, planMixedUpload(owner.home.rootId, `abandoned ${name}`))
    const { uploadId } = await stage(owner.call, planMixedUpload(owner.home.rootId, `verified ${name}`))
    const broken = [
      inject('list', fault, { times: 4, part: abandoned.uploadId! }),
      inject('delete', fault, { times: 4 }),
      inject('get', fault, { times: 4, part: uploadId! }),
    ]
    expectApplied(await commit(owner.call, uploadId!))
    await inspector.endUploads()
    await inspector.drained(() => fetch(`${stack.url}/healthz`))
    for (const each of broken) expect(each.hits()).toBeGreaterThanOrEqual(3)
    expect(await inspector.objectsOf(owner.tenantId, abandoned.uploadId!)).toEqual([])
    expect(await inspector.audit()).toMatchObject({ clean: true, deadLetters: 0 })
  })
})

describe('FT-15 the store did it, but its answer was lost', () => {
  test('of a PUT: it is refused the second time (412), and the commit finds it', async () => {
    const bytes = someBytes(20_000)
    const init = await owner.call('POST', '/v1/files', chunkedFile(owner.home.rootId, 'lost PUT', bytes))
    const { request } = init.body.requests[0]
    const lost = proxy.inject({ matches: (method) => method === 'PUT', fault: { do: 'lose-answer' }, times: 1 })
    injected.push(lost)
    await expect(put(request, bytes)).rejects.toThrow('fetch failed')
    expect((await put(request, bytes)).status).toBe(412)
    expect((await owner.call('POST', commitPath(init.body.uploadId), {})).body.results[0].outcome).toBe('applied')
  })

  test('of joining the parts: the commit goes on from there', async () => {
    const parts = [someBytes(5 * 1024 * 1024), someBytes(1_000)]
    const whole = Buffer.concat(parts)
    const file = { target: { parent: owner.home.rootId, name: 'lost join' }, size: whole.length, sha256: sha256(whole) }
    const multipart = parts.map((part) => ({ sha256: sha256(part), size: part.length }))
    const init = await owner.call('POST', '/v1/files', { files: [file], multipart })
    const etags: { partNumber: number; etag: string }[] = []
    for (const { partNumber, request } of init.body.multipart.requests) {
      const { headers } = await put(request, parts[partNumber - 1]!)
      etags.push({ partNumber, etag: headers.get('etag')! })
    }
    inject('complete', { do: 'lose-answer' })
    expectUnavailable(await owner.call('POST', commitPath(init.body.uploadId), { parts: etags }))
    injected.at(-1)!.remove()
    const done = await owner.call('POST', commitPath(init.body.uploadId), { parts: etags })
    expect(done.body.results?.[0], JSON.stringify(done.body)).toMatchObject({ outcome: 'applied' })
    expect((await readBack(stack.url, owner.token, done.body.results[0].node.id)).equals(whole)).toBe(true)
  })
})

test('FT-14 the store is silent: once, and the commit asks again; always, and it ends with a refusal', async () => {
  const { results, refusal, tookMs, plan } = await silence
  expectApplied(results)
  expectUnavailable(refusal)
  expect(tookMs).toBeLessThan(40_000)
  await expectNothingDone(plan, worlds[1]!.inspector)
})
