import { describe, expect, test } from 'vitest'
import { deepFolders } from '../../test/support/deep-folders.ts'
import { BEN, by, mkdir, move, purge, restore, trash, world, write } from '../../test/support/namespace-world.ts'
import type { NodeId } from '../ids.ts'
import { MAX_DEPTH } from './rules.ts'

type World = ReturnType<typeof world>

const rejected = (code: string, facts: object = {}) => ({
  outcome: 'rejected',
  code,
  facts: expect.objectContaining(facts),
})

/** `D/`, `D/sub/`, `D/sub/f`. */
function planted(): World & { d: NodeId; sub: NodeId; f: NodeId } {
  const w = world()
  w.commit(mkdir('d', w.root, 'D'))
  w.commit(mkdir('sub', w.at('D').id, 'sub'))
  w.commit(write('f', { parent: w.at('D/sub').id, name: 'f' }, 0, 'f'))
  return { ...w, d: w.at('D').id, sub: w.at('D/sub').id, f: w.at('D/sub/f').id }
}

describe('to its place', () => {
  test('MD-07 a folder comes back as the unit that it was: one row, one entry, the same ids', () => {
    const w = planted()
    const before = w.tree()
    w.commit(trash('1', w.d))
    const { outcomes, effects } = w.server.transact([restore('2', w.d)])
    expect(outcomes).toMatchObject([{ outcome: 'applied', node: { id: w.d, trashedAt: null, placementRevision: 1 } }])
    expect(outcomes[0]).not.toHaveProperty('notice')
    expect(effects.journal.map(({ kind }) => kind)).toEqual(['restored'])
    expect(w.tree()).toEqual(before)
    expect(w.server.text(w.f)).toBe('f')
  })

  test('what was in the trash by itself before stays there', () => {
    const w = planted()
    w.commit(trash('1', w.f), trash('2', w.d), restore('3', w.d))
    expect(w.tree()).toEqual(['D/', 'D/sub/'])
    w.commit(restore('4', w.f))
    expect(w.tree()).toEqual(['D/', 'D/sub/', 'D/sub/f'])
  })

  test('CF-9 when its name was taken it has another, and the notice says so', () => {
    const w = planted()
    w.commit(trash('1', w.f), write('2', { parent: w.sub, name: 'f' }, 0, 'other'))
    expect(w.commit(restore('3', w.f))[0]).toMatchObject({
      outcome: 'applied',
      notice: 'renamed',
      node: { id: w.f, name: 'f (2)', placementRevision: 2 },
    })
    expect(w.server.text(w.f)).toBe('f')
  })

  test('restored twice, or never deleted: no change', () => {
    const w = planted()
    const head = w.server.state.seq
    expect(w.commit(restore('1', w.f))[0]).toMatchObject({ outcome: 'applied', node: { id: w.f } })
    expect(w.server.state.seq).toBe(head)
  })

  test('P4 what came back counts as having come: a folder delete that had not seen it leaves it', () => {
    const w = planted()
    w.commit(trash('1', w.f))
    const seen = w.server.state.seq
    w.commit(by(BEN, restore('2', w.f)), trash('3', w.d, { seen }))
    expect(w.tree()).toEqual(['D/', 'D/sub/', 'D/sub/f'])
  })
})

describe('its folder is no more', () => {
  test('CF-9 into the nearest folder above that lives, with a notice', () => {
    const w = planted()
    w.commit(trash('1', w.f), trash('2', w.sub))
    expect(w.commit(restore('3', w.f))[0]).toMatchObject({
      outcome: 'applied',
      notice: 'parent-gone',
      node: { parentId: w.d, placementRevision: 2 },
    })
    expect(w.tree()).toEqual(['D/', 'D/f'])
  })

  test('two folders above it are in the trash, each by itself: above both', () => {
    const w = planted()
    w.commit(trash('1', w.f), trash('2', w.sub), trash('3', w.d), restore('4', w.f))
    expect(w.tree()).toEqual(['f'])
  })

  test('one thing out of a unit; the unit stays', () => {
    const w = planted()
    w.commit(trash('1', w.d))
    expect(w.commit(restore('2', w.f))[0]).toMatchObject({ notice: 'parent-gone', node: { parentId: w.root } })
    w.commit(restore('3', w.d))
    expect(w.tree()).toEqual(['D/', 'D/sub/', 'f'])
  })

  test.each(['before', 'after'])('it was purged, and the collector comes %s the restore', (when) => {
    const w = planted()
    w.commit(trash('1', w.f), trash('2', w.d), purge('3', w.d))
    if (when === 'before') w.server.collect()
    // FD-12: with the purge its place is in the folder above.
    const [outcome] = w.commit(restore('4', w.f))
    expect(outcome).toEqual({ outcome: 'applied', seq: 7, node: w.server.node(w.f) })
    expect(outcome).toMatchObject({ node: { parentId: w.root, placementRevision: 1 } })
    if (when === 'after') w.server.collect()
    expect(w.tree()).toEqual(['f'])
    expect(w.server.text(w.f)).toBe('f')
  })

  test('the name is taken there: another, under one notice', () => {
    const w = planted()
    w.commit(write('1', { parent: w.d, name: 'f' }, 0, 'other'), trash('2', w.sub))
    expect(w.commit(restore('3', w.f))[0]).toMatchObject({ notice: 'parent-gone', node: { name: 'f (2)' } })
  })
})

describe('to a place that was asked for', () => {
  test('there, under the name that was asked for, without a notice', () => {
    const w = planted()
    w.commit(trash('1', w.f))
    const [outcome] = w.commit(restore('2', w.f, { parent: w.root, name: 'here' }))
    expect(outcome).toEqual({ outcome: 'applied', seq: 5, node: w.at('here') })
  })

  test('SC-04 a folder goes no deeper than the bound there, a file does', () => {
    const w = planted()
    const [lowest] = deepFolders(w, MAX_DEPTH)
    w.commit(trash('1', w.f), trash('2', w.d))
    expect(w.commit(restore('3', w.d, { parent: lowest, name: 'D' }))[0]).toMatchObject(rejected('too-large'))
    expect(w.commit(restore('4', w.f, { parent: lowest, name: 'f' }))[0]).toMatchObject({ outcome: 'applied' })
  })

  test('the name is taken, the folder dead, a file or itself, the space another: refused', () => {
    const w = planted()
    const other = w.addOtherSpace()
    w.commit(mkdir('1', w.root, 'E'), write('2', { parent: w.root, name: 'g' }, 0, 'g'), trash('3', w.d))
    const to = (parent: NodeId, name = 'x') => ({ parent, name })
    expect(
      w.commit(
        restore('4', w.d, to(w.root, 'E')),
        restore('5', w.f, to(w.sub)),
        restore('6', w.d, to(w.d)),
        restore('7', w.d, to(w.at('g').id)),
        restore('8', w.d, to(other)),
        restore('9', w.d, to(w.root, 'a/b')),
      ),
    ).toMatchObject([
      rejected('name-taken', { node: w.at('E').id }),
      rejected('in-trash'),
      rejected('in-trash'),
      rejected('not-a-folder'),
      rejected('other-space'),
      rejected('name-invalid'),
    ])
  })
})

test('a move, a delete and a restore in one batch', () => {
  const w = planted()
  w.commit(move('1', w.f, w.root, 'f'), trash('2', w.d), trash('3', w.f), restore('4', w.f), restore('5', w.d))
  expect(w.tree()).toEqual(['D/', 'D/sub/', 'f'])
})

test('who may only read, restores nothing; the root was never deleted', () => {
  const w = planted()
  w.setRoles({ [w.space]: 'reader' }, BEN.userId)
  w.commit(trash('1', w.f))
  expect(w.commit(by(BEN, restore('2', w.f)), restore('3', w.root))).toMatchObject([
    rejected('forbidden'),
    rejected('forbidden'),
  ])
})
