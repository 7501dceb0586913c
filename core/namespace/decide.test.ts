import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hash, mkdir, world, write, writeChunks } from '../../test/support/namespace-world.ts'
import { MANIFEST_MAX_CHUNKS } from '../content.ts'
import type { MutationId, NodeId, Sha256, UploadId, UserId } from '../ids.ts'
import { heldKey, type CreateFolder } from './model.ts'
import { childKey } from './view.ts'

describe('folders', () => {
  test('a folder is made once; its twin in another Unicode form is the same name (N5)', () => {
    const w = world()
    expect(w.commit(mkdir('1', w.root, 'u\u0308'))[0]).toMatchObject({
      outcome: 'applied',
      seq: 1,
      node: { name: '\u00fc' },
    })
    expect(w.commit(mkdir('2', w.root, '\u00fc'))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'name-taken',
      facts: { field: 'name' },
    })
    expect(w.commit(mkdir('3', w.root, '\u00fc', 'keep'))[0]).toMatchObject({
      outcome: 'applied',
      seq: 1,
      node: { id: 'n1' },
    })
    expect(w.journal.map((entry) => entry.seq)).toEqual([1])
  })

  test('JR-4 a batch may build on itself', () => {
    const w = world()
    const inner: CreateFolder = { ...mkdir('2', w.root, 'b'), parent: { madeBy: '1' as MutationId } }
    const [a, b] = w.commit(mkdir('1', w.root, 'a'), inner)
    expect(b).toMatchObject({
      outcome: 'applied',
      seq: 2,
      node: { parentId: a!.outcome === 'applied' ? a!.node.id : '' },
    })
  })

  test.each(['', '.', '..', 'a/b', 'x\u0000', 'é'.repeat(200)])('a folder cannot be called %j', (name) => {
    const w = world()
    expect(w.commit(mkdir('1', w.root, name))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'name-invalid',
      facts: { field: 'name' },
    })
    expect(w.nodes.size).toBe(1)
  })
})

test('the largest file, each chunk in a pack of its own, is decided in a moment', () => {
  const w = world()
  const uploadId = 'upload' as UploadId
  w.uploads.set(uploadId, { state: 'open', userId: 'user' as UserId, expiresAt: Number.MAX_SAFE_INTEGER })
  const chunks = Array.from({ length: MANIFEST_MAX_CHUNKS }, (_, at) => ({
    sha256: at.toString(16).padStart(64, '0') as Sha256,
    size: 1,
    plain: 1,
  }))
  const { content, ...file } = write('1', { parent: w.root, name: 'large' }, 0, 'large')
  const staged = Object.fromEntries(
    chunks.map(({ sha256 }) => [sha256, { objectKey: `pack ${sha256}`, offset: 0, length: 1, verified: false }]),
  )
  const { sha256, contentId } = content
  const large = { codec: 'raw', size: chunks.length, sha256, contentId, held: 'chunks', chunks } as const
  // The transaction is open meanwhile, and Postgres ends one that says nothing for 5 s: no sooner than this test's own limit.
  const [outcome] = w.commit({ ...file, uploadId, content: { ...large, chunks }, staged })
  expect(outcome).toMatchObject({ outcome: 'applied', node: { size: MANIFEST_MAX_CHUNKS } })
})

describe('P2 writes never overwrite what the writer had not seen', () => {
  test('I21 the same bytes are kept, unless what is there is damaged: then they are written, however old the base is', () => {
    const w = world()
    const target = { parent: w.root, name: 'a.txt' }
    w.commit(write('1', target, 0, 'one'))
    expect(w.commit(write('2', target, 0, 'one'))[0]).toMatchObject({
      outcome: 'applied',
      node: { contentRevision: 1 },
    })
    w.damage('n1' as NodeId)
    const mended = w.commit(write('3', target, 0, 'one'), write('4', target, 0, 'one'))
    expect(mended[0]).toMatchObject({ outcome: 'applied', node: { id: 'n1', contentRevision: 2 } })
    expect(mended[1]).toMatchObject({ outcome: 'applied', node: { id: 'n1', contentRevision: 2 } })
  })

  test('create, then the right base makes a version', () => {
    const w = world()
    expect(w.commit(write('1', { parent: w.root, name: 'a.txt' }, 0, 'one'))[0]).toMatchObject({
      outcome: 'applied',
      seq: 1,
      node: { contentRevision: 1 },
    })
    expect(w.commit(write('2', { parent: w.root, name: 'a.txt' }, 1, 'two'))[0]).toMatchObject({
      outcome: 'applied',
      seq: 2,
      node: { id: 'n1', contentRevision: 2 },
    })
    expect(w.commit(write('3', { node: 'n1' as NodeId }, 2, 'three'))[0]).toMatchObject({
      outcome: 'applied',
      seq: 3,
      node: { id: 'n1', contentRevision: 3 },
    })
  })

  test('a stale base becomes a conflicted copy beside the original; both survive', () => {
    const w = world()
    w.commit(write('1', { parent: w.root, name: 'a.txt' }, 0, 'one'))
    w.commit(write('2', { node: 'n1' as NodeId }, 1, 'two'))
    const [late] = w.commit(write('3', { node: 'n1' as NodeId }, 1, 'late'))
    expect(late).toMatchObject({
      outcome: 'conflict',
      original: 'n1',
      node: {
        name: expect.stringMatching(/^a \(conflicted copy from Anna's laptop, .*\)\.txt$/),
        sha256: hash('late'),
      },
    })
    expect(w.nodes.get('n1' as NodeId)).toMatchObject({ sha256: hash('two'), contentRevision: 2 })
  })

  test('CR-02 two creators of one name: the second is the copy; EE-07 nineteen more each get a name of their own', () => {
    const w = world()
    const all = Array.from({ length: 20 }, (_, i) => write(`${i}`, { parent: w.root, name: 'x' }, 0, `text ${i}`))
    const outcomes = w.commit(...all)
    expect(outcomes.map((o) => o.outcome)).toEqual(['applied', ...Array<string>(19).fill('conflict')])
    expect(new Set(w.children(w.root).map((n) => n.name)).size).toBe(20)
  })

  test('I21 CF-4 the same bytes are no conflict, however old the base', () => {
    const w = world()
    w.commit(write('1', { parent: w.root, name: 'a' }, 0, 'same'))
    expect(w.commit(write('2', { parent: w.root, name: 'a' }, 0, 'same'))[0]).toMatchObject({
      outcome: 'applied',
      seq: 1,
    })
    expect(w.journal.length).toBe(1)
  })

  test('I21 the same bytes upon an old base change nothing else either: time and executable bit are of who saw the present state', () => {
    const w = world()
    const target = { parent: w.root, name: 'a' }
    w.commit(write('1', target, 0, 'one'), write('2', target, 1, 'two'))
    const late = { ...write('3', target, 1, 'two'), mtimeNs: '5', executable: true }
    expect(w.commit(late)[0]).toMatchObject({ outcome: 'applied', seq: 2, node: { mtimeNs: null, executable: false } })
    const seen = { ...late, id: '4' as MutationId, base: 2 }
    expect(w.commit(seen)[0]).toMatchObject({ outcome: 'applied', seq: 3, node: { mtimeNs: '5', executable: true } })
  })

  test('a file over a folder becomes a copy, a folder over a file is refused', () => {
    const w = world()
    w.commit(mkdir('1', w.root, 'd'), write('2', { parent: w.root, name: 'f' }, 0, 'x'))
    expect(w.commit(write('3', { parent: w.root, name: 'd' }, 0, 'y'))[0]).toMatchObject({
      outcome: 'conflict',
      original: 'n1',
    })
    expect(w.commit(mkdir('4', w.root, 'f'))[0]).toMatchObject({ outcome: 'rejected', code: 'name-taken' })
  })
})

describe('RFC 9110, section 13.1: a condition is kept or nothing is made', () => {
  const wanting =
    (id: string, precondition: NonNullable<ReturnType<typeof write>['precondition']>, text: string) =>
    (w: ReturnType<typeof world>) => ({
      ...write(id, { parent: w.root, name: 'a' }, 0, text),
      precondition,
    })

  test('If-Match with the present tag writes a version, with an old one it is refused and no copy is made', () => {
    const w = world()
    w.commit(write('1', { parent: w.root, name: 'a' }, 0, 'one'))
    expect(w.commit(wanting('2', { ifMatch: '"1.1"' }, 'two')(w))[0]).toMatchObject({
      outcome: 'applied',
      node: { contentRevision: 2 },
    })
    expect(w.commit(wanting('3', { ifMatch: '"1.1"' }, 'three')(w))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'precondition-failed',
      facts: { field: 'If-Match', etag: '"2.1"' },
    })
    expect(w.commit(wanting('4', { ifMatch: '"9.9", "2.1"' }, 'four')(w))[0]).toMatchObject({ outcome: 'applied' })
    expect(w.commit(wanting('5', { ifMatch: '*' }, 'five')(w))[0]).toMatchObject({ outcome: 'applied' })
    expect(w.children(w.root).length).toBe(1)
  })

  test('If-None-Match: * creates and never replaces; If-Match needs something to match', () => {
    const w = world()
    expect(w.commit(wanting('1', { ifMatch: '*' }, 'one')(w))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'precondition-failed',
    })
    expect(w.commit(wanting('2', { ifNoneMatch: '*' }, 'one')(w))[0]).toMatchObject({ outcome: 'applied' })
    expect(w.commit(wanting('3', { ifNoneMatch: '*' }, 'two')(w))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'precondition-failed',
    })
    expect(w.children(w.root).length).toBe(1)
  })
})

describe('I11 JR-1 one id, one effect, one answer', () => {
  test('a replay gives the first answer, in the same batch and later, and changes nothing', () => {
    const w = world()
    const mutation = write('1', { parent: w.root, name: 'a' }, 0, 'one')
    const [first, again] = w.commit(mutation, mutation)
    expect(again).toEqual(first)
    w.commit(write('2', { parent: w.root, name: 'a' }, 1, 'two'))
    expect(w.commit(mutation)[0]).toEqual(first)
    expect(w.journal.length).toBe(2)
  })

  test('the same id for something else is refused', () => {
    const w = world()
    w.commit(mkdir('1', w.root, 'a'))
    expect(w.commit({ ...mkdir('1', w.root, 'b'), fingerprint: 'other' })[0]).toMatchObject({
      outcome: 'rejected',
      code: 'mutation-reused',
      facts: { field: 'mutationId' },
    })
  })
})

test('SV-05 what was made upon another epoch is not done; what says nothing of epochs is', () => {
  const w = world()
  w.commit(write('1', { parent: w.root, name: 'a' }, 0, 'one'))
  const late = { ...write('2', { parent: w.root, name: 'a' }, 1, 'two'), epoch: w.server.state.epoch }
  w.server.state.epoch = 'after the restore'
  expect(w.commit(late)[0]).toMatchObject({ outcome: 'rejected', code: 'resync-required', facts: { reason: 'epoch' } })
  expect(w.journal.length).toBe(1)
  expect(w.commit({ ...late, epoch: 'after the restore' })[0]).toMatchObject({ outcome: 'applied' })
})

describe('rights are decided at commit (T26)', () => {
  test('a revoked session changes nothing', () => {
    const w = world()
    w.revoke()
    expect(w.commit(mkdir('1', w.root, 'a'))[0]).toMatchObject({ outcome: 'rejected', code: 'session-revoked' })
  })

  test('T11 a revoked session is not given its first answer either', () => {
    const w = world()
    expect(w.commit(mkdir('1', w.root, 'a'))[0]).toMatchObject({ outcome: 'applied' })
    w.revoke()
    expect(w.commit(mkdir('1', w.root, 'a'))[0]).toMatchObject({ outcome: 'rejected', code: 'session-revoked' })
  })

  test('T11 a node of a space that is not yours answers like an unknown one; a reader is told', () => {
    const w = world()
    w.setRoles({})
    const hidden = w.commit(mkdir('1', w.root, 'a'))[0]
    const unknown = w.commit(mkdir('2', 'nowhere' as NodeId, 'a'))[0]
    expect(hidden).toEqual(unknown)
    w.setRoles({ [w.space]: 'reader' })
    expect(w.commit(mkdir('3', w.root, 'a'))[0]).toMatchObject({ outcome: 'rejected', code: 'forbidden' })
  })
})

describe('T6 a hash is no ticket', () => {
  const target = (w: ReturnType<typeof world>) => ({ parent: w.root, name: 'f' })
  const open = (w: ReturnType<typeof world>, userId = 'user') =>
    w.uploads.set('upload' as UploadId, { state: 'open', userId: userId as UserId, expiresAt: 2_000_000_000_000 })

  test('chunks must have arrived here, with their size', () => {
    const w = world()
    open(w)
    expect(w.commit(writeChunks('1', target(w), [{ name: 'a', size: 10, staged: false }]))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'chunk-unavailable',
      facts: { field: 'content/chunks/0' },
    })
    const wrongSize = writeChunks('2', target(w), [{ name: 'a', size: 10, staged: true }])
    wrongSize.staged[hash('a')]!.length = 11
    expect(w.commit(wrongSize)[0]).toMatchObject({ outcome: 'rejected', code: 'chunk-unavailable' })
    expect(w.commit(writeChunks('3', target(w), [{ name: 'a', size: 10, staged: true }]))[0]).toMatchObject({
      outcome: 'applied',
    })
  })

  test('what the actor may refer to need not arrive', () => {
    const w = world()
    w.held.set(heldKey('user' as UserId, hash('a')), { objectKey: 'k', offset: 0, length: 10 })
    expect(w.commit(writeChunks('1', target(w), [{ name: 'a', size: 10, staged: false }], null))[0]).toMatchObject({
      outcome: 'applied',
    })
  })

  test("another user's upload does not exist, an expired one says so", () => {
    const w = world()
    open(w, 'someone else')
    expect(w.commit(writeChunks('1', target(w), [{ name: 'a', size: 10, staged: true }]))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'not-found',
      facts: { field: 'uploadId' },
    })
    w.uploads.set('upload' as UploadId, { state: 'open', userId: 'user' as UserId, expiresAt: 1 })
    expect(w.commit(writeChunks('2', target(w), [{ name: 'a', size: 10, staged: true }]))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'upload-expired',
    })
  })

  test('a manifest that does not add up is refused', () => {
    const w = world()
    open(w)
    const mutation = writeChunks('1', target(w), [{ name: 'a', size: 10, staged: true }])
    expect(w.commit({ ...mutation, content: { ...mutation.content, size: 11 } })[0]).toMatchObject({
      outcome: 'rejected',
      code: 'content-mismatch',
      facts: { field: 'size' },
    })
  })
})

test('I7, I10 any stream of mutations keeps the tree well-formed and the journal its fold', () => {
  const names = fc.constantFrom('a', 'b', 'c', 'ü', 'u\u0308')
  const step = fc.record({
    kind: fc.constantFrom('mkdir', 'write'),
    parent: fc.nat(6),
    name: names,
    base: fc.nat(3),
    text: fc.constantFrom('1', '2', '3'),
    id: fc.nat(60),
  })
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 5 }), { maxLength: 12 }), (batches) => {
      const w = world()
      for (const batch of batches) {
        const ids = [...w.nodes.keys()]
        w.commit(
          ...batch.map(({ kind, parent, name, base, text, id }) => {
            const at = ids[parent % ids.length]!
            return kind === 'mkdir'
              ? mkdir(`m${id}${name}${at}`, at, name)
              : write(`w${id}${name}${base}${text}${at}`, { parent: at, name }, base, text)
          }),
        )
      }
      expect(w.journal.map((entry) => entry.seq)).toEqual(w.journal.map((_, i) => i + 1))
      const fold = new Map(w.journal.map((entry) => [entry.node.id, entry.node]))
      for (const [id, node] of fold) expect(w.nodes.get(id)).toEqual(node)
      expect(w.nodes.size).toBe(fold.size + 1)
      const live = [...w.nodes.values()].filter((node) => node.parentId !== null)
      expect(new Set(live.map((node) => childKey(node.parentId!, node.name))).size).toBe(live.length)
      for (const node of live) expect(w.nodes.get(node.parentId!)?.kind).toBe('folder')
    }),
    { seed: 7 },
  )
})
