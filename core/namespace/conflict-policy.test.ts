import { describe, expect, test } from 'vitest'
import { setPolicy, symlink } from '../../test/support/content-mutations.ts'
import { BEN, by, hash, mkdir, move, world, write } from '../../test/support/namespace-world.ts'
import type { MutationId } from '../ids.ts'
import type { ConflictPolicy } from './model.ts'

const LATE = 'late' as MutationId

/** `d/e/f` at version 2, written by Anna; `d` has the policy. */
function started(policy: ConflictPolicy) {
  const w = world()
  w.commit(mkdir('d', w.root, 'd'))
  w.commit(mkdir('e', w.at('d').id, 'e'), setPolicy('policy', w.at('d').id, policy))
  const folder = w.at('d/e').id
  w.commit(write('1', { parent: folder, name: 'f' }, 0, 'one'), write('2', { parent: folder, name: 'f' }, 1, 'two'))
  const file = w.at('d/e/f').id
  const late = by(BEN, { ...write(LATE, { node: file }, 1, 'late'), mtimeNs: '7', executable: true })
  return { ...w, folder, file, late }
}

const row = {
  baseRevision: 1,
  theirRevision: 2,
  content: LATE,
  nodeKind: 'file',
  mtimeNs: '7',
  executable: true,
  userId: BEN.userId,
  device: "Ben's desk",
}

describe('CF-5 CS-41 the nearest folder above that has a policy says what a stale write becomes', () => {
  test('CF-12 keep-both: a conflicted copy, and a conflict that waits for somebody', () => {
    const w = started('keep-both')
    const [outcome] = w.commit(w.late)
    expect(outcome).toMatchObject({ outcome: 'conflict', original: w.file, node: { parentId: w.folder } })
    expect(w.children(w.folder).map(({ id }) => w.server.text(id))).toEqual(['two', 'late'])
    const copy = w.children(w.folder)[1]!.id
    expect(w.server.conflict(LATE)).toMatchObject({ ...row, original: w.file, copy, resolution: null })
    expect(w.server.state.versions.get(`${copy} 1`)).toMatchObject({ conflictOf: w.file, baseRevision: 1 })
  })

  test('newest-wins: the next version; what was there is an older one', () => {
    const w = started('newest-wins')
    expect(w.commit(w.late)[0]).toMatchObject({
      outcome: 'applied',
      node: { id: w.file, contentRevision: 3, sha256: hash('late') },
    })
    expect([1, 2, 3].map((revision) => w.server.text(w.file, revision))).toEqual(['one', 'two', 'late'])
    expect(w.children(w.folder).length).toBe(1)
    expect(w.server.conflict(LATE)).toMatchObject({ ...row, copy: null, resolution: 'newest-wins' })
  })

  test('manual: the file stays as it is, the conflict holds the content', () => {
    const w = started('manual')
    const before = w.server.node(w.file)!
    const { outcomes, effects } = w.server.transact([w.late])
    const told = { ...before, changedAt: expect.any(Number), changedSeq: before.changedSeq + 1 }
    expect(outcomes[0]).toEqual({ outcome: 'conflict', seq: told.changedSeq, node: told, original: w.file })
    // I10: an entry tells all devices that somebody has to choose.
    expect(effects.journal).toMatchObject([{ kind: 'updated', node: told }])
    // What is held counts as written, though it is no version.
    expect(effects.contents).toMatchObject([{ id: LATE, size: effects.journal[0]!.writtenBytes }])
    expect(w.server.conflict(LATE)).toMatchObject({ ...row, copy: null, resolution: null })
    expect(w.children(w.folder)).toEqual([told])
    // I11: the first answer again, and nothing is held twice.
    expect(w.commit(w.late)).toEqual(outcomes)
    expect(w.server.state.conflicts.size).toBe(1)
  })

  test('the nearer folder counts, `null` asks the one above, and a file that moves comes under the policy of its new place', () => {
    const w = started('manual')
    w.commit(setPolicy('nearer', w.folder, 'newest-wins'))
    expect(w.commit(w.late)[0]).toMatchObject({ outcome: 'applied', node: { contentRevision: 3 } })
    w.commit(setPolicy('none', w.folder, null))
    expect(w.commit(write('4', { node: w.file }, 1, 'four'))[0]).toMatchObject({ node: { id: w.file } })
    w.commit(move('5', w.file, w.root, 'f'))
    expect(w.commit(write('6', { node: w.file }, 1, 'six'))[0]).toMatchObject({
      outcome: 'conflict',
      node: { name: expect.stringContaining('conflicted copy') },
    })
  })

  test.each(['keep-both', 'newest-wins', 'manual'] as const)(
    'EE-11, I24 under %s the bytes of everybody stay, in the order in which they came',
    (policy) => {
      const w = started(policy)
      const texts = ['a', 'b', 'c', 'd']
      w.commit(...texts.map((text) => by(BEN, write(`late ${text}`, { node: w.file }, 1, text))))
      const { contents } = w.server.state
      const kept = [
        ...[...w.server.state.versions.values()].map(({ content }) => content),
        ...[...w.server.state.conflicts.values()].map(({ content }) => content),
      ]
      for (const text of texts)
        expect(kept.some((id) => contents.get(id)?.inline === Buffer.from(text).toString('base64'))).toBe(true)
      if (policy === 'newest-wins') expect([3, 4, 5, 6].map((at) => w.server.text(w.file, at))).toEqual(texts)
    },
  )

  test.each(['newest-wins', 'manual'] as const)(
    'TC-02 under %s, too, another kind of thing is put beside',
    (policy) => {
      const w = started(policy)
      w.commit(mkdir('g', w.folder, 'g'))
      const target = { parent: w.folder, name: 'g' }
      expect(w.commit(write('3', target, 0, 'file'), symlink('4', { node: w.file }, 1, 'x'))).toMatchObject([
        { outcome: 'conflict', original: w.at('d/e/g').id, node: { kind: 'file' } },
        { outcome: 'conflict', original: w.file, node: { kind: 'symlink' } },
      ])
    },
  )

  test.each(['newest-wins', 'manual'] as const)(
    'CR-02 under %s two creators of one name meet as two editors do',
    (policy) => {
      const w = started(policy)
      const target = { parent: w.folder, name: 'new' }
      const outcomes = w.commit(write('3', target, 0, 'first'), by(BEN, write(LATE, target, 0, 'second')))
      expect(outcomes[1]).toMatchObject(
        policy === 'manual'
          ? { outcome: 'conflict', node: { sha256: hash('first') } }
          : { outcome: 'applied', node: { contentRevision: 2, sha256: hash('second') } },
      )
      expect(w.server.conflict(LATE)).toMatchObject({ baseRevision: 0, theirRevision: 1 })
    },
  )
})
