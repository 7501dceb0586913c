import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { addAccount, chunkedFile, put, sha256, signIn, someBytes, type Account } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { refusalWorld, testRefusals } from '../support/refusals.ts'
import { headOf, makeFolder, namesIn, writeText } from './namespace-support.ts'

const world = refusalWorld()
let folder: string
beforeAll(async () => {
  folder = (await makeFolder(world.owner, world.parent)).id
})

type Entry = Record<string, unknown>
const push = (who: Account, mutations: unknown) => who.call('POST', '/v1/sync/push', { mutations })
const id = () => ({ id: randomUUID() })
const newFolder = (name: string, parent: unknown = folder): Entry => ({ ...id(), kind: 'create-folder', parent, name })
const text = (name: string, words: string, more: Entry = {}): Entry => ({
  ...id(),
  kind: 'write',
  target: { parent: folder, name },
  size: Buffer.byteLength(words),
  sha256: sha256(words),
  content: { inline: Buffer.from(words).toString('base64') },
  ...more,
})

test('PU-2 PU-4 PU-10 every kind of change in one push, each on what those before it made', async () => {
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

describe('PU-3 a bad entry', () => {
  const nil = '00000000-0000-8000-8000-000000000000'
  const good = () => newFolder(randomUUID())
  const nowhere = { target: { parent: randomUUID(), name: 'x' } }
  const BAD: [what: string, entry: unknown, code: string, field: string, mutationId?: string][] = [
    ['null', null, 'invalid-request', '', nil],
    ['a text', 'move', 'invalid-request', '', nil],
    ['a list', [], 'invalid-request', '', nil],
    ['nothing in it', {}, 'invalid-request', '/kind', nil],
    ['an unknown kind', { ...id(), kind: 'chmod' }, 'invalid-request', '/kind'],
    ['no id', { kind: 'purge', node: randomUUID() }, 'invalid-request', '/id', nil],
    [
      'an id in capitals',
      { id: randomUUID().toUpperCase(), kind: 'purge', node: randomUUID() },
      'invalid-request',
      '/id',
      nil,
    ],
    [
      'a member that is not known',
      { ...id(), kind: 'purge', node: randomUUID(), sudo: true },
      'invalid-request',
      '/sudo',
    ],
    ['a node that is no id', { ...id(), kind: 'trash', node: '../x' }, 'invalid-request', '/node'],
    ['a node of nothing', { ...id(), kind: 'trash', node: randomUUID() }, 'not-found', '/node'],
    ['a negative base', { ...id(), kind: 'trash', node: randomUUID(), base: -1 }, 'invalid-request', '/base'],
    [
      'a seen that is too large',
      { ...id(), kind: 'trash', node: randomUUID(), seen: 2 ** 60 },
      'invalid-request',
      '/seen',
    ],
    ['no place', { ...id(), kind: 'move', node: randomUUID() }, 'invalid-request', '/to'],
    ['a name of NUL', { ...id(), kind: 'create-folder', parent: nil, name: 'a\0b' }, 'name-invalid', '/name'],
    [
      'a move to a bad name',
      { ...id(), kind: 'move', node: randomUUID(), to: { parent: randomUUID(), name: '..' } },
      'name-invalid',
      '/to/name',
    ],
    [
      'a parent that nothing made',
      { ...id(), kind: 'create-folder', parent: { madeBy: randomUUID() }, name: 'x' },
      'not-found',
      '/parent',
    ],
    ['a write without content', { ...text('x', 'x', nowhere), content: undefined }, 'invalid-request', '/content'],
    ['a write of other bytes', { ...text('x', 'x', nowhere), sha256: sha256('y') }, 'content-mismatch', '/sha256'],
    [
      'a write to a bad name',
      text('x', 'x', { target: { parent: randomUUID(), name: 'a/b' } }),
      'name-invalid',
      '/target/name',
    ],
    [
      'a symlink with too long a target',
      { ...id(), kind: 'symlink', target: { parent: randomUUID(), name: 'x' }, linkTarget: 'é'.repeat(2_049) },
      'invalid-request',
      '/linkTarget',
    ],
    [
      'a policy that there is not',
      { ...id(), kind: 'set-attributes', node: nil, conflictPolicy: 'x' },
      'invalid-request',
      '/conflictPolicy',
    ],
    [
      'a label of NUL',
      { ...id(), kind: 'label-version', node: nil, revision: 1, label: '\0' },
      'invalid-request',
      '/label',
    ],
    ['a revision of 0', { ...id(), kind: 'restore-version', node: nil, revision: 0 }, 'invalid-request', '/revision'],
    ['no choice', { ...id(), kind: 'resolve-conflict', conflict: randomUUID() }, 'invalid-request', '/choice'],
    [
      'an unknown conflict',
      { ...id(), kind: 'resolve-conflict', conflict: randomUUID(), choice: 'mine' },
      'not-found',
      '/conflict',
    ],
  ]
  test.each(BAD)('%s: rejected, the others done', async (_, entry, code, field, mutationId) => {
    const { owner } = world
    const before = await headOf(owner)
    const { status, body } = await push(owner, [good(), entry, good()])
    expect(status).toBe(200)
    expect(body.results).toMatchObject([
      { outcome: 'applied', seq: before + 1 },
      { outcome: 'rejected', problem: { code, field: `mutations/1${field}` } },
      { outcome: 'applied', seq: before + 2 },
    ])
    expect(body.results[1].mutationId).toBe(mutationId ?? (entry as { id: string }).id)
  })

  test('of a thousand: a hundred bad ones are refused, nine hundred done, in order', async () => {
    const { owner } = world
    const into = await makeFolder(owner, folder)
    const entries = Array.from({ length: 1_000 }, (_, i) => newFolder(i % 10 === 3 ? '..' : `n ${i}`, into.id))
    const { status, body } = await push(owner, entries)
    expect(status).toBe(200)
    expect(body.results).toHaveLength(1_000)
    for (const [i, result] of body.results.entries())
      expect(result.outcome, String(i)).toBe(i % 10 === 3 ? 'rejected' : 'applied')
    const seqs = body.results.filter(({ seq }: Entry) => seq !== undefined).map(({ seq }: { seq: number }) => seq)
    expect(seqs).toEqual(seqs.toSorted((a: number, b: number) => a - b))
    expect(new Set(seqs).size).toBe(900)
  })
})

describe('PU-1 a bad request', () => {
  const many = (count: number) => Array.from({ length: count }, () => newFolder(randomUUID(), randomUUID()))
  testRefusals(world, [
    {
      title: '1,001 mutations',
      code: 'invalid-request',
      field: 'mutations',
      send: ({ owner }) => push(owner, many(1_001)),
    },
    { title: 'no mutation', code: 'invalid-request', field: 'mutations', send: ({ owner }) => push(owner, []) },
    { title: 'no list', code: 'invalid-request', field: 'mutations', send: ({ owner }) => push(owner, { 0: {} }) },
    {
      title: 'a member that is not known',
      code: 'invalid-request',
      field: 'atomic',
      send: ({ owner }) => owner.call('POST', '/v1/sync/push', { mutations: many(1), atomic: true }),
    },
    {
      title: 'a device that is no id',
      code: 'invalid-request',
      field: 'device',
      send: ({ owner }) => owner.call('POST', '/v1/sync/push', { mutations: many(1), device: 'phone' }),
    },
    {
      title: 'PU-14 a body of more than 16 MiB',
      code: 'body-too-large',
      send: ({ owner }) => push(owner, [text('x', 'x', { padding: 'x'.repeat(17 * 1024 * 1024) })]),
    },
  ])
})

describe('PU-13 rights', () => {
  test('T11 what is another member’s is not there, and nothing of the push is told of it', async () => {
    const { owner, member, stranger, holdings } = world
    const file = await writeText(owner, folder, `${randomUUID()}.txt`)
    const before = await holdings.look()
    for (const who of [member, stranger]) {
      const entries = (node: string, parent: string) => [
        { ...id(), kind: 'move', node, to: { parent: who.home.rootId, name: 'mine' } },
        { ...id(), kind: 'copy', node, to: { parent: who.home.rootId, name: 'mine' } },
        { ...id(), kind: 'trash', node },
        { ...id(), kind: 'restore-version', node, revision: 1 },
        { ...id(), kind: 'set-attributes', node, executable: true },
        newFolder('x', parent),
        text('x', 'x', { target: { parent, name: 'x' } }),
        text('x', 'x', { target: { node } }),
      ]
      const theirs = await push(who, entries(file.id, folder))
      const unknown = await push(who, entries(randomUUID(), randomUUID()))
      const plain = ({ body }: { body: unknown }) => JSON.stringify(body).replaceAll(/"mutationId":"[^"]+"/g, '')
      expect(plain(theirs)).toBe(plain(unknown))
      for (const { problem } of theirs.body.results) expect(problem.code).toBe('not-found')
    }
    expect(await holdings.look()).toEqual(before)
  })

  test('withdrawn between two pushes: the later one is refused entry by entry', async () => {
    const { owner, holdings, stack } = world
    const writer = await addAccount(stack, owner, `${randomUUID()}@example.com`)
    const { tenantId } = owner
    const grant = (role: string) =>
      holdings.db`insert into space_members (tenant_id, space_id, user_id, role)
        values (${tenantId}, ${owner.home.id}, ${writer.userId}, ${role})
        on conflict (tenant_id, user_id, space_id) do update set role = excluded.role`
    await grant('writer')
    const first = newFolder(randomUUID())
    expect((await push(writer, [first])).body.results).toMatchObject([{ outcome: 'applied' }])
    await grant('reader')
    const own = newFolder(randomUUID(), writer.home.rootId)
    const refused = await push(writer, [newFolder(randomUUID()), own, { ...id(), kind: 'trash', node: folder }])
    expect(refused.body.results).toMatchObject([
      { outcome: 'rejected', problem: { code: 'forbidden', field: 'mutations/0/parent' } },
      { outcome: 'applied' },
      { outcome: 'rejected', problem: { code: 'forbidden', field: 'mutations/2/node' } },
    ])
    await holdings.db`delete from space_members where tenant_id = ${tenantId} and user_id = ${writer.userId} and space_id = ${owner.home.id}`
    expect((await push(writer, [newFolder(randomUUID())])).body.results).toMatchObject([
      { outcome: 'rejected', problem: { code: 'not-found', field: 'mutations/0/parent' } },
    ])
  })

  test('withdrawn during a push: some are done, the rest refused, none half done', async () => {
    const { owner, holdings, stack } = world
    const writer = await addAccount(stack, owner, `${randomUUID()}@example.com`)
    const into = await makeFolder(owner, folder)
    const { tenantId } = owner
    await holdings.db`insert into space_members (tenant_id, space_id, user_id, role) values (${tenantId}, ${owner.home.id}, ${writer.userId}, 'writer')`
    const pushes = Array.from({ length: 8 }, () =>
      push(
        writer,
        Array.from({ length: 200 }, () => newFolder(randomUUID(), into.id)),
      ),
    )
    await holdings.db`delete from space_members where tenant_id = ${tenantId} and user_id = ${writer.userId} and space_id = ${owner.home.id}`
    const answers = await Promise.all(pushes)
    const results = answers.flatMap(({ body }) => body.results)
    const done = results.filter(({ outcome }: Entry) => outcome === 'applied')
    for (const { outcome, problem } of results) if (outcome === 'rejected') expect(problem.code).toBe('not-found')
    const { body } = await owner.call('GET', `/v1/folders/${into.id}/children?limit=1000`)
    let count = body.children.length
    for (let next = body.next; next !== null;) {
      const page = await owner.call(
        'GET',
        `/v1/folders/${into.id}/children?limit=1000&after=${encodeURIComponent(next)}`,
      )
      count += page.body.children.length
      next = page.body.next
    }
    expect(count).toBe(done.length)
  })

  test('a session that was ended: the whole push is refused', async () => {
    const { owner, stack, holdings } = world
    const second = await signIn(stack.url, owner.email, owner.password)
    expect((await second.call('POST', '/v1/auth/revoke')).status).toBe(200)
    const before = await holdings.look()
    expectProblem(await push(second, [newFolder(randomUUID()), null]), 'session-revoked')
    expect(await holdings.look()).toEqual(before)
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
