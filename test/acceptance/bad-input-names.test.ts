import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { inlineFile } from '../support/account.ts'
import { refusalWorld, testRefusals, type Refusal } from '../support/refusals.ts'

const world = refusalWorld()

/** Names that no system could hold or that would let a path escape (docs/spec/http-rules.md, HR-3). */
const BAD_NAMES: [what: string, name: string][] = [
  ['an empty name', ''],
  ['"."', '.'],
  ['".."', '..'],
  ['a slash', 'a/b'],
  ['a slash alone', '/'],
  ['a way out', '../../etc/passwd'],
  ['NUL', 'a\0b'],
  ['a line feed', 'a\nb'],
  ['DEL', 'a\x7fb'],
  ['a C1 control character', 'a\x85b'],
  ['a line separator', 'a\u2028b'],
  ['256 bytes', 'x'.repeat(256)],
  ['258 bytes in 86 characters', '語'.repeat(86)],
  ['a lone high surrogate', 'a\ud800b'],
  ['a lone low surrogate', '\udc00'],
  ['the mark of a lenient decoder', 'a\ufffdb'],
]

const nameRefusals = (place: string, field: string, send: (name: string) => Refusal['send']): Refusal[] =>
  BAD_NAMES.map(([what, name]) => ({ title: `HR-3 ${place}: ${what}`, code: 'name-invalid', field, send: send(name) }))

describe('HR-3 a bad name', () => {
  testRefusals(world, [
    ...nameRefusals(
      'a folder',
      'name',
      (name) =>
        ({ owner, parent }) =>
          owner.call('POST', '/v1/folders', { parent, name }),
    ),
    ...nameRefusals(
      'a file',
      'target/name',
      (name) =>
        ({ owner, parent }) =>
          owner.call('POST', '/v1/files', inlineFile(parent, name, 'x')),
    ),
    ...nameRefusals(
      'a move',
      'name',
      (name) =>
        ({ owner, taken }) =>
          owner.call('POST', `/v1/nodes/${taken.id}/move`, { name }),
    ),
    ...nameRefusals(
      'a copy',
      'name',
      (name) =>
        ({ owner, taken, parent }) =>
          owner.call('POST', `/v1/nodes/${taken.id}/copy`, { parent, name }),
    ),
    ...nameRefusals(
      'a restore',
      'name',
      (name) =>
        ({ owner, taken, parent }) =>
          owner.call('POST', `/v1/nodes/${taken.id}/restore`, { parent, name }),
    ),
    ...nameRefusals(
      'a symlink',
      'name',
      (name) =>
        ({ owner, parent }) =>
          owner.call('POST', '/v1/symlinks', { parent, name, target: 'x' }),
    ),
    {
      title: 'HR-3 a name beyond any limit is refused before it is looked at',
      code: 'invalid-request',
      field: 'target/name',
      send: ({ owner, parent }) => owner.call('POST', '/v1/files', inlineFile(parent, 'x'.repeat(5_000), 'x')),
    },
    {
      title: 'HR-3 a name that is no text',
      code: 'invalid-request',
      field: 'name',
      send: ({ owner, parent }) => owner.call('POST', '/v1/folders', { parent, name: 7 }),
    },
    ...[
      ['invalid UTF-8', [0xff, 0xfe]],
      ['an overlong slash', [0xc0, 0xaf]],
      ['a surrogate as CESU-8', [0xed, 0xa0, 0x80]],
      ['a cut-off character', [0xe8, 0xaa]],
    ].map(([what, bytes]): Refusal => ({
      title: `HR-9 the body holds ${String(what)}`,
      code: 'malformed-json',
      send: ({ owner, parent }) => {
        const [before, after] = JSON.stringify({ parent, name: '|' }).split('|') as [string, string]
        const body = Buffer.concat([Buffer.from(before), Buffer.from(bytes as number[]), Buffer.from(after)])
        return owner.call('POST', '/v1/folders', body, { 'content-type': 'application/json' })
      },
    })),
  ])

  test('HR-2 HR-3 in a batch of folders only the bad names are refused, and what would stand in them', async () => {
    const { owner, parent } = world
    const [bad, inBad] = [randomUUID(), randomUUID()]
    const good = `good ${randomUUID()}`
    const answer = await owner.call('POST', '/v1/folders/batch', {
      folders: [
        { mutationId: bad, parent, name: 'a\0b' },
        { mutationId: inBad, parent: { created: 0 }, name: 'inside' },
        { mutationId: randomUUID(), parent, name: good },
        { mutationId: randomUUID(), parent: { created: 2 }, name: 'inside' },
        { mutationId: randomUUID(), parent, name: '\ud800' },
      ],
    })
    expect(answer.status).toBe(200)
    expect(answer.body.results).toMatchObject([
      { mutationId: bad, outcome: 'rejected', problem: { code: 'name-invalid', field: 'folders/0/name' } },
      { mutationId: inBad, outcome: 'rejected', problem: { code: 'not-found', field: 'folders/1/parent' } },
      { outcome: 'applied', node: { name: good } },
      { outcome: 'applied', node: { name: 'inside' } },
      { outcome: 'rejected', problem: { code: 'name-invalid', field: 'folders/4/name' } },
    ])
  })
})

test('HR-2 HR-3 PU-3 in a push only the bad names are refused, whatever the kind', async () => {
  const { owner, parent, taken } = world
  const kinds: [field: string, entryOf: (name: string) => Record<string, unknown>][] = [
    ['name', (name) => ({ kind: 'create-folder', parent, name })],
    ['to/name', (name) => ({ kind: 'move', node: taken.id, to: { parent, name } })],
    ['to/name', (name) => ({ kind: 'copy', node: taken.id, to: { parent, name } })],
    ['to/name', (name) => ({ kind: 'restore', node: taken.id, to: { parent, name } })],
    ['target/name', (name) => ({ kind: 'symlink', target: { parent, name }, linkTarget: 'x' })],
    ['target/name', (name) => ({ kind: 'write', ...inlineFile(parent, name, 'x'), mutationId: undefined })],
  ]
  const bad = kinds.flatMap(([field, entryOf]) => BAD_NAMES.map(([, name]) => ({ field, entry: entryOf(name) })))
  const good = () => ({ kind: 'create-folder', parent, name: `good ${randomUUID()}` })
  const entries = bad.flatMap(({ entry }) => [entry, good()])
  const mutations = entries.map((entry) => ({ id: randomUUID(), ...entry }))
  const { status, body } = await owner.call('POST', '/v1/sync/push', { mutations })
  expect(status).toBe(200)
  for (const [i, { field }] of bad.entries()) {
    const problem = { code: 'name-invalid', field: `mutations/${2 * i}/${field}` }
    expect(body.results[2 * i]).toMatchObject({ outcome: 'rejected', problem })
    expect(body.results[2 * i + 1]).toMatchObject({ outcome: 'applied' })
  }
})

describe('HR-4 the NFC and NFD forms of a name are one name', () => {
  const [nfc, nfd] = ['r\u00e9sum\u00e9', 're\u0301sume\u0301']

  test('a folder beside its twin → name-taken at name, nothing changed', async () => {
    const { owner, parent, holdings } = world
    const first = await owner.call('POST', '/v1/folders', { parent, name: nfc })
    expect(first.status).toBe(201)
    const before = await holdings.look()
    expect(await owner.call('POST', '/v1/folders', { parent, name: nfd })).toMatchObject({
      status: 409,
      body: { code: 'name-taken', field: 'name', node: first.body.node.id },
    })
    expect(await holdings.look()).toEqual(before)
  })

  test('a file written under its twin is a version of that file; with a stale base a copy, and both survive', async () => {
    const { owner, parent } = world
    const first = await owner.call('POST', '/v1/files', inlineFile(parent, `${nfd}.txt`, 'one'))
    const { node } = first.body.files[0].result
    expect(node.name).toBe(`${nfc}.txt`)
    const second = await owner.call('POST', '/v1/files', inlineFile(parent, `${nfc}.txt`, 'two', { base: 1 }))
    expect(second.body.files[0].result).toMatchObject({ outcome: 'applied', node: { id: node.id, contentRevision: 2 } })
    const stale = await owner.call('POST', '/v1/files', inlineFile(parent, `${nfd}.txt`, 'three', { base: 1 }))
    expect(stale.body.files[0].result).toMatchObject({ outcome: 'conflict', original: node.id })
    const { id: copy } = stale.body.files[0].result.node
    const contents = await Promise.all([node.id, copy].map((id) => owner.call('GET', `/v1/files/${id}/content`)))
    expect(contents.map(({ body }) => body)).toEqual(['two', 'three'])
  })
})

describe('HR-3 a bad name where things are looked for', () => {
  const unfindable = ['%00', '..', 'a%00b', '%EF%BF%BD', '%0a', 'x'.repeat(300)]
  test.each(unfindable)('a path with %s names nothing', async (name) => {
    const { owner } = world
    const answer = await owner.call('GET', `/v1/resolve?path=${encodeURIComponent('home/the folder')}/${name}`)
    expect(answer).toMatchObject({ status: 200, body: { node: null, deepest: { id: world.parent } } })
  })

  test.each(['%00', '%EF%BF%BD', '%ff', '/'])(
    'a page after %s is a page or a problem, never a failure',
    async (after) => {
      const { owner, parent } = world
      const answer = await owner.call('GET', `/v1/folders/${parent}/children?after=${after}`)
      expect([200, 400]).toContain(answer.status)
      if (answer.status === 400) expect(answer.body).toMatchObject({ code: 'invalid-request', field: 'after' })
    },
  )
})
