import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ROUTES, type Route } from '../../protocol/routes.ts'
import { inlineFile, send, type Answer } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { sendRaw, type RawRequest } from '../support/raw-request.ts'
import { refusalWorld, testRefusals, type Refusal } from '../support/refusals.ts'

const world = refusalWorld()
const JSON_TYPE = { 'content-type': 'application/json' }
const coded = (coding: string) => ({ ...JSON_TYPE, 'content-encoding': coding })

/** POST /v1/folders with this body, byte by byte. */
const posted =
  (body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE): Refusal['send'] =>
  ({ owner }) =>
    owner.call('POST', '/v1/folders', body, headers)
const folderBody = (more: string): Refusal['send'] => {
  return (w) => posted(`{"parent": "${w.parent}", "name": "${randomUUID()}", ${more}}`)(w)
}
const raw =
  (request: Omit<RawRequest, 'path'> & { path?: string }): Refusal['send'] =>
  ({ stack, owner }) => {
    const headers = { authorization: `Bearer ${owner.token}`, ...request.headers }
    return sendRaw(stack.url, { path: '/v1/folders', ...request, headers })
  }
const tooLarge = (byte: string): Buffer => Buffer.alloc(16 * 1024 * 1024 + 1, byte)

describe('HR-9 a body that cannot be read', () => {
  testRefusals(world, [
    { title: 'no content type', code: 'unsupported-media-type', send: raw({ method: 'POST', body: '{}' }) },
    {
      title: 'T20 JSON as text/plain',
      code: 'unsupported-media-type',
      send: posted('{}', { 'content-type': 'text/plain' }),
    },
    {
      title: 'T20 JSON as a form',
      code: 'unsupported-media-type',
      send: posted('{}', { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    {
      title: 'a type that only looks like JSON',
      code: 'unsupported-media-type',
      send: posted('{}', { 'content-type': 'application/jsonx' }),
    },
    { title: 'packed in a way that is not known', code: 'unsupported-media-type', send: posted('{}', coded('br')) },
    { title: 'said to be packed, and is not', code: 'malformed-json', send: posted('{}', coded('gzip')) },
    {
      title: 'T20 too large once it is unpacked',
      code: 'body-too-large',
      send: posted(gzipSync(tooLarge(' ')), coded('gzip')),
    },
    { title: 'no body', code: 'malformed-json', send: raw({ method: 'POST', headers: JSON_TYPE }) },
    { title: 'an empty body', code: 'malformed-json', send: posted('') },
    { title: 'half of a body', code: 'malformed-json', send: posted('{"parent": "') },
    { title: 'two bodies', code: 'malformed-json', send: posted('{} {}') },
    { title: 'a byte order mark and nothing', code: 'malformed-json', send: posted('\ufeff') },
    { title: 'JSON with a comment', code: 'malformed-json', send: posted('{} // no') },
    { title: 'NaN', code: 'malformed-json', send: posted('{"parent": NaN}') },
    { title: 'UTF-16', code: 'malformed-json', send: posted(Buffer.from('{}', 'utf16le')) },
    { title: 'an array', code: 'invalid-request', field: 'body', send: posted('[]') },
    { title: 'null', code: 'invalid-request', field: 'body', send: posted('null') },
    { title: 'a text', code: 'invalid-request', field: 'body', send: posted('"parent"') },
    { title: 'an empty object', code: 'invalid-request', field: 'parent', send: posted('{}') },
    {
      title: '100,000 arrays in one another',
      code: 'invalid-request',
      field: 'body',
      send: posted('['.repeat(100_000) + ']'.repeat(100_000)),
    },
    {
      title: '100,000 objects in one another',
      code: 'invalid-request',
      field: 'parent',
      send: posted('{"parent":'.repeat(100_000) + '1' + '}'.repeat(100_000)),
    },
    {
      title: 'a member that is not known',
      code: 'invalid-request',
      field: 'tenant',
      send: folderBody('"tenant": "x"'),
    },
    {
      title: 'a member called __proto__',
      code: 'invalid-request',
      field: '__proto__',
      send: folderBody('"__proto__": {"ifExists": "keep"}'),
    },
    {
      title: 'an array as an upload',
      code: 'invalid-request',
      field: 'body',
      send: ({ owner }) => owner.call('POST', '/v1/files', []),
    },
    { title: 'more than 16 MiB', code: 'body-too-large', send: posted(tooLarge(' ')) },
    {
      title: 'more than 16 MiB in pieces, without saying so',
      code: 'body-too-large',
      send: raw({ method: 'POST', headers: JSON_TYPE, body: pieces(tooLarge(' '), 1 << 20) }),
    },
  ])

  test('HR-9 of a member that is there twice the last one counts, everywhere', async () => {
    const { owner, parent } = world
    const [first, last] = [randomUUID(), randomUUID()]
    const answer = await owner.call(
      'POST',
      '/v1/folders',
      `{"parent": "${parent}", "name": "${first}", "name": "${last}"}`,
      JSON_TYPE,
    )
    expect(answer).toMatchObject({ status: 201, body: { node: { name: last } } })
  })

  test('HR-9 a body in pieces is read as one that says its length', async () => {
    const { parent } = world
    const body = Buffer.from(JSON.stringify({ parent, name: `pieces ${randomUUID()} é語` }))
    expect(await raw({ method: 'POST', headers: JSON_TYPE, body: pieces(body, 7) })(world)).toMatchObject({
      status: 201,
    })
  })

  function* pieces(bytes: Uint8Array, length: number): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
  }
})

describe('HR-5 queries out of their range', () => {
  const asked = (title: string, field: string, path: (world: { parent: string; file: string }) => string): Refusal => ({
    title: `?${title}`,
    code: 'invalid-request',
    field,
    send: ({ owner, parent, taken }) => owner.call('GET', path({ parent, file: taken.id })),
  })
  const children = ['limit=0', 'limit=1001', 'limit=-1', 'limit=1.5', 'limit=many', 'limit=', 'limit=1e9']
  testRefusals(world, [
    ...children.map((query) => asked(query, 'limit', ({ parent }) => `/v1/folders/${parent}/children?${query}`)),
    ...['limit=0', 'limit=1001'].map((query) => asked(query, 'limit', () => `/v1/sync/changes?${query}`)),
    asked('after=…', 'after', ({ parent }) => `/v1/folders/${parent}/children?after=${'x'.repeat(1_025)}`),
    ...['0', '-1', '2147483648', '1e300', 'x'].map((revision) =>
      asked(`revision=${revision}`, 'revision', ({ file }) => `/v1/files/${file}/content?revision=${revision}`),
    ),
    asked('from=-1', 'from', ({ file }) => `/v1/files/${file}/content?from=-1`),
    asked('no path', 'path', () => '/v1/resolve'),
    asked('path=/', 'path', () => '/v1/resolve?path=/'),
    asked('path too deep', 'path', () => `/v1/resolve?path=home${'/x'.repeat(1_001)}`),
    ...['junk', `${randomUUID()}.1`, `${randomUUID()}.`, `${randomUUID()}.zzzzzzzzzzz`, '%00'].map(
      (cursor): Refusal => ({
        title: `?cursor=${cursor}`,
        code: 'cursor-invalid',
        field: 'cursor',
        send: ({ owner }) => owner.call('GET', `/v1/sync/changes?cursor=${cursor}`),
      }),
    ),
  ])
})

describe('HR-10 ids of changes', () => {
  const keyed =
    (key: string): Refusal['send'] =>
    ({ owner, parent }) =>
      owner.call('POST', '/v1/folders', { parent, name: randomUUID() }, { 'idempotency-key': key })
  const badKeys: [string, string][] = [
    ['no key', ''],
    ['256 characters', 'k'.repeat(256)],
    ['a space in it', 'a key'],
    ['a letter beyond ASCII', 'clé'],
  ]
  testRefusals(world, [
    ...badKeys.map(([what, key]): Refusal => ({
      title: `an Idempotency-Key with ${what}`,
      code: 'invalid-request',
      field: 'Idempotency-Key',
      send: keyed(key),
    })),
    ...['x', randomUUID().toUpperCase(), `{${randomUUID()}}`, '00000000-0000-0000-0000-000000000000'].map(
      (id): Refusal => ({
        title: `a mutation id like ${id.length > 30 ? id.replace(/[0-9a-f]/gi, (c) => (c > '9' ? (c < 'a' ? 'A' : 'a') : '0')) : id}`,
        code: 'invalid-request',
        field: 'mutationId',
        send: ({ owner, parent }) => owner.call('POST', '/v1/folders', { parent, name: 'x', mutationId: id }),
      }),
    ),
  ])

  test('I11 one id twice in a batch: the same file once, another one is refused; the rest is unharmed', async () => {
    const { owner, parent } = world
    const first = inlineFile(parent, `once ${randomUUID()}`, 'one')
    const answer = await owner.call('POST', '/v1/files', {
      files: [
        first,
        first,
        { ...inlineFile(parent, 'other', 'two'), mutationId: first.mutationId },
        inlineFile(parent, 'rest', 'x'),
      ],
    })
    const results = answer.body.files.map((file: { result: unknown }) => file.result)
    expect(results).toMatchObject([
      { outcome: 'applied' },
      { outcome: 'applied' },
      { outcome: 'rejected', problem: { code: 'mutation-reused', field: 'files/2/mutationId' } },
      { outcome: 'applied', node: { name: 'rest' } },
    ])
    expect(results[1]).toEqual(results[0])
  })

  test('I11 T11 an id of another member’s change answers nothing of that change', async () => {
    const { owner, member, stranger, holdings } = world
    const body = { mutationId: randomUUID(), parent: owner.home.rootId, name: randomUUID() }
    expect((await owner.call('POST', '/v1/folders', body)).status).toBe(201)
    const before = await holdings.look()
    expectProblem(await member.call('POST', '/v1/folders', body), 'mutation-reused', 'mutationId')
    // In another tenant the id is free (T10), so the parent decides.
    expectProblem(await stranger.call('POST', '/v1/folders', body), 'not-found', 'parent')
    expect(await holdings.look()).toEqual(before)
    const own = { ...body, parent: stranger.home.rootId }
    expect((await stranger.call('POST', '/v1/folders', own)).body).toMatchObject({ outcome: 'applied' })
  })
})

describe('HR-12 methods and addresses', () => {
  const routes = Object.values(ROUTES) as Route[]
  const paths = [...new Set(routes.map(({ path }) => path))]
  const methodsOf = (path: string) =>
    routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase())

  test.each(paths)('%s takes its methods, says which, and no other', async (path) => {
    const allowed = methodsOf(path)
    const wrong = ['PUT', 'PATCH', 'DELETE', 'POST', 'OPTIONS'].filter((method) => !allowed.includes(method))
    for (const method of wrong) {
      const answer = await send(world.stack.url, method, path.replace(/:\w+/g, randomUUID()))
      expectProblem(answer, 'method-not-allowed')
      expect(answer.headers.get('allow')).toBe(allowed.join(', '))
    }
  })

  test.each(['/v1', '/v1/', '/v1/nothing', '/v2/files', '/v1/files/', '/V1/SPACES', '/v1//spaces', '/admin', '/.env'])(
    '%s is no address',
    async (path) => expectProblem(await send(world.stack.url, 'GET', path), 'not-found'),
  )

  /** Sent as they stand. Whatever they mean, they mean it before anything is looked up, once. */
  const ODD: [path: (id: string, other: string) => string, code: 'not-found' | 'unauthenticated'][] = [
    [(id) => `/v1/files/%2e%2e/${id}`, 'not-found'],
    [(id) => `/v1/files/${id}/..%2fcontent`, 'not-found'],
    [(id) => `/v1/files/${id}%2fcontent`, 'not-found'],
    [(id) => `/v1/files/${id}%252fcontent`, 'not-found'],
    [(id) => `/v1/files/${id}%00`, 'not-found'],
    [(id) => `/v1/files/${id};v=1`, 'not-found'],
    [(id) => `/v1/files/${id}%20`, 'not-found'],
    [(id) => `/v1/files/%zz${id}`, 'not-found'],
    [(id) => `/v1/files/${id.toUpperCase()}`, 'not-found'],
    [(id) => `/v1/folders/..%2f..%2fspaces/${id}`, 'not-found'],
  ]
  test.each(ODD)('%s is nothing', async (path, code) => {
    const { taken, stranger, owner, stack } = world
    for (const { token } of [owner, stranger]) {
      const headers = { authorization: `Bearer ${token}` }
      expectProblem(await sendRaw(stack.url, { method: 'GET', path: path(taken.id, ''), headers }), code)
    }
  })

  test('T21 an encoded form of an address asks for the same rights as the plain one', async () => {
    const { taken, owner, stranger, stack } = world
    const encoded = `%${taken.id.charCodeAt(0).toString(16)}${taken.id.slice(1)}`
    for (const path of [`/v1/files/${encoded}`, `/v1/x/../files/${taken.id}`, `/v1/%66iles/${taken.id}`]) {
      const ask = (token: string): Promise<Answer> =>
        sendRaw(stack.url, { method: 'GET', path, headers: token === '' ? {} : { authorization: `Bearer ${token}` } })
      const [mine, theirs, nobodys] = await Promise.all([ask(owner.token), ask(stranger.token), ask('')])
      expect([200, 404]).toContain(mine.status)
      expectProblem(theirs, 'not-found')
      if (mine.status === 200) expectProblem(nobodys, 'unauthenticated')
    }
  })
})
