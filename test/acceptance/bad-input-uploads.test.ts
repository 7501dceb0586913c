import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { UPLOAD_MAX_CHUNKS } from '../../core/content.ts'
import { chunkedFile, inlineFile, put, sha256, someBytes, type Account, type Answer } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { refusalWorld, type RefusalWorld } from '../support/refusals.ts'

const world = refusalWorld()

type Upload = { id: string; requests: { request: Parameters<typeof put>[0] }[]; bytes: Uint8Array; name: string }

/** Opens an upload of one file and sends its bytes. */
async function openUpload(who: Account, parent: string, more: Record<string, unknown> = {}): Promise<Upload> {
  const [bytes, name] = [someBytes(5_000), randomUUID()]
  const { body } = await who.call('POST', '/v1/files', chunkedFile(parent, name, bytes, more))
  for (const { request } of body.requests) expect((await put(request, bytes)).status).toBe(200)
  return { id: body.uploadId, requests: body.requests, bytes, name }
}

/** Every way in which an upload can be asked for. */
const WAYS: [way: string, ask: (who: Account, id: string) => Promise<Answer>][] = [
  ['commit', (who, id) => who.call('POST', `/v1/files/${id}/commit`, {})],
  [
    'objects',
    (who, id) => who.call('POST', `/v1/uploads/${id}/objects`, { check: [{ sha256: sha256('x'), size: 1 }] }),
  ],
  ['status', (who, id) => who.call('GET', `/v1/uploads/${id}`)],
  ['abort', (who, id) => who.call('DELETE', `/v1/uploads/${id}`)],
]

const expire = ({ holdings }: RefusalWorld, id: string) =>
  holdings.db`update uploads set expires_at = now() - interval '1 second' where id = ${id}`

describe('HR-11 an upload that is over', () => {
  test.each([
    ['past its time', (id: string) => expire(world, id)],
    ['given up', (id: string) => world.owner.call('DELETE', `/v1/uploads/${id}`)],
  ])('%s takes no commit and signs nothing; nothing is half done', async (_, end) => {
    const { owner, parent, holdings } = world
    const { id, name } = await openUpload(owner, parent)
    await end(id)
    const before = await holdings.look()
    for (const [way, ask] of WAYS.slice(0, 2)) {
      const answer = await ask(owner, id)
      expect(answer.status, way).toBe(410)
      expectProblem(answer, 'upload-expired', 'uploadId')
    }
    expect((await owner.call('GET', `/v1/uploads/${id}`)).body).toMatchObject({ state: 'expired', arrived: [] })
    expect(await holdings.look()).toEqual(before)
    const { children } = (await owner.call('GET', `/v1/folders/${parent}/children?limit=1000`)).body
    expect(children.map((child: { name: string }) => child.name)).not.toContain(name)
  })

  test('I11 what it brought in time stays, and the repeated commit gives the first answer', async () => {
    const { owner, parent } = world
    const { id } = await openUpload(owner, parent)
    const first = await owner.call('POST', `/v1/files/${id}/commit`, {})
    await expire(world, id)
    expect(await owner.call('POST', `/v1/files/${id}/commit`, {})).toMatchObject({ status: 200, body: first.body })
    expect((await owner.call('DELETE', `/v1/uploads/${id}`)).status).toBe(204)
    expect((await owner.call('GET', `/v1/files/${first.body.results[0].node.id}`)).status).toBe(200)
  })

  test('giving up twice is no error', async () => {
    const { owner, parent } = world
    const { id } = await openUpload(owner, parent)
    for (let i = 0; i < 2; i++) expect((await owner.call('DELETE', `/v1/uploads/${id}`)).status).toBe(204)
  })
})

describe('HR-8 T11 an upload of somebody else', () => {
  test.each(WAYS)('%s: the same answer as for an unknown and a malformed id; nothing changes', async (_, ask) => {
    const { owner, member, stranger, parent, holdings } = world
    const { id } = await openUpload(owner, parent)
    const before = await holdings.look()
    for (const who of [member, stranger]) {
      const [theirs, unknown, malformed] = [
        await ask(who, id),
        await ask(who, randomUUID()),
        await ask(who, id.toUpperCase()),
      ]
      expectProblem(theirs, 'not-found', 'uploadId')
      expect(plain(theirs)).toEqual(plain(unknown))
      expect(plain(malformed)).toEqual(plain(unknown))
    }
    expect(await holdings.look()).toEqual(before)
    expect((await owner.call('POST', `/v1/files/${id}/commit`, {})).body.results[0].outcome).toBe('applied')
  })

  const plain = ({ status, headers, body }: Answer) => ({
    status,
    body,
    headers: [...headers].filter(([name]) => name !== 'date'),
  })
})

describe('HR-6 commits that do not fit their upload', () => {
  test.each([
    ['an index of no file', { files: [{ index: 1 }] }, 'files/0/index'],
    ['an index of a file that is done', { files: [{ index: 0 }, { index: 7 }] }, 'files/1/index'],
    ['an index beyond any batch', { files: [{ index: 1_000 }] }, 'files/0/index'],
    ['a negative index', { files: [{ index: -1 }] }, 'files/0/index'],
    ['a size with a fraction', { files: [{ index: 0, size: 0.5 }] }, 'files/0/size'],
    ['no files', { files: [] }, 'files'],
    ['parts of the wrong shape', { parts: [{ partNumber: 0, etag: 'x' }] }, 'parts/0/partNumber'],
  ])('%s → invalid-request at the field, nothing changed', async (_, body, field) => {
    const { owner, parent, holdings } = world
    const { id } = await openUpload(owner, parent)
    const before = await holdings.look()
    expectProblem(await owner.call('POST', `/v1/files/${id}/commit`, body), 'invalid-request', field)
    expect(await holdings.look()).toEqual(before)
  })

  test.each([
    ['another size', { size: 4_999 }, 'content-mismatch', 'files/0/size'],
    ['another content', { content: { chunks: [] } }, 'content-mismatch', 'files/0/content/chunks'],
    ['inline bytes of another hash', { size: 1, content: { inline: 'eA==' } }, 'content-mismatch', 'files/0/sha256'],
  ])('%s → that file is refused, nothing changed', async (_, patch, code, field) => {
    const { owner, parent, holdings } = world
    const { id } = await openUpload(owner, parent)
    const before = await holdings.look()
    const answer = await owner.call('POST', `/v1/files/${id}/commit`, { files: [{ index: 0, ...patch }] })
    expect(answer).toMatchObject({
      status: 200,
      body: { results: [{ outcome: 'rejected', problem: { code, field } }] },
    })
    expect(await holdings.look()).toEqual(before)
  })

  test('a file that was to be described at commit, and is not', async () => {
    const { owner, parent } = world
    const init = await owner.call('POST', '/v1/files', { target: { parent, name: randomUUID() }, size: 5_000 })
    const answer = await owner.call('POST', `/v1/files/${init.body.uploadId}/commit`, {})
    expect(answer.body.results).toMatchObject([{ problem: { code: 'invalid-request', field: 'files/0/content' } }])
  })

  test('I11 one index twice in a commit is one file', async () => {
    const { owner, parent, holdings } = world
    const { id } = await openUpload(owner, parent)
    const before = await holdings.look()
    const answer = await owner.call('POST', `/v1/files/${id}/commit`, { files: [{ index: 0 }, { index: 0 }] })
    expect(answer.body.results[1]).toEqual(answer.body.results[0])
    expect((await holdings.look()).rows['nodes']).toBe(before.rows['nodes']! + 1)
  })

  test('HR-2 in a batch of commits the bad ones leave the good one unharmed, each named by its place', async () => {
    const { owner, member, parent } = world
    const [good, over] = [await openUpload(owner, parent), await openUpload(owner, parent)]
    const theirs = await openUpload(member, member.home.rootId)
    const short = await openUpload(owner, parent)
    await expire(world, over.id)
    const answer = await owner.call('POST', '/v1/files/commit', {
      commits: [
        { uploadId: randomUUID() },
        { uploadId: over.id },
        { uploadId: good.id },
        { uploadId: theirs.id },
        { uploadId: short.id, files: [{ index: 0, size: 1 }] },
        { uploadId: short.id, files: [{ index: 3 }] },
      ],
    })
    expect(answer.status).toBe(200)
    expect(answer.body.commits.map((commit: { results: unknown[] }) => commit.results[0])).toMatchObject([
      { outcome: 'rejected', problem: { code: 'not-found', field: 'commits/0/uploadId' } },
      { outcome: 'rejected', problem: { code: 'upload-expired', field: 'commits/1/uploadId' } },
      { outcome: 'applied', node: { name: good.name } },
      { outcome: 'rejected', problem: { code: 'not-found', field: 'commits/3/uploadId' } },
      { outcome: 'rejected', problem: { code: 'content-mismatch', field: 'commits/4/files/0/size' } },
      { outcome: 'rejected', problem: { code: 'invalid-request', field: 'commits/5/files/0/index' } },
    ])
  })

  test('P2 a stale base at commit: a copy is made, both survive', async () => {
    const { owner, parent } = world
    const name = randomUUID()
    const first = await owner.call('POST', '/v1/files', inlineFile(parent, name, 'one'))
    const { id: original } = first.body.files[0].result.node
    const late = await openUpload(owner, parent, { target: { node: original }, base: 1 })
    await owner.call('POST', '/v1/files', inlineFile(parent, name, 'two', { base: 1 }))
    const commit = await owner.call('POST', `/v1/files/${late.id}/commit`, {})
    const [result] = commit.body.results
    expect(result).toMatchObject({
      outcome: 'conflict',
      original,
      node: { sha256: sha256(late.bytes), parentId: parent },
    })
    expect((await owner.call('GET', `/v1/files/${original}/content`)).body).toBe('two')
    expect((await owner.call('GET', `/v1/files/${original}/content?revision=1`)).body).toBe('one')
    const copy = await owner.call('GET', `/v1/files/${result.node.id}/content`)
    const bytes = await (await fetch(copy.headers.get('location')!)).arrayBuffer()
    expect(Buffer.from(bytes).equals(late.bytes)).toBe(true)
  })
})

describe('HR-6 parts that are not the ones that were sent', () => {
  const MIB = 1024 * 1024

  test('no part twice, none missing, none made up; the right ones are taken afterwards', async () => {
    const { owner, parent, holdings } = world
    const parts = [someBytes(5 * MIB), someBytes(5 * MIB), someBytes(10)]
    const whole = Buffer.concat(parts)
    const init = await owner.call('POST', '/v1/files', {
      files: [{ target: { parent, name: randomUUID() }, size: whole.length, sha256: sha256(whole) }],
      multipart: parts.map((part) => ({ sha256: sha256(part), size: part.length })),
    })
    const etags: { partNumber: number; etag: string }[] = []
    for (const { partNumber, request } of init.body.multipart.requests) {
      const sent = await put(request, parts[partNumber - 1]!)
      etags.push({ partNumber, etag: sent.headers.get('etag')! })
    }
    const [one, two, three] = etags as [(typeof etags)[0], (typeof etags)[0], (typeof etags)[0]]
    const commit = (told: unknown) => owner.call('POST', `/v1/files/${init.body.uploadId}/commit`, { parts: told })
    const before = await holdings.look()
    const wrong: (typeof etags)[] = [
      [one, two],
      [one, one, three],
      [one, two, { ...three, partNumber: 4 }],
      [one, { ...one, partNumber: 2 }, three],
      [one, two, { ...three, etag: '</ETag><ETag>' }],
    ]
    for (const told of wrong) expectProblem(await commit(told), 'upload-incomplete', 'parts')
    expect(await holdings.look()).toEqual(before)
    expect((await commit(etags)).body.results[0]).toMatchObject({ outcome: 'applied', node: { size: whole.length } })
  })
})

describe('UP-11 packs of one upload', () => {
  const hash = (n: number) => n.toString(16).padStart(64, '0')
  const packOf = (n: number) => ({
    sha256: hash(n),
    size: 1_000,
    pack: Array.from({ length: 1_000 }, (_, i) => ({ sha256: hash(1_000_000_000 + n * 1_000 + i), size: 1 })),
  })
  const packs = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => packOf(from + i))

  test('hold so many chunks and no more; one that is declared again counts once', async () => {
    const { owner, parent, holdings } = world
    const { id } = await openUpload(owner, parent)
    const declare = (objects: object[]) => owner.call('POST', `/v1/uploads/${id}/objects`, { objects })
    const full = UPLOAD_MAX_CHUNKS / 1_000
    expect((await declare(packs(0, full))).status).toBe(200)
    const before = await holdings.look()
    expectProblem(await declare(packs(full, full + 1)), 'too-large', 'objects')
    expect(await holdings.look()).toEqual(before)
    expect((await declare(packs(full - 1, full))).status).toBe(200)
    expect((await owner.call('POST', `/v1/files/${id}/commit`, {})).body.results[0]).toMatchObject({
      outcome: 'applied',
    })
  })

  test('are counted together, also of requests at the same time', async () => {
    const { owner, parent, holdings } = world
    const { id } = await openUpload(owner, parent)
    const half = UPLOAD_MAX_CHUNKS / 2_000 + 1
    const answers = await Promise.all(
      [packs(0, half), packs(half, 2 * half)].map((objects) =>
        owner.call('POST', `/v1/uploads/${id}/objects`, { objects }),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 413])
    const [row] = await holdings.db`select count(*)::int as count from upload_packs where upload_id = ${id}`
    expect(row).toEqual({ count: half })
  })
})
