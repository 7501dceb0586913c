import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { addAccount, sha256, signIn } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { refusalWorld, testRefusals } from '../support/refusals.ts'
import { headOf, makeFolder, writeText } from './namespace-support.ts'
import { entriesIn, id, push, type Entry } from './push-support.ts'

const world = refusalWorld()
let folder: string
const { newFolder, text } = entriesIn(() => folder)
beforeAll(async () => {
  folder = (await makeFolder(world.owner, world.parent)).id
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
      'a property that no object can hold',
      { ...id(), kind: 'set-attributes', node: nil, properties: { ['__proto__']: 'x' } },
      'invalid-request',
      '/properties/__proto__',
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
