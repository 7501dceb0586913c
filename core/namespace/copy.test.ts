import { describe, expect, test } from 'vitest'
import { BEN, by, copy, mkdir, trash, world, write } from '../../test/support/namespace-world.ts'
import type { MutationId, NodeId, SpaceId } from '../ids.ts'
import { COPY_MAX_NODES } from './model.ts'
import { MAX_DEPTH } from './rules.ts'

type World = ReturnType<typeof world>

const rejected = (code: string, facts: object = {}) => ({
  outcome: 'rejected',
  code,
  facts: expect.objectContaining(facts),
})

/** `D/`, `D/sub/`, `D/sub/f` with two versions, `E/`. */
function planted(): World & { d: NodeId; e: NodeId; f: NodeId } {
  const w = world()
  w.commit(mkdir('d', w.root, 'D'), mkdir('e', w.root, 'E'))
  w.commit(mkdir('sub', w.at('D').id, 'sub'))
  w.commit(write('f1', { parent: w.at('D/sub').id, name: 'f' }, 0, 'one'))
  w.commit({ ...write('f2', { node: w.at('D/sub/f').id }, 1, 'two'), mtimeNs: '1234567890', executable: true })
  return { ...w, d: w.at('D').id, e: w.at('E').id, f: w.at('D/sub/f').id }
}

describe('a file', () => {
  test('a new node that refers to the same content: no byte is read or written', () => {
    const w = planted()
    const { outcomes, effects } = w.server.transact([copy('1', w.f, w.e, 'copy')])
    expect(outcomes).toMatchObject([{ outcome: 'applied', node: { contentRevision: 1, placementRevision: 1 } }])
    expect(effects.versions).toMatchObject([{ content: 'f2', revision: 1, baseRevision: 0, conflictOf: null }])
    expect([effects.contents, effects.chunks, effects.reused, effects.contentChunks]).toEqual([[], [], [], []])
    expect(effects.journal).toMatchObject([{ kind: 'created', writtenBytes: 0 }])
    const [original, made] = [w.server.node(w.f)!, w.at('E/copy')]
    for (const key of ['sha256', 'size', 'contentId', 'codec', 'mtimeNs', 'executable'] as const)
      expect(made[key]).toBe(original[key])
    expect(made.id).not.toBe(w.f)
  })

  test('an old version; one that there is not', () => {
    const w = planted()
    w.commit(copy('1', w.f, w.e, 'old', { revision: 1 }))
    expect(w.server.text(w.at('E/old').id)).toBe('one')
    expect(w.at('E/old').executable).toBe(false)
    expect(w.commit(copy('2', w.f, w.e, 'none', { revision: 9 }))[0]).toMatchObject(
      rejected('not-found', { field: 'revision' }),
    )
  })

  test('what the same batch has just written is copied as it is then', () => {
    const w = planted()
    w.commit(write('f3', { node: w.f }, 2, 'three'), copy('1', w.f, w.e, 'copy'))
    expect(w.server.text(w.at('E/copy').id)).toBe('three')
  })

  test('the copy and the original go their own ways', () => {
    const w = planted()
    w.commit(copy('1', w.f, w.e, 'copy'))
    const made = w.at('E/copy').id
    w.commit(write('2', { node: made }, 1, 'of the copy'), write('3', { node: w.f }, 2, 'of the original'))
    expect([w.server.text(made), w.server.text(w.f)]).toEqual(['of the copy', 'of the original'])
  })

  test('bytes that are damaged are not copied', () => {
    const w = planted()
    w.damage(w.f)
    expect(w.commit(copy('1', w.f, w.e, 'copy'))[0]).toMatchObject(rejected('chunk-unavailable'))
  })
})

describe('a folder', () => {
  test('everything below it, each after its parent; the source stays as it is', () => {
    const w = planted()
    const before = w.server.node(w.d)
    const { effects } = w.server.transact([copy('1', w.d, w.e, 'D')])
    expect(w.tree()).toEqual(['D/', 'D/sub/', 'D/sub/f', 'E/', 'E/D/', 'E/D/sub/', 'E/D/sub/f'])
    expect(effects.journal.map(({ node }) => node.name)).toEqual(['D', 'sub', 'f'])
    expect(w.server.text(w.at('E/D/sub/f').id)).toBe('two')
    expect(w.server.node(w.d)).toEqual(before)
  })

  test('properties and policies come along, the history does not', () => {
    const w = planted()
    const set = { ...copy('1', w.d, w.d, ''), kind: 'set-attributes', properties: { a: '1' } } as const
    w.commit({ ...set, conflictPolicy: 'newest-wins' }, copy('2', w.d, w.e, 'D'))
    expect(w.at('E/D')).toMatchObject({ properties: { a: '1' }, conflictPolicy: 'newest-wins', contentRevision: 0 })
    expect(w.at('E/D/sub/f').contentRevision).toBe(1)
  })

  test('not what is in the trash', () => {
    const w = planted()
    w.commit(trash('1', w.f), copy('2', w.d, w.e, 'D'))
    expect(w.tree()).toEqual(['D/', 'D/sub/', 'E/', 'E/D/', 'E/D/sub/'])
    expect(w.commit(copy('3', w.f, w.e, 'f'))[0]).toMatchObject(rejected('in-trash'))
  })

  test('I7 a folder is not copied into itself, nor below itself; beside itself it is', () => {
    const w = planted()
    expect(
      w.commit(
        copy('1', w.d, w.d, 'D'),
        copy('2', w.d, w.at('D/sub').id, 'D'),
        copy('3', w.root, w.e, 'all'),
        copy('4', w.d, w.root, 'D', { ifExists: 'keep-both' }),
      ),
    ).toMatchObject([
      rejected('would-cycle'),
      rejected('would-cycle'),
      rejected('forbidden'),
      { outcome: 'applied', notice: 'renamed', node: { name: 'D (2)' } },
    ])
  })

  test('it has no versions', () => {
    const w = planted()
    expect(w.commit(copy('1', w.d, w.e, 'D', { revision: 1 }))[0]).toMatchObject(rejected('not-a-file'))
  })

  test('the bound: as many nodes as it says, and not one more; nothing is half done', () => {
    const w = planted()
    w.commit(...Array.from({ length: COPY_MAX_NODES - 1 }, (_, i) => mkdir(`${i}`, w.e, `child ${i}`)))
    expect(w.commit(copy('fits', w.e, w.d, 'E'))[0]).toMatchObject({ outcome: 'applied' })
    w.commit(mkdir('one more', w.e, 'one more'))
    const head = w.server.state.seq
    expect(w.commit(copy('too large', w.e, w.root, 'F'))[0]).toMatchObject(rejected('too-large'))
    expect(w.server.state.seq).toBe(head)
  })

  test('SC-04 no deeper than the bound: what it carries along counts', () => {
    const w = planted()
    let parent = w.e
    for (let level = 2; level < MAX_DEPTH; level++) {
      const [made] = w.commit(mkdir(`level ${level}`, parent, 'x'))
      parent = made!.outcome === 'applied' ? made!.node.id : parent
    }
    expect(w.commit(copy('1', w.d, parent, 'D'))[0]).toMatchObject(rejected('too-large'))
    expect(w.commit(copy('2', w.at('D/sub').id, parent, 'sub'))[0]).toMatchObject({ outcome: 'applied' })
    expect(w.commit(copy('3', w.f, parent, 'f'))[0]).toMatchObject({ outcome: 'applied' })
  })
})

describe('names and rights', () => {
  test('the name is taken: refused, or a number behind it', () => {
    const w = planted()
    expect(w.commit(copy('1', w.f, w.at('D/sub').id, 'f'))[0]).toMatchObject(rejected('name-taken', { node: w.f }))
    const twice = ['2', '3'].map((id) => copy(id, w.f, w.at('D/sub').id, 'f', { ifExists: 'keep-both' }))
    expect(w.commit(...twice)).toMatchObject([{ node: { name: 'f (2)' } }, { node: { name: 'f (3)' } }])
  })

  test('I15 from a space that one may read into one that one may write to, and not the other way', () => {
    const w = planted()
    const other = w.addOtherSpace()
    w.setRoles({ [w.space]: 'reader', [w.otherSpace]: 'writer' }, BEN.userId)
    expect(w.commit(by(BEN, copy('1', w.d, other, 'D')), by(BEN, copy('2', w.f, w.e, 'f')))).toMatchObject([
      { outcome: 'applied', node: { spaceId: 'other space' as SpaceId } },
      rejected('forbidden', { field: 'to/parent' }),
    ])
    w.setRoles({ [w.otherSpace]: 'writer' }, BEN.userId)
    expect(w.commit(by(BEN, copy('3', w.d, other, 'E')))[0]).toMatchObject(rejected('not-found', { field: 'node' }))
  })

  test('a whole space into another; into what the same batch makes', () => {
    const w = planted()
    const other = w.addOtherSpace()
    const made = mkdir('1', other, 'made')
    w.commit(made, copy('2', w.root, { madeBy: '1' as MutationId }, 'all'))
    expect(w.server.tree(other)).toContain('made/all/D/sub/f')
  })
})
