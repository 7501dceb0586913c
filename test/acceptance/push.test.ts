import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createApi } from '../../client/api.ts'
import { chunkedFile, put, sha256, someBytes } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { refusalWorld } from '../support/refusals.ts'
import { headOf, makeFolder, namesIn, writeText } from './namespace-support.ts'
import { entriesIn, id, push, type Entry } from './push-support.ts'

const world = refusalWorld()
let folder: string
const { newFolder, text } = entriesIn(() => folder)
beforeAll(async () => {
  folder = (await makeFolder(world.owner, world.parent)).id
})

test('PU-2 PU-4 PU-9 PU-10 every kind of change in one push, each on what those before it made', async () => {
  const { owner } = world
  const top = newFolder(randomUUID())
  const below = newFolder('below', { madeBy: top['id'] })
  const made = await push(owner, [
    top,
    below,
    text('a.txt', 'one', { target: { parent: { madeBy: below['id'] }, name: 'a.txt' } }),
    { ...id(), kind: 'symlink', target: { parent: { madeBy: top['id'] }, name: 'link' }, linkTarget: 'below/a.txt' },
  ])
  expect(made.status).toBe(200)
  expect(made.body.results.map(({ outcome }: Entry) => outcome)).toEqual(Array(4).fill('applied'))
  const [topId, belowId, file] = made.body.results.map(({ node }: { node: { id: string } }) => node.id)
  const changed = await push(owner, [
    text('a.txt', 'two', { target: { node: file }, base: 1 }),
    { ...id(), kind: 'set-attributes', node: file, executable: true, properties: { a: 'b' } },
    { ...id(), kind: 'label-version', node: file, revision: 1, label: 'first' },
    { ...id(), kind: 'restore-version', node: file, revision: 1 },
    { ...id(), kind: 'move', node: file, to: { parent: topId, name: 'b.txt' }, base: 1 },
    { ...id(), kind: 'copy', node: file, to: { parent: belowId, name: 'c.txt' } },
    { ...id(), kind: 'trash', node: file, base: 3 },
    { ...id(), kind: 'restore', node: file },
    { ...id(), kind: 'trash', node: file },
    { ...id(), kind: 'purge', node: file },
    { ...id(), kind: 'trash', node: topId },
  ])
  expect(changed.body.results).toMatchObject([
    { outcome: 'applied', node: { contentRevision: 2 } },
    { outcome: 'applied', node: { executable: true, properties: { a: 'b' } } },
    { outcome: 'applied', node: { id: file } },
    { outcome: 'applied', node: { contentRevision: 3, sha256: sha256('one') } },
    { outcome: 'applied', node: { parentId: topId, name: 'b.txt', placementRevision: 2 } },
    { outcome: 'applied', node: { parentId: belowId, name: 'c.txt', sha256: sha256('one') } },
    { outcome: 'applied', node: { trashedAt: expect.any(Number) } },
    { outcome: 'applied', node: { trashedAt: null } },
    { outcome: 'applied' },
    { outcome: 'applied' },
    { outcome: 'applied', node: { id: topId, trashedAt: expect.any(Number) } },
  ])
})

test('PU-6 PU-7 chunks come by uploads, each listed once; what is held already needs none', async () => {
  const { owner } = world
  const bytes = [someBytes(9_000), someBytes(9_000)]
  const files = bytes.map((some, i) => chunkedFile(folder, `up ${i}`, some))
  const begun = await owner.call('POST', '/v1/files', { files })
  for (const [i, { request }] of begun.body.requests.entries()) {
    const some = bytes.find((candidate) => sha256(candidate) === begun.body.requests[i].sha256)!
    expect((await put(request, some)).status).toBe(200)
  }
  const { uploadId } = begun.body
  const entry = (i: number, name: string, more: Entry = {}): Entry => {
    const { size, sha256: hash, content } = files[i]!
    return { ...id(), kind: 'write', target: { parent: folder, name }, size, sha256: hash, content, ...more }
  }
  const pushed = await push(owner, [
    entry(0, 'by push 0', { uploadId }),
    entry(1, 'by push 1'),
    entry(1, 'by push 1', { uploadId }),
    entry(0, 'by push 2'),
    entry(0, 'by push 3', { uploadId: randomUUID() }),
  ])
  expect(pushed.body.results).toMatchObject([
    { outcome: 'applied' },
    { outcome: 'rejected', problem: { code: 'chunk-unavailable', field: 'mutations/1/content/chunks/0' } },
    { outcome: 'applied' },
    { outcome: 'applied' },
    { outcome: 'rejected', problem: { code: 'not-found', field: 'mutations/4/uploadId' } },
  ])
  const got = await owner.call('GET', `/v1/files/${pushed.body.results[0].node.id}/content`)
  expect(got.status).toBe(302)
})

test('PU-7 the entries of the 51st upload are too much, those of the first fifty are not harmed', async () => {
  const { owner } = world
  const entries = Array.from({ length: 51 }, (_, i) => text(`many ${i}`, 'x', { uploadId: randomUUID() }))
  const { results } = (await push(owner, [...entries, text('after many', 'x')])).body
  expect(results.slice(0, 50).every(({ problem }: { problem: Entry }) => problem['code'] === 'not-found')).toBe(true)
  expect(results[50].problem).toMatchObject({ code: 'too-large', field: 'mutations/50/uploadId' })
  expect(results[51]).toMatchObject({ outcome: 'applied' })
})

test('PU-11 I11 the same push again gives the first answers, and changes nothing', async () => {
  const { owner, holdings } = world
  const gone = await writeText(owner, folder, `${randomUUID()}.txt`)
  const entries = [
    newFolder(randomUUID()),
    text(`${randomUUID()}.txt`, 'words'),
    { ...id(), kind: 'trash', node: gone.id },
    { ...id(), kind: 'move', node: gone.id, to: { parent: folder, name: 'too late' } },
  ]
  const first = await push(owner, entries)
  expect(first.body.results.at(-1)).toMatchObject({ outcome: 'rejected', problem: { code: 'in-trash' } })
  const before = await holdings.look()
  expect((await push(owner, entries)).body).toEqual(first.body)
  const [one, two] = await Promise.all([push(owner, entries), push(owner, entries.toReversed())])
  expect(one.body).toEqual(first.body)
  expect(two.body.results.toReversed()).toMatchObject(
    first.body.results.map(({ outcome, node }: Entry) => ({ outcome, ...(node ? { node } : {}) })),
  )
  expect(await holdings.look()).toEqual(before)
})

describe('PU-12 one id', () => {
  test('with two meanings: the second is refused, be the first done or not', async () => {
    const { owner } = world
    const one = newFolder(randomUUID())
    const bad = { ...newFolder('a/b') }
    const { results } = (
      await push(owner, [
        one,
        { ...one, name: randomUUID() },
        { ...text('other kind', 'x'), id: one['id'] },
        { ...newFolder('in nothing', randomUUID()), id: bad['id'] },
        { ...newFolder(randomUUID()), id: bad['id'] },
      ])
    ).body
    expect(results).toMatchObject([
      { outcome: 'applied' },
      { mutationId: one['id'], outcome: 'rejected', problem: { code: 'mutation-reused', field: 'mutations/1/id' } },
      { outcome: 'rejected', problem: { code: 'mutation-reused', field: 'mutations/2/id' } },
      { outcome: 'rejected', problem: { code: 'not-found', field: 'mutations/3/parent' } },
      { outcome: 'rejected', problem: { code: 'mutation-reused', field: 'mutations/4/id' } },
    ])
    const over = await push(owner, [{ ...one, name: randomUUID() }])
    expect(over.body.results).toMatchObject([{ problem: { code: 'mutation-reused', field: 'mutations/0/id' } }])
  })

  test('twice with one meaning, its members in another order: answered alike', async () => {
    const { owner } = world
    const one = { ...id(), kind: 'set-attributes', node: folder, properties: { a: '1', b: '2' } }
    const same = { properties: { b: '2', a: '1' }, node: folder, kind: 'set-attributes', id: one.id }
    const seq = await headOf(owner)
    const { results } = (await push(owner, [one, same])).body
    expect(results[1]).toEqual(results[0])
    expect(await headOf(owner)).toBe(seq + 1)
  })

  test('one change is one change, made alone or in a push', async () => {
    const { owner } = world
    const file = await writeText(owner, folder, `${randomUUID()}.txt`)
    const to = { parent: folder, name: `${randomUUID()}.txt` }
    const entry = { ...id(), kind: 'move', node: file.id, to, base: 1 }
    const alone = await owner.call('POST', `/v1/nodes/${file.id}/move`, { mutationId: entry.id, ...to, base: 1 })
    expect(alone.status).toBe(200)
    expect((await push(owner, [entry])).body.results).toEqual([alone.body])
  })
})

test('HR-3 a name in a push is what it would be alone: NFC, case kept', async () => {
  const { owner } = world
  const into = await makeFolder(owner, folder)
  const { results } = (
    await push(owner, [newFolder('e\u0301', into.id), newFolder('\u00e9', into.id), newFolder('É', into.id)])
  ).body
  expect(results).toMatchObject([
    { outcome: 'applied', node: { name: '\u00e9' } },
    { outcome: 'rejected', problem: { code: 'name-taken', field: 'mutations/1/name' } },
    { outcome: 'applied' },
  ])
  expect(await namesIn(owner, into.id)).toHaveLength(2)
})

test('PU-1 a push may say of which device it is: of one of the caller’s own', async () => {
  const { owner, member } = world
  const mutations = [newFolder(randomUUID())]
  const device = (await owner.call('POST', '/v1/devices', { name: 'a laptop', platform: 'linux-x64' })).body.id
  const pushed = await owner.call('POST', '/v1/sync/push', { device, mutations })
  expect(pushed.body.results).toMatchObject([{ outcome: 'applied' }])
  const theirs = await member.call('POST', '/v1/sync/push', { device, mutations })
  const unknown = await member.call('POST', '/v1/sync/push', { device: randomUUID(), mutations })
  expectProblem(theirs, 'not-found', 'device')
  expect(theirs.body).toEqual(unknown.body)
})

test('P2-03 I11 our own client pushes, and an answer that is lost on the way is asked for again', async () => {
  const { owner, stack } = world
  let lost = 0
  const lossy: typeof fetch = async (...request) => {
    const response = await fetch(...request)
    if (!String(request[0]).endsWith('/v1/sync/push') || lost > 0) return response
    lost += 1
    await response.arrayBuffer()
    throw new TypeError('fetch failed')
  }
  const api = createApi({
    baseUrl: stack.url,
    accessToken: async () => owner.token,
    fetch: lossy,
    clock: () => Date.now(),
    random: (length) => randomBytes(length),
  })
  const seq = await headOf(owner)
  const names = [randomUUID(), randomUUID()]
  const results = await api.push(
    names.map((name) => ({ id: api.newMutationId(), kind: 'create-folder', parent: folder, name })),
  )
  expect(lost).toBe(1)
  expect(results).toMatchObject(names.map((name, i) => ({ outcome: 'applied', seq: seq + 1 + i, node: { name } })))
  expect(await headOf(owner)).toBe(seq + 2)
})
