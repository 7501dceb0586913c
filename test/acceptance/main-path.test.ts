import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import {
  addAccount,
  chunkedFile,
  firstAccount,
  inlineFile,
  put,
  send,
  sha256,
  someBytes,
  type Account,
} from '../support/account.ts'
import { testStack } from '../support/stack.ts'

let stack: Stack
let owner: Account
let other: Account

beforeAll(async () => {
  stack = await testStack({ onWorkerLog: (line) => process.env.DEBUG_LOG && console.log(JSON.stringify(line)) })
  owner = await firstAccount(stack)
  other = await addAccount(stack, owner, 'other@example.com')
})
afterAll(() => stack.stop())

const folder = async (name: string = randomUUID()): Promise<string> => {
  const made = await owner.call('POST', '/v1/folders', { parent: owner.home.rootId, name })
  expect(made.status).toBe(201)
  return made.body.node.id
}

/** init → PUT → commit of one raw chunk. */
async function upload(
  who: Account,
  parent: string,
  name: string,
  bytes: Uint8Array,
  more: Record<string, unknown> = {},
) {
  const init = await who.call('POST', '/v1/files', chunkedFile(parent, name, bytes, more))
  expect(init.status).toBe(201)
  for (const { request } of init.body.requests) expect((await put(request, bytes)).status).toBe(200)
  if (init.body.uploadId === null) return { init, result: init.body.files[0].result }
  const commit = await who.call('POST', `/v1/files/${init.body.uploadId}/commit`, {})
  return { init, commit, result: commit.body.results?.[0] }
}

describe('SO-36…SO-45 init → PUT → commit', () => {
  test('inline: one request, one answer; the journal shows it', async () => {
    const parent = await folder()
    const answer = await owner.call('POST', '/v1/files', inlineFile(parent, 'hello.txt', 'hello'))
    expect(answer).toMatchObject({
      status: 201,
      body: {
        uploadId: null,
        files: [
          { state: 'done', result: { outcome: 'applied', node: { name: 'hello.txt', size: 5, contentRevision: 1 } } },
        ],
      },
    })
    const { id } = answer.body.files[0].result.node
    expect((await owner.call('GET', `/v1/files/${id}/content`)).body).toBe('hello')
    expect((await owner.call('GET', `/v1/files/${id}`)).body).toMatchObject({ id, name: 'hello.txt' })
  })

  test('P0-01 bytes go to the store directly and come back from it', async () => {
    const parent = await folder()
    const bytes = someBytes(300_000)
    const { result } = await upload(owner, parent, 'a.bin', bytes)
    expect(result).toMatchObject({ outcome: 'applied', node: { size: 300_000, sha256: sha256(bytes) } })
    const redirect = await owner.call('GET', `/v1/files/${result.node.id}/content`)
    expect(redirect.status).toBe(302)
    const back = await fetch(redirect.headers.get('location')!)
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true)
  })

  test('SO-42 a repeated commit gives the first answer', async () => {
    const parent = await folder()
    const { init, commit } = await upload(owner, parent, 'a.bin', someBytes(10_000))
    const again = await owner.call('POST', `/v1/files/${init.body.uploadId}/commit`, {})
    expect(again.body).toEqual(commit!.body)
  })

  test('SO-48 a commit before its bytes changes nothing; the retry after them succeeds', async () => {
    const parent = await folder()
    const bytes = someBytes(10_000)
    const init = await owner.call('POST', '/v1/files', chunkedFile(parent, 'late.bin', bytes))
    const early = await owner.call('POST', `/v1/files/${init.body.uploadId}/commit`, {})
    expect(early.body.results[0]).toMatchObject({
      outcome: 'rejected',
      problem: { code: 'chunk-unavailable', field: 'files/0/content/chunks/0' },
    })
    expect((await owner.call('GET', `/v1/folders/${parent}/children`)).body.children).toEqual([])
    await put(init.body.requests[0].request, bytes)
    expect((await owner.call('POST', `/v1/files/${init.body.uploadId}/commit`, {})).body.results[0].outcome).toBe(
      'applied',
    )
  })

  test('SO-49 other bytes and other lengths are refused by the store', async () => {
    const parent = await folder()
    const bytes = someBytes(5_000)
    const init = await owner.call('POST', '/v1/files', chunkedFile(parent, 'x.bin', bytes))
    const { request } = init.body.requests[0]
    expect((await put(request, someBytes(5_000))).status).toBeGreaterThanOrEqual(400)
    expect((await put(request, bytes.subarray(1))).status).toBeGreaterThanOrEqual(400)
    expect((await owner.call('GET', `/v1/uploads/${init.body.uploadId}`)).body).toMatchObject({
      state: 'open',
      arrived: [],
    })
  })

  test('SO-41 an interrupted upload goes on: what arrived is known, requests are signed anew', async () => {
    const parent = await folder()
    const [a, b] = [someBytes(8_000), someBytes(9_000)]
    const whole = Buffer.concat([a, b])
    const init = await owner.call('POST', '/v1/files', {
      ...chunkedFile(parent, 'two.bin', whole),
      content: { chunks: [a, b].map((part) => ({ sha256: sha256(part), size: part.length, plain: part.length })) },
    })
    const { uploadId } = init.body
    await put(init.body.requests.find((r: { sha256: string }) => r.sha256 === sha256(a)).request, a)
    expect((await owner.call('GET', `/v1/uploads/${uploadId}`)).body.arrived).toEqual([sha256(a)])
    const again = await owner.call('POST', `/v1/uploads/${uploadId}/objects`, {
      objects: [{ sha256: sha256(b), size: b.length }],
    })
    expect((await put(again.body.requests[0].request, b)).status).toBe(200)
    const done = await owner.call('POST', `/v1/files/${uploadId}/commit`, {})
    const { id } = done.body.results[0].node
    expect(
      Buffer.from(
        (await owner.call('GET', `/v1/files/${id}/content`, undefined, { range: 'bytes=7990-8009' })).body,
        'latin1',
      ).length,
    ).toBeGreaterThan(0)
  })

  test('a pack of many small chunks is one PUT; files are served from it', async () => {
    const parent = await folder()
    const texts = Array.from({ length: 50 }, (_, i) => `file ${i} ${'x'.repeat(5_000)}`)
    const files = texts.map((text, i) => chunkedFile(parent, `f${i}`, Buffer.from(text)))
    const init = await owner.call('POST', '/v1/files', { files, requests: 'none' })
    expect(init.body.missing.length).toBe(50)
    expect(init.body.requests).toEqual([])
    const pack = Buffer.concat(texts.map((text) => Buffer.from(text)))
    const members = texts.map((text) => ({ sha256: sha256(text), size: Buffer.byteLength(text) }))
    const signed = await owner.call('POST', `/v1/uploads/${init.body.uploadId}/objects`, {
      objects: [{ sha256: sha256(pack), size: pack.length, pack: members }],
    })
    expect(signed.body.requests.length).toBe(1)
    expect((await put(signed.body.requests[0].request, pack)).status).toBe(200)
    const commit = await owner.call('POST', `/v1/files/${init.body.uploadId}/commit`, {})
    expect(commit.body.results.map((r: { outcome: string }) => r.outcome)).toEqual(Array(50).fill('applied'))
    const { node } = commit.body.results[7]
    expect((await owner.call('GET', `/v1/files/${node.id}/content`)).body).toBe(texts[7])
    const chunks = await owner.call('GET', `/v1/files/${node.id}/content`, undefined, {
      accept: 'application/vnd.bitvault.content+json',
    })
    const [request] = chunks.body.objects
    const slice = await fetch(request.url, {
      headers: Object.fromEntries(
        Object.entries(request.headers as Record<string, string>).filter(([k]) => k !== 'host'),
      ),
    })
    expect(await slice.text()).toBe(texts[7])
  })

  test('the second upload of the same bytes by the same person needs no transfer', async () => {
    const parent = await folder()
    const bytes = someBytes(20_000)
    await upload(owner, parent, 'one.bin', bytes)
    const { init, result } = await upload(owner, parent, 'two.bin', bytes)
    expect(init.body.missing).toEqual([])
    expect(result).toMatchObject({ outcome: 'applied', node: { name: 'two.bin', sha256: sha256(bytes) } })
  })

  test('CS-32 multipart: parts of one object become the chunks of the file', async () => {
    const parent = await folder()
    const parts = [someBytes(5 * 1024 * 1024), someBytes(1_000_000)]
    const whole = Buffer.concat(parts)
    const init = await owner.call('POST', '/v1/files', {
      files: [
        { mutationId: randomUUID(), target: { parent, name: 'big.bin' }, size: whole.length, sha256: sha256(whole) },
      ],
      multipart: parts.map((part) => ({ sha256: sha256(part), size: part.length })),
    })
    expect(init.status).toBe(201)
    const etags: { partNumber: number; etag: string }[] = []
    for (const { partNumber, request } of init.body.multipart.requests) {
      const answer = await put(request, parts[partNumber - 1]!)
      expect(answer.status).toBe(200)
      etags.push({ partNumber, etag: answer.headers.get('etag')! })
    }
    const early = await owner.call('POST', `/v1/files/${init.body.uploadId}/commit`, {})
    expect(early).toMatchObject({ status: 409, body: { code: 'upload-incomplete', field: 'parts' } })
    const commit = await owner.call('POST', `/v1/files/${init.body.uploadId}/commit`, { parts: etags })
    expect(commit.body.results[0]).toMatchObject({ outcome: 'applied', node: { size: whole.length } })
    const tail = await fetch(`${stack.url}/v1/files/${commit.body.results[0].node.id}/content`, {
      headers: { authorization: `Bearer ${owner.token}`, range: 'bytes=-10' },
    })
    expect(tail.status).toBe(206)
    expect(Buffer.from(await tail.arrayBuffer()).equals(whole.subarray(-10))).toBe(true)
  })
})

describe('reading', () => {
  test('SO-54 Range, ETag, conditional requests', async () => {
    const parent = await folder()
    const made = await owner.call('POST', '/v1/files', inlineFile(parent, 'r.txt', '0123456789'))
    const path = `/v1/files/${made.body.files[0].result.node.id}/content`
    const etag = (await owner.call('GET', path)).headers.get('etag')!
    expect(await owner.call('GET', path, undefined, { range: 'bytes=2-4' })).toMatchObject({ status: 206, body: '234' })
    expect(await owner.call('GET', path, undefined, { range: 'bytes=-3' })).toMatchObject({ status: 206, body: '789' })
    expect(await owner.call('GET', path, undefined, { range: 'bytes=10-' })).toMatchObject({
      status: 416,
      body: { code: 'range-not-satisfiable' },
    })
    expect(await owner.call('GET', path, undefined, { range: 'bytes=0-1', 'if-range': '"other"' })).toMatchObject({
      status: 200,
      body: '0123456789',
    })
    expect((await owner.call('GET', path, undefined, { 'if-none-match': etag })).status).toBe(304)
    expect((await owner.call('GET', path)).headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('CS-91 listing pages by name; each child once', async () => {
    const parent = await folder()
    const files = Array.from({ length: 25 }, (_, i) => inlineFile(parent, `n${String(i).padStart(2, '0')}`, String(i)))
    await owner.call('POST', '/v1/files', { files })
    const seen: string[] = []
    let after: string | null = null
    do {
      const page = await owner.call(
        'GET',
        `/v1/folders/${parent}/children?limit=10${after === null ? '' : `&after=${encodeURIComponent(after)}`}`,
      )
      seen.push(...page.body.children.map((child: { name: string }) => child.name))
      after = page.body.next
    } while (after !== null)
    expect(seen).toEqual(files.map((file) => file.target.name))
  })

  test('a path resolves to its node, or says where it ends', async () => {
    const id = await folder('résumé')
    expect(
      (await owner.call('GET', `/v1/resolve?path=${encodeURIComponent('home/re\u0301sume\u0301')}`)).body.node.id,
    ).toBe(id)
    expect((await owner.call('GET', `/v1/resolve?path=${encodeURIComponent('home/résumé/a/b')}`)).body).toMatchObject({
      node: null,
      deepest: { id },
      rest: ['a', 'b'],
    })
    expect((await owner.call('GET', '/v1/resolve?path=nowhere/x')).status).toBe(404)
  })

  test('I10 the feed: gap-free, resumable, filtered to what the reader may see', async () => {
    const mine = await other.call('POST', '/v1/files', inlineFile(other.home.rootId, 'secret.txt', 'mine'))
    expect(mine.status).toBe(201)
    const seqs: number[] = []
    let cursor = ''
    for (let more = true; more;) {
      const page: Awaited<ReturnType<Account['call']>> = await owner.call(
        'GET',
        `/v1/sync/changes?limit=7${cursor && `&cursor=${cursor}`}`,
      )
      expect(page.status).toBe(200)
      for (const change of page.body.changes) {
        seqs.push(change.seq)
        expect(change.node.name).not.toBe('secret.txt')
      }
      ;({ cursor, more } = page.body)
    }
    expect(seqs.length).toBeGreaterThan(50)
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    expect(new Set(seqs).size).toBe(seqs.length)
    await owner.call('POST', '/v1/folders', { parent: owner.home.rootId, name: randomUUID() })
    expect((await owner.call('GET', `/v1/sync/changes?cursor=${cursor}`)).body.changes.length).toBe(1)
    expect((await owner.call('GET', '/v1/sync/changes?cursor=junk')).body.code).toBe('cursor-invalid')
    expect((await owner.call('GET', `/v1/sync/changes?cursor=${randomUUID()}.5`)).body.code).toBe('cursor-invalid')
  })
})

describe('P2 conflicts', () => {
  test('a stale base makes a conflicted copy; both survive', async () => {
    const parent = await folder()
    const first = await owner.call('POST', '/v1/files', inlineFile(parent, 'doc.txt', 'one'))
    const { id } = first.body.files[0].result.node
    await owner.call('POST', '/v1/files', inlineFile(parent, 'doc.txt', 'two', { base: 1 }))
    const stale = await owner.call('POST', '/v1/files', inlineFile(parent, 'doc.txt', 'three', { base: 1 }))
    expect(stale.body.files[0].result).toMatchObject({
      outcome: 'conflict',
      original: id,
      node: { name: expect.stringContaining('conflicted copy from test device') },
    })
    const names = (await owner.call('GET', `/v1/folders/${parent}/children`)).body.children.map(
      (n: { name: string }) => n.name,
    )
    expect(names.length).toBe(2)
    expect((await owner.call('GET', `/v1/files/${id}/content?revision=1`)).body).toBe('one')
    expect((await owner.call('GET', `/v1/files/${id}/content`)).body).toBe('two')
  })

  test('I11 Idempotency-Key stands in for a mutation id', async () => {
    const body = { parent: owner.home.rootId, name: randomUUID() }
    const key = { 'idempotency-key': randomUUID() }
    const first = await owner.call('POST', '/v1/folders', body, key)
    expect(await owner.call('POST', '/v1/folders', body, key)).toMatchObject({ status: 201, body: first.body })
    expect(await owner.call('POST', '/v1/folders', { ...body, name: 'other' }, key)).toMatchObject({
      status: 422,
      body: { code: 'mutation-reused' },
    })
  })
})

describe('conditional writes', () => {
  test('If-Match and If-None-Match: kept at the commit, inline or uploaded; 412 makes nothing', async () => {
    const parent = await folder()
    const create = inlineFile(parent, 'c.txt', 'one')
    const made = await owner.call('POST', '/v1/files', create, { 'if-none-match': '*' })
    const { id } = made.body.files[0].result.node
    const { headers } = await owner.call('GET', `/v1/files/${id}`)
    const etag = headers.get('etag')!
    expect(
      await owner.call('POST', '/v1/files', inlineFile(parent, 'c.txt', 'two'), { 'if-none-match': '*' }),
    ).toMatchObject({ status: 412, body: { code: 'precondition-failed', field: 'If-None-Match' } })
    expect(
      (await owner.call('POST', '/v1/files', inlineFile(parent, 'c.txt', 'two'), { 'if-match': etag })).body.files[0]
        .result,
    ).toMatchObject({ outcome: 'applied', node: { id, contentRevision: 2 } })
    const bytes = someBytes(9_000)
    const init = await owner.call('POST', '/v1/files', chunkedFile(parent, 'c.txt', bytes), { 'if-match': etag })
    await put(init.body.requests[0].request, bytes)
    expect((await owner.call('POST', `/v1/files/${init.body.uploadId}/commit`, {})).body.results[0]).toMatchObject({
      outcome: 'rejected',
      problem: { code: 'precondition-failed', status: 412 },
    })
    expect(
      (await owner.call('POST', `/v1/files/${init.body.uploadId}/commit`, {}, { 'if-match': '"2.1"' })).body.results[0],
    ).toMatchObject({ outcome: 'applied', node: { contentRevision: 3 } })
    const files = [inlineFile(parent, 'x', 'x'), inlineFile(parent, 'y', 'y')]
    expect(await owner.call('POST', '/v1/files', { files }, { 'if-match': etag })).toMatchObject({
      status: 400,
      body: { field: 'If-Match' },
    })
    expect((await owner.call('GET', `/v1/folders/${parent}/children`)).body.children.length).toBe(1)
  })
})

test('health, readiness, metrics and the API document answer', async () => {
  expect((await send(stack.url, 'GET', '/healthz')).status).toBe(200)
  expect((await send(stack.url, 'GET', '/readyz')).body).toEqual({ status: 'ready' })
  const metrics = await send(stack.url, 'GET', '/metrics')
  expect(metrics.body).toContain('bitvault_http_requests_total{')
  for (const line of [
    /^bitvault_journal_mutations_total\{outcome="committed"\} [1-9]/m,
    /^bitvault_journal_mutations_total\{outcome="conflicted"\} [1-9]/m,
    /^bitvault_journal_mutations_total\{outcome="replayed"\} [1-9]/m,
    /^bitvault_content_bytes_total\{way="direct",direction="in"\} [1-9]/m,
    /^bitvault_content_bytes_total\{way="inline",direction="out"\} [1-9]/m,
    /^bitvault_bus_deliveries_total\{consumer="meter",verdict="ack"\} [1-9]/m,
  ])
    expect(metrics.body).toMatch(line)
  expect(metrics.body.endsWith('# EOF\n')).toBe(true)
  const openapi = await send(stack.url, 'GET', '/v1/openapi.json')
  expect(openapi.body).toMatchObject({
    openapi: '3.1.0',
    paths: { '/v1/files/{uploadId}/commit': { post: { operationId: 'commitUpload' } } },
  })
})
