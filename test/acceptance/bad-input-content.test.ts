import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { chunkedFile, inlineFile, put, sha256, someBytes, type Account, type Answer } from '../support/account.ts'
import { refusalWorld, testRefusals, type Refusal, type RefusalWorld } from '../support/refusals.ts'

const world = refusalWorld()

const BYTES = Buffer.from('0123456789'.repeat(500))
const HASH = sha256(BYTES)
const MIB = 1024 * 1024

/** Sends an init with one thing changed. */
const inline =
  (more: Record<string, unknown>): Refusal['send'] =>
  ({ owner, parent }) =>
    owner.call('POST', '/v1/files', inlineFile(parent, randomUUID(), 'hello', more))
const chunked =
  (more: Record<string, unknown>): Refusal['send'] =>
  ({ owner, parent }) =>
    owner.call('POST', '/v1/files', chunkedFile(parent, randomUUID(), BYTES, more))
const withChunk = (chunk: Record<string, unknown>, more: Record<string, unknown> = {}): Refusal['send'] =>
  chunked({ content: { chunks: [{ sha256: HASH, size: BYTES.length, plain: BYTES.length, ...chunk }] }, ...more })
const multipart =
  (parts: unknown, more: Record<string, unknown> = {}): Refusal['send'] =>
  ({ owner, parent }) => {
    const file = { target: { parent, name: randomUUID() }, size: 6 * MIB, sha256: HASH, ...more }
    return owner.call('POST', '/v1/files', { files: [file], multipart: parts })
  }

const invalid = (title: string, field: string, send: Refusal['send']): Refusal => ({
  title: `HR-5 ${title}`,
  code: 'invalid-request',
  field,
  send,
})
const mismatch = (title: string, field: string, send: Refusal['send']): Refusal => ({
  title: `HR-6 ${title}`,
  code: 'content-mismatch',
  field,
  send,
})

describe('HR-5 numbers and hashes out of their range', () => {
  testRefusals(world, [
    invalid('a negative size', 'size', inline({ size: -1 })),
    invalid('a size with a fraction', 'size', inline({ size: 4.5 })),
    invalid('a size beyond 2^53', 'size', chunked({ size: 2 ** 53 })),
    invalid('a size of 1e300', 'size', chunked({ size: 1e300 })),
    invalid('a size as text', 'size', inline({ size: '5' })),
    invalid('no size', 'size', inline({ size: undefined })),
    invalid('a size of null', 'size', inline({ size: null })),
    invalid('a hash in upper case', 'sha256', inline({ sha256: sha256('hello').toUpperCase() })),
    invalid('a hash that is not hex', 'sha256', inline({ sha256: 'z'.repeat(64) })),
    invalid('a hash that is too short', 'sha256', inline({ sha256: sha256('hello').slice(1) })),
    invalid('a hash with something behind it', 'sha256', inline({ sha256: `${sha256('hello')}\n` })),
    invalid('content without its hash', 'sha256', inline({ sha256: undefined })),
    invalid('a negative base', 'base', inline({ base: -1 })),
    invalid('a base that no file can have', 'base', inline({ base: 2 ** 31 })),
    invalid('a base with a fraction', 'base', inline({ base: 0.5 })),
    invalid('a time that is a number', 'mtimeNs', inline({ mtimeNs: 5 })),
    invalid('a time that no computer has', 'mtimeNs', inline({ mtimeNs: '9'.repeat(20) })),
    invalid('a time in words', 'mtimeNs', inline({ mtimeNs: 'yesterday' })),
    invalid('executable as text', 'executable', inline({ executable: 'yes' })),
    invalid('inline content that is not base64', 'content/inline', inline({ content: { inline: '*!' } })),
    invalid(
      'inline content that is too long',
      'content/inline',
      inline({ content: { inline: Buffer.alloc(5_000).toString('base64') }, size: 5_000 }),
    ),
    invalid('a chunk of no bytes', 'content/chunks/0/size', withChunk({ size: 0, plain: 0 }, { size: 0 })),
    invalid('a chunk of negative size', 'content/chunks/0/size', withChunk({ size: -5 })),
    invalid('a chunk with a fraction', 'content/chunks/0/plain', withChunk({ plain: 0.5 })),
    invalid('a chunk beyond what one PUT takes', 'content/chunks/0/size', withChunk({ size: 5 * 1024 ** 3 + 1 })),
    invalid('a chunk hash in upper case', 'content/chunks/0/sha256', withChunk({ sha256: HASH.toUpperCase() })),
    invalid('a codec that is not known', 'content/codec', chunked({ content: { codec: 'lzma', chunks: [] } })),
    invalid('chunks that are no list', 'content/chunks', chunked({ content: { chunks: 'all' } })),
    invalid('a member that is not known', 'content/chunks/0/colour', withChunk({ colour: 'red' })),
    invalid('a target that is not known', 'target/parent', inline({ target: { path: '/a' } })),
    invalid('a part that is too small', 'multipart/0/size', multipart([part(1), part(6 * MIB - 1)])),
    invalid('no parts', 'multipart', multipart([])),
    invalid('parts and content', 'files/0/content', multipart([part(6 * MIB)], { content: { inline: '' } })),
    invalid('parts without a hash of the whole', 'files/0/sha256', multipart([part(6 * MIB)], { sha256: undefined })),
    invalid('parts for two files', 'multipart', ({ owner, parent }) =>
      owner.call('POST', '/v1/files', {
        files: ['a', 'b'].map((name) => inlineFile(parent, name, name, { content: undefined })),
        multipart: [part(6 * MIB)],
      }),
    ),
    invalid('1,001 files', 'files', ({ owner, parent }) =>
      owner.call('POST', '/v1/files', {
        files: Array.from({ length: 1_001 }, (_, i) => inlineFile(parent, `f${i}`, '')),
      }),
    ),
    invalid('no files', 'files', ({ owner }) => owner.call('POST', '/v1/files', { files: [] })),
  ])
})

function part(size: number) {
  return { sha256: HASH, size }
}

describe('HR-6 content that does not add up', () => {
  testRefusals(world, [
    mismatch('inline bytes that are fewer than the size', 'size', inline({ size: 6 })),
    mismatch('inline bytes that are more than the size', 'size', inline({ size: 4 })),
    mismatch('inline bytes with another hash', 'sha256', inline({ sha256: sha256('other') })),
    mismatch('inline content of 4,097 bytes', 'size', inline(bigInline(4_097))),
    mismatch('chunks that are less than the file', 'size', chunked({ size: BYTES.length + 1 })),
    mismatch('chunks that are more than the file', 'size', chunked({ size: BYTES.length - 1 })),
    mismatch('a file of bytes without chunks', 'content/chunks', chunked({ content: { chunks: [] } })),
    mismatch('a raw chunk with other plain bytes', 'content/chunks/0/plain', withChunk({ plain: 5 }, { size: 5 })),
    mismatch('parts that are less than the file', 'files/0/size', multipart([part(6 * MIB - 1)])),
  ])

  function bigInline(size: number) {
    const bytes = Buffer.alloc(size)
    return { size, sha256: sha256(bytes), content: { inline: bytes.toString('base64') } }
  }

  test('HR-2 in a batch each bad file is refused by itself; the good ones are there', async () => {
    const { owner, parent, holdings } = world
    const good = ['a', 'b'].map((letter) => inlineFile(parent, `good ${letter}`, letter))
    const files = [
      good[0]!,
      inlineFile(parent, 'bad size', 'x', { size: 9 }),
      inlineFile(parent, 'bad\0name', 'x'),
      inlineFile(randomUUID(), 'bad parent', 'x'),
      inlineFile(parent, 'bad hash', 'x', { sha256: sha256('y') }),
      chunkedFile(parent, 'bad chunks', BYTES, { size: 1 }),
      good[1]!,
    ]
    const before = await holdings.look()
    const answer = await owner.call('POST', '/v1/files', { files })
    expect(answer.status).toBe(201)
    expect(answer.body.files.map((file: { result: unknown }) => file.result)).toMatchObject([
      { outcome: 'applied', node: { name: 'good a' } },
      { outcome: 'rejected', problem: { code: 'content-mismatch', field: 'files/1/size' } },
      { outcome: 'rejected', problem: { code: 'name-invalid', field: 'files/2/target/name' } },
      { outcome: 'rejected', problem: { code: 'not-found', field: 'files/3/target/parent' } },
      { outcome: 'rejected', problem: { code: 'content-mismatch', field: 'files/4/sha256' } },
      { outcome: 'rejected', problem: { code: 'content-mismatch', field: 'files/5/size' } },
      { outcome: 'applied', node: { name: 'good b' } },
    ])
    const after = await holdings.look()
    expect(after.rows).toEqual({
      ...before.rows,
      nodes: before.rows['nodes']! + 2,
      versions: before.rows['versions']! + 2,
      contents: before.rows['contents']! + 2,
      journal: before.rows['journal']! + 2,
      mutations: before.rows['mutations']! + 2,
    })
  })

  test('HR-1 the field names the entry also where only one file is sent, or one is left', async () => {
    const { owner, parent } = world
    const lone = await owner.call('POST', '/v1/files', { files: [inlineFile(randomUUID(), 'x', 'x')] })
    expect(lone.body.files[0].result.problem).toMatchObject({ code: 'not-found', field: 'files/0/target/parent' })
    const files = [chunkedFile(parent, randomUUID(), someBytes(9_000)), inlineFile(randomUUID(), 'x', 'x')]
    const left = await owner.call('POST', '/v1/files', { files })
    expect(left.body.files).toMatchObject([
      { state: 'pending' },
      { state: 'done', result: { problem: { code: 'not-found', field: 'files/1/target/parent' } } },
    ])
  })
})

describe('HR-7 chunks that the caller neither sent nor can read', () => {
  const unknown = sha256('nobody has these bytes')

  /** Opens an upload of other bytes and commits it as a file of these chunks. */
  async function commitChunk(who: Account, hash: string, size: number): Promise<Answer> {
    const init = await who.call('POST', '/v1/files', chunkedFile(who.home.rootId, 'replayed', someBytes(5_000)))
    return who.call('POST', `/v1/files/${init.body.uploadId}/commit`, {
      files: [{ index: 0, size, sha256: hash, content: { chunks: [{ sha256: hash, size, plain: size }] } }],
    })
  }

  test('T6 a hash of another user is no ticket: the answer is that for an unknown hash', async () => {
    const { owner, member, stranger, parent } = world
    const bytes = someBytes(5_000)
    await upload(owner, parent, bytes)
    for (const who of [member, stranger]) {
      const [known, none] = [await commitChunk(who, sha256(bytes), 5_000), await commitChunk(who, unknown, 5_000)]
      expect(known.status).toBe(none.status)
      expect(problemOf(known)).toMatchObject({ code: 'chunk-unavailable', field: 'files/0/content/chunks/0' })
      expect(withoutHash(problemOf(known))).toEqual(withoutHash(problemOf(none)))
    }
  })

  test('T6 a chunk of one’s own with another size is none', async () => {
    const { owner, parent } = world
    const bytes = someBytes(5_000)
    await upload(owner, parent, bytes)
    const problem = problemOf(await commitChunk(owner, sha256(bytes), 4_999))
    expect(problem).toMatchObject({ code: 'chunk-unavailable', field: 'files/0/content/chunks/0' })
  })

  test('T6 HR-2 a file that is nowhere leaves no node, and its upload stays open for a retry', async () => {
    const { member, holdings } = world
    const init = await member.call('POST', '/v1/files', chunkedFile(member.home.rootId, 'absent', someBytes(5_000)))
    const before = await holdings.look()
    const answer = await member.call('POST', `/v1/files/${init.body.uploadId}/commit`, {})
    expect(problemOf(answer)).toMatchObject({ code: 'chunk-unavailable' })
    expect(await holdings.look()).toEqual(before)
    expect((await member.call('GET', `/v1/uploads/${init.body.uploadId}`)).body.state).toBe('open')
  })

  const problemOf = (answer: Answer) => answer.body.results[0].problem as Record<string, unknown>
  const withoutHash = ({ sha256: _, ...rest }: Record<string, unknown>) => rest
})

describe('HR-6 packs and objects of an upload', () => {
  const asked =
    (body: unknown): Refusal['send'] =>
    async (w) =>
      w.owner.call('POST', `/v1/uploads/${await openUpload(w)}/objects`, body)
  // Opened once, so that opening it is not what changes the holdings.
  let opened: string | null = null
  const openUpload = async ({ owner, parent }: RefusalWorld): Promise<string> => {
    opened ??= (await owner.call('POST', '/v1/files', chunkedFile(parent, 'packed', someBytes(9_000)))).body.uploadId
    return opened!
  }
  test('an upload is open', async () => expect(await openUpload(world)).toBeTypeOf('string'))

  const member = { sha256: HASH, size: 10 }
  testRefusals(world, [
    mismatch(
      'a pack whose chunks are less than it',
      'objects/0/size',
      asked({ objects: [{ sha256: HASH, size: 11, pack: [member] }] }),
    ),
    mismatch(
      'a pack whose chunks are more than it',
      'objects/1/size',
      asked({ objects: [member, { sha256: HASH, size: 19, pack: [member, member] }] }),
    ),
    invalid('a pack that holds itself', 'objects/0/pack', asked({ objects: [{ ...member, pack: [member] }] })),
    invalid('a pack of nothing', 'objects/0/pack', asked({ objects: [{ ...member, pack: [] }] })),
    invalid(
      'a pack of 1,001 chunks',
      'objects/0/pack',
      asked({ objects: [{ sha256: HASH, size: 10_010, pack: Array.from({ length: 1_001 }, () => member) }] }),
    ),
    invalid('an object of negative size', 'objects/0/size', asked({ objects: [{ ...member, size: -1 }] })),
    invalid('an object that is too large', 'objects/0/size', asked({ objects: [{ ...member, size: 6 * 1024 ** 3 }] })),
    invalid('an object key', 'objects/0/sha256', asked({ objects: [{ sha256: '../../etc', size: 1 }] })),
    invalid('1,001 objects', 'objects', asked({ objects: Array.from({ length: 1_001 }, () => member) })),
    invalid('a check without a size', 'check/0/size', asked({ check: [{ sha256: HASH }] })),
  ])
})

async function upload(who: Account, parent: string, bytes: Uint8Array): Promise<void> {
  const init = await who.call('POST', '/v1/files', chunkedFile(parent, randomUUID(), bytes))
  for (const { request } of init.body.requests) expect((await put(request, bytes)).status).toBe(200)
  const commit = await who.call('POST', `/v1/files/${init.body.uploadId}/commit`, {})
  expect(commit.body.results[0].outcome).toBe('applied')
}
