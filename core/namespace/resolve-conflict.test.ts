import { describe, expect, test } from 'vitest'
import { labelVersion, resolve, setPolicy, symlink } from '../../test/support/content-mutations.ts'
import { BEN, by, hash, mkdir, purge, trash, world, write } from '../../test/support/namespace-world.ts'
import type { MutationId } from '../ids.ts'
import type { ConflictPolicy } from './model.ts'

const MET = 'met' as MutationId

/** `d/f` at version 2 of Anna; Ben's `late` had seen version 1. */
function started(policy: ConflictPolicy = 'keep-both') {
  const w = world()
  w.commit(mkdir('d', w.root, 'd'), setPolicy('policy', w.root, policy))
  const folder = w.at('d').id
  w.commit(write('1', { parent: folder, name: 'f' }, 0, 'one'), write('2', { parent: folder, name: 'f' }, 1, 'two'))
  const file = w.at('d/f').id
  w.commit(by(BEN, write(MET, { node: file }, 1, 'late')))
  return { ...w, folder, file, copy: w.server.conflict(MET)!.copy! }
}

const texts = (w: ReturnType<typeof started>) =>
  w
    .children(w.folder)
    .map(({ id }) => w.server.text(id))
    .sort()

describe('CF-13 a conflict is ended once, for all devices, and nothing goes away', () => {
  test('mine: the later content is a new version, its copy goes to the trash', () => {
    const w = started()
    const { outcomes, effects } = w.server.transact([resolve('3', MET, 'mine', 2)])
    expect(outcomes[0]).toMatchObject({
      outcome: 'applied',
      node: { id: w.file, contentRevision: 3, sha256: hash('late') },
    })
    expect(effects.contents).toEqual([])
    expect(effects.journal.map(({ kind, writtenBytes }) => [kind, writtenBytes])).toEqual([
      ['trashed', null],
      ['updated', 0],
    ])
    expect(outcomes[0]).toMatchObject({ seq: effects.journal[1]!.seq })
    expect(texts(w)).toEqual(['late'])
    expect(w.server.text(w.file, 2)).toBe('two')
    expect(w.server.node(w.copy)).toMatchObject({ trashedBy: 'user', trashedAt: expect.any(Number) })
    expect(w.server.conflict(MET)).toMatchObject({ resolution: 'mine', resolvedBy: 'user' })
  })

  test('mine: of a copy that was edited since, what it holds now', () => {
    const w = started()
    w.commit(write('3', { node: w.copy }, 1, 'later'))
    w.commit(resolve('4', MET, 'mine', 2))
    expect(texts(w)).toEqual(['later'])
  })

  test('theirs: what was there stays, the copy goes to the trash', () => {
    const w = started()
    expect(w.commit(resolve('3', MET, 'theirs'))[0]).toMatchObject({ outcome: 'applied', node: { contentRevision: 2 } })
    expect(texts(w)).toEqual(['two'])
    expect(w.server.text(w.copy)).toBe('late')
  })

  test('both: they stay side by side', () => {
    const w = started()
    const before = w.journal.length
    expect(w.commit(resolve('3', MET, 'both'))[0]).toMatchObject({ outcome: 'applied', node: { id: w.file } })
    expect(texts(w)).toEqual(['late', 'two'])
    // I10: an entry tells all devices that the conflict is over.
    expect(w.journal.slice(before)).toMatchObject([{ kind: 'updated', nodeId: w.file }])
  })

  test('merged: only after somebody has written a version that holds both', () => {
    const w = started()
    expect(w.commit(resolve('3', MET, 'merged', 2))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'version-conflict',
      facts: { field: 'choice', contentRevision: 2 },
    })
    w.commit(write('4', { node: w.file }, 2, 'two and late'))
    expect(w.commit(resolve('5', MET, 'merged', 3))[0]).toMatchObject({
      outcome: 'applied',
      node: { contentRevision: 3 },
    })
    expect(texts(w)).toEqual(['two and late'])
  })

  test('in one push: the merged file, then the end', () => {
    const w = started()
    const outcomes = w.commit(write('4', { node: w.file }, 2, 'both'), resolve('5', MET, 'merged', 3))
    expect(outcomes.map((o) => o.outcome)).toEqual(['applied', 'applied'])
  })
})

describe('policy manual: only the conflict holds the content', () => {
  test('mine: a new version', () => {
    const w = started('manual')
    expect(w.commit(resolve('3', MET, 'mine'))[0]).toMatchObject({ node: { contentRevision: 3, sha256: hash('late') } })
    expect(texts(w)).toEqual(['late'])
  })

  test('theirs: the file stays as it is, and all devices are told', () => {
    const w = started('manual')
    const before = w.journal.length
    expect(w.commit(resolve('3', MET, 'theirs'))[0]).toMatchObject({ node: { contentRevision: 2 } })
    expect(w.journal.slice(before)).toMatchObject([{ kind: 'updated', nodeId: w.file }])
  })

  test('both: a node of its own, of the content that is there', () => {
    const w = started('manual')
    const { effects, outcomes } = w.server.transact([resolve('3', MET, 'both')])
    expect(outcomes[0]).toMatchObject({ node: { name: 'f (2)', sha256: hash('late'), contentRevision: 1 } })
    expect(effects.contents).toEqual([])
    expect(effects.versions).toMatchObject([{ content: MET, conflictOf: w.file, baseRevision: 1 }])
    expect(texts(w)).toEqual(['late', 'two'])
  })
})

describe('CF-14 whoever comes second', () => {
  test.each(['mine', 'theirs', 'both'] as const)(
    'with the same choice (%s) is told that it is so; with another, that it is too late',
    (choice) => {
      const w = started()
      w.commit(resolve('3', MET, choice))
      const before = w.journal.length
      expect(w.commit(by(BEN, resolve('4', MET, choice, 2)))[0]).toMatchObject({
        outcome: 'applied',
        node: { id: w.file },
      })
      const other = choice === 'mine' ? 'theirs' : 'mine'
      expect(w.commit(by(BEN, resolve('5', MET, other)))[0]).toMatchObject({
        outcome: 'rejected',
        code: 'version-conflict',
        facts: { field: 'choice', resolution: choice },
      })
      expect(w.journal.length).toBe(before)
    },
  )

  test('twice in one push is decided one after the other', () => {
    const w = started()
    expect(w.commit(resolve('3', MET, 'mine'), resolve('4', MET, 'mine'), resolve('5', MET, 'theirs'))).toMatchObject([
      { outcome: 'applied' },
      { outcome: 'applied' },
      { code: 'version-conflict' },
    ])
  })

  test('what policy decided is decided: it was the newest that won', () => {
    const w = started('newest-wins')
    expect(w.commit(resolve('3', MET, 'mine'), resolve('4', MET, 'theirs'))).toMatchObject([
      { outcome: 'applied' },
      { code: 'version-conflict', facts: { resolution: 'newest-wins' } },
    ])
  })

  test('has not seen the newest version of the original: nothing is done', () => {
    const w = started()
    w.commit(write('3', { node: w.file }, 2, 'three'))
    expect(w.commit(by(BEN, resolve('4', MET, 'mine', 2)))[0]).toMatchObject({
      code: 'version-conflict',
      facts: { field: 'base', contentRevision: 3 },
    })
    expect(texts(w)).toEqual(['late', 'three'])
    expect(w.server.conflict(MET)?.resolution).toBeNull()
  })
})

describe('what has become of the two meanwhile', () => {
  test('CF-15 the original is in the trash: mine brings it back, with a word', () => {
    const w = started()
    w.commit(trash('3', w.file, { base: 2 }))
    expect(w.commit(resolve('4', MET, 'mine'))[0]).toMatchObject({
      outcome: 'applied',
      notice: 'revived',
      node: { id: w.file, contentRevision: 3, sha256: hash('late'), trashedAt: null },
    })
    expect(texts(w)).toEqual(['late'])
  })

  test.each(['keep-both', 'manual'] as const)('the original was purged (%s): that ended the conflict', (policy) => {
    const w = started(policy)
    w.commit(trash('3', w.file, { base: 2 }), purge('4', w.file))
    expect(w.commit(resolve('5', MET, 'mine'))[0]).toMatchObject({ code: 'not-found', facts: { field: 'conflict' } })
    expect(texts(w)).toEqual(policy === 'manual' ? [] : ['late'])
    w.server.collect()
    expect(w.commit(resolve('6', MET, 'mine'))[0]).toMatchObject({ code: 'not-found' })
  })

  test('CF-10 the copy was purged: that ended the conflict', () => {
    const w = started()
    w.commit(trash('3', w.copy, { base: 1 }), purge('4', w.copy))
    expect(w.commit(resolve('5', MET, 'mine'))[0]).toMatchObject({ code: 'not-found' })
    w.server.collect()
    expect(w.commit(resolve('6', MET, 'mine'))[0]).toMatchObject({ code: 'not-found' })
  })

  test('the folder of both is in the trash: a content that only the conflict held comes into one of that name', () => {
    const w = started('manual')
    w.commit(trash('3', w.folder))
    expect(w.commit(resolve('4', MET, 'both'))[0]).toMatchObject({ node: { name: 'f' } })
    expect(w.tree()).toEqual(['d/', 'd/f'])
  })

  test('the copy is in the trash: mine is what it held when the two met', () => {
    const w = started()
    w.commit(trash('3', w.copy, { base: 1 }))
    expect(w.commit(resolve('4', MET, 'mine'))[0]).toMatchObject({ node: { contentRevision: 3, sha256: hash('late') } })
  })

  test('I21 the original holds those bytes already: no version', () => {
    const w = started()
    w.commit(write('3', { node: w.file }, 2, 'late'))
    expect(w.commit(resolve('4', MET, 'mine', 3))[0]).toMatchObject({ node: { contentRevision: 3 } })
    expect(texts(w)).toEqual(['late'])
  })

  test('UP-19 damaged bytes become nobody’s version', () => {
    const w = started()
    w.damage(w.copy)
    expect(w.commit(resolve('3', MET, 'mine'))[0]).toMatchObject({ code: 'chunk-unavailable' })
    expect(texts(w)).toEqual(['late', 'two'])
    expect(w.server.conflict(MET)?.resolution).toBeNull()
  })

  test('two of different kinds: one of them, or both, but never one as a version of the other', () => {
    const w = started()
    w.commit(symlink('3', { node: w.file }, 2, 'elsewhere'))
    expect(w.commit(resolve('4', '3', 'mine'))[0]).toMatchObject({ code: 'not-a-file', facts: { field: 'choice' } })
    expect(w.commit(resolve('5', '3', 'theirs'))[0]).toMatchObject({ outcome: 'applied' })
  })
})

test('T11 a conflict of a space that is not yours answers like an unknown one; a reader may not', () => {
  const w = started()
  w.setRoles({}, BEN.userId)
  const [hidden, unknown] = w.commit(by(BEN, resolve('3', MET, 'mine')), by(BEN, resolve('4', 'never', 'mine')))
  expect(hidden).toMatchObject({ code: 'not-found', facts: { field: 'conflict' } })
  expect(unknown).toEqual(hidden)
  w.setRoles({ [w.space]: 'reader' }, BEN.userId)
  expect(w.commit(by(BEN, resolve('5', MET, 'mine')))[0]).toMatchObject({ code: 'forbidden' })
  w.revoke()
  expect(w.commit(resolve('6', MET, 'mine'), labelVersion('7', w.file, 1, 'x'))).toMatchObject([
    { code: 'session-revoked' },
    { code: 'session-revoked' },
  ])
})
