import { describe, expect, test } from 'vitest'
import { setAttributes, symlink } from '../../test/support/content-mutations.ts'
import { BEN, by, hash, mkdir, move, purge, trash, world, write } from '../../test/support/namespace-world.ts'
import type { MutationId } from '../ids.ts'
import type { WriteFile } from './model.ts'

describe('symlinks', () => {
  test.each(['a', '../../etc/passwd', '/', 'Ünïcode/𝄞', 'line\nbreak', 'é'.repeat(2_048)])(
    'LK-02 %j is kept as it is, and never followed',
    (target) => {
      const w = world()
      expect(w.commit(symlink('1', { parent: w.root, name: 'l' }, 0, target))[0]).toMatchObject({
        outcome: 'applied',
        node: { kind: 'symlink', linkTarget: target, executable: false, contentRevision: 1 },
      })
      expect(w.server.text(w.at('l').id)).toBe(target)
    },
  )

  const withBytes = (base64: string, size: number): WriteFile => {
    const link = symlink('1', { parent: world().root, name: 'l' }, 0, 'x')
    return { ...link, content: { ...link.content, held: 'inline', inline: base64, size } }
  }

  test.each([
    ['no target', withBytes('', 0)],
    ['a NUL', withBytes(Buffer.from('a\0b').toString('base64'), 3)],
    ['bytes that are no UTF-8', withBytes(Buffer.from([0xc3]).toString('base64'), 1)],
    ['no base64', withBytes('****', 3)],
  ])('%s is refused', (_, link) => {
    const w = world()
    expect(w.commit(link)[0]).toMatchObject({
      outcome: 'rejected',
      code: 'invalid-request',
      facts: { field: 'content/inline' },
    })
    expect(w.journal.length).toBe(0)
  })

  test('a target that is not inline, or of more than 4,096 bytes, is refused', () => {
    const w = world()
    const { content, ...link } = symlink('1', { parent: w.root, name: 'l' }, 0, 'x')
    const { contentId, sha256 } = content
    const chunks = [{ sha256: hash('x'), size: 1, plain: 1 }]
    expect(
      w.commit({ ...link, content: { codec: 'raw', size: 1, sha256, contentId, held: 'chunks', chunks } })[0],
    ).toMatchObject({ code: 'invalid-request' })
    expect(w.commit(symlink('2', { parent: w.root, name: 'l' }, 0, 'a'.repeat(4_097)))[0]).toMatchObject({
      code: 'content-mismatch',
    })
  })

  test('a new target is a version; a stale one a conflicted copy, and a symlink too', () => {
    const w = world()
    const target = { parent: w.root, name: 'l' }
    const outcomes = w.commit(symlink('1', target, 0, 'a'), symlink('2', target, 1, 'b'), symlink('3', target, 1, 'c'))
    expect(outcomes).toMatchObject([
      { node: { linkTarget: 'a' } },
      { outcome: 'applied', node: { linkTarget: 'b', contentRevision: 2 } },
      { outcome: 'conflict', node: { kind: 'symlink', linkTarget: 'c' } },
    ])
    expect(w.server.conflict('3' as MutationId)).toMatchObject({ nodeKind: 'symlink', theirRevision: 2 })
  })

  test('TC-05 CF-6 a file is no version of a symlink, nor a symlink of a file, not even with the same bytes', () => {
    const w = world()
    w.commit(symlink('1', { parent: w.root, name: 'l' }, 0, 'a'), write('2', { parent: w.root, name: 'f' }, 0, 'a'))
    const [link, file] = [w.at('l').id, w.at('f').id]
    expect(w.commit(write('3', { node: link }, 1, 'a'), symlink('4', { node: file }, 1, 'a'))).toMatchObject([
      { outcome: 'conflict', original: link, node: { kind: 'file', linkTarget: null } },
      { outcome: 'conflict', original: file, node: { kind: 'symlink', linkTarget: 'a' } },
    ])
  })
})

test('the file of an earlier entry of the same push goes into the folder that another made', () => {
  const w = world()
  const inside: WriteFile['target'] = { parent: { madeBy: 'mk' as MutationId }, name: 'f' }
  const [, file] = w.commit(mkdir('mk', w.root, 'd'), write('1', inside, 0, 'text'))
  expect(file).toMatchObject({ outcome: 'applied', node: { parentId: w.at('d').id } })
  expect(w.commit(write('2', { parent: { madeBy: 'never' as MutationId }, name: 'f' }, 0, 'text'))[0]).toMatchObject({
    code: 'not-found',
    facts: { field: 'target/parent' },
  })
})

describe('P3 edit beats delete', () => {
  function started() {
    const w = world()
    w.commit(mkdir('d', w.root, 'd'), mkdir('e', w.root, 'e'))
    const [d, e] = [w.at('d').id, w.at('e').id]
    w.commit(write('f', { parent: d, name: 'f' }, 0, 'one'))
    return { ...w, d, e, file: w.at('d/f').id }
  }

  test('ED-01 deleted, then edited by who had not seen the delete: it lives with those bytes, under its id', () => {
    const w = started()
    w.commit(trash('1', w.file, { base: 1 }))
    const { outcomes, effects } = w.server.transact([by(BEN, write('2', { node: w.file }, 1, 'two'))])
    expect(outcomes[0]).toMatchObject({
      outcome: 'applied',
      notice: 'revived',
      node: { id: w.file, name: 'f', parentId: w.d, contentRevision: 2, trashedAt: null, trashedBy: null },
    })
    expect(effects.journal).toMatchObject([{ kind: 'restored', writtenBytes: 3 }])
    expect([w.server.text(w.file, 1), w.server.text(w.file)]).toEqual(['one', 'two'])
    expect(w.tree()).toEqual(['d/', 'd/f', 'e/'])
    expect(w.server.node(w.file)?.placementRevision).toBe(1)
  })

  test('ED-08 renamed and deleted meanwhile: it lives under the name that it had last', () => {
    const w = started()
    w.commit(move('1', w.file, w.d, 'g'), trash('2', w.file, { base: 1 }), write('3', { node: w.file }, 1, 'two'))
    expect(w.tree()).toEqual(['d/', 'd/g', 'e/'])
    expect(w.server.text(w.at('d/g').id)).toBe('two')
  })

  test('its folder was deleted too: it lives in one of that name, and the rest stays in the trash', () => {
    const w = started()
    w.commit(write('1', { parent: w.d, name: 'other' }, 0, 'other'), trash('2', w.d))
    expect(w.commit(write('3', { node: w.file }, 1, 'two'))[0]).toMatchObject({
      outcome: 'applied',
      notice: 'revived',
      node: { id: w.file, placementRevision: 2 },
    })
    expect(w.tree()).toEqual(['d/', 'd/f', 'e/'])
    expect(w.at('d').id).not.toBe(w.d)
    expect(w.server.node(w.d)?.trashedAt).not.toBeNull()
    // The next one finds the folder that the first made.
    const other = [...w.nodes.values()].find(({ name }) => name === 'other')!
    w.commit(write('4', { node: other.id }, 1, 'edited'))
    expect(w.tree()).toEqual(['d/', 'd/f', 'd/other', 'e/'])
  })

  test('many levels were deleted: as many as are wanted are made', () => {
    const w = started()
    w.commit(mkdir('x', w.d, 'x'))
    w.commit(mkdir('y', w.at('d/x').id, 'y'))
    w.commit(write('z', { parent: w.at('d/x/y').id, name: 'z' }, 0, 'one'))
    const deep = w.at('d/x/y/z').id
    w.commit(trash('1', w.at('d/x').id), trash('2', w.d))
    w.commit(write('3', { node: deep }, 1, 'two'))
    expect(w.tree()).toEqual(['d/', 'd/x/', 'd/x/y/', 'd/x/y/z', 'e/'])
    expect(w.at('d/x/y/z').id).toBe(deep)
  })

  test('its name was taken meanwhile: it has that of a conflicted copy', () => {
    const w = started()
    w.commit(trash('1', w.file, { base: 1 }), write('2', { parent: w.d, name: 'f' }, 0, 'new'))
    expect(w.commit(write('3', { node: w.file }, 1, 'two'))[0]).toMatchObject({
      outcome: 'applied',
      notice: 'revived',
      node: { id: w.file, name: expect.stringMatching(/^f \(conflicted copy from Anna's laptop, .*\)$/) },
    })
    expect(w.server.text(w.at('d/f').id)).toBe('new')
  })

  test('changed, deleted, then edited from before the change: the change stays in the trash, the edit is a file in its place', () => {
    const w = started()
    w.commit(write('1', { node: w.file }, 1, 'two'), trash('2', w.file, { base: 2 }))
    const late = w.commit(by(BEN, write('3', { node: w.file }, 1, 'late')))[0]
    expect(late).toMatchObject({ outcome: 'conflict', original: w.file, node: { name: 'f', parentId: w.d } })
    expect(w.server.text(w.at('d/f').id)).toBe('late')
    expect(w.server.isLive(w.file)).toBe(false)
    expect(w.server.text(w.file)).toBe('two')
    const again = w.commit(by(BEN, write('4', { node: w.file }, 1, 'later')))[0]
    expect(again).toMatchObject({ outcome: 'conflict', node: { name: expect.stringContaining('conflicted copy') } })
  })

  test('the bytes that it has bring it back without a version', () => {
    const w = started()
    w.commit(trash('1', w.file, { base: 1 }))
    expect(w.commit(write('2', { node: w.file }, 0, 'one'))[0]).toMatchObject({
      outcome: 'applied',
      notice: 'revived',
      node: { id: w.file, contentRevision: 1 },
    })
    expect(w.server.isLive(w.file)).toBe(true)
  })

  test('by its path: an edit brings it back, what is new has to find a folder (FD-02)', () => {
    const w = started()
    w.commit(trash('1', w.d))
    expect(w.commit(write('2', { parent: w.d, name: 'new' }, 0, 'new'))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'in-trash',
      facts: { field: 'target/parent', trashed: w.d },
    })
    expect(w.commit(write('3', { parent: w.d, name: 'f' }, 0, 'new'))[0]).toMatchObject({ code: 'in-trash' })
    expect(w.commit(write('4', { parent: w.d, name: 'f' }, 1, 'two'))[0]).toMatchObject({ notice: 'revived' })
    expect(w.tree()).toEqual(['d/', 'd/f', 'e/'])
  })

  test('RFC 9110 what is in the trash matches no entity tag', () => {
    const w = started()
    w.commit(trash('1', w.file, { base: 1 }))
    const edit = write('2', { node: w.file }, 1, 'two')
    expect(w.commit({ ...edit, precondition: { ifMatch: '*' } })[0]).toMatchObject({ code: 'precondition-failed' })
    expect(w.server.isLive(w.file)).toBe(false)
  })

  test('CF-7 what was purged does not come back', () => {
    const w = started()
    w.commit(trash('1', w.file, { base: 1 }), purge('2', w.file))
    expect(w.commit(write('3', { node: w.file }, 1, 'two'))[0]).toMatchObject({ code: 'not-found' })
    w.commit(write('4', { parent: w.d, name: 'g' }, 0, 'one'))
    const inside = w.at('d/g').id
    w.commit(trash('5', w.d), purge('6', w.d))
    expect(w.commit(write('7', { node: inside }, 1, 'two'))[0]).toMatchObject({ code: 'not-found' })
    expect(w.commit(write('8', { parent: w.d, name: 'g' }, 1, 'two'))[0]).toMatchObject({ code: 'not-found' })
    expect(w.tree()).toEqual(['e/'])
  })

  test('deleted by itself, then its folder for good: an edit brings it into the nearest folder that is left', () => {
    const w = started()
    w.commit(trash('1', w.file, { base: 1 }), trash('2', w.d), purge('3', w.d))
    w.commit(write('4', { node: w.file }, 1, 'two'))
    expect(w.tree()).toEqual(['e/', 'f'])
    expect(w.at('f').id).toBe(w.file)
  })

  test('EE-08 the last of three saves and the edit of another both live', () => {
    const w = started()
    w.commit(write('1', { node: w.file }, 1, 'v2'), write('2', { node: w.file }, 2, 'v3'))
    expect(w.commit(by(BEN, write('3', { node: w.file }, 1, 'x')))[0]).toMatchObject({ outcome: 'conflict' })
    expect(w.server.text(w.file)).toBe('v3')
    expect(w.children(w.d).map(({ id }) => w.server.text(id))).toEqual(['v3', 'x'])
  })

  test('CF-1 an edit and a change of attributes never conflict', () => {
    const w = started()
    w.commit(setAttributes('1', w.file, { properties: { a: '1' } }))
    expect(w.commit(by(BEN, write('2', { node: w.file }, 1, 'two')))[0]).toMatchObject({
      outcome: 'applied',
      node: { properties: { a: '1' }, contentRevision: 2 },
    })
  })
})
