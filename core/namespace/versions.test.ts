import { describe, expect, test } from 'vitest'
import { labelVersion, restoreVersion, setAttributes, symlink } from '../../test/support/content-mutations.ts'
import { hash, mkdir, trash, world, write } from '../../test/support/namespace-world.ts'
import { versionKey } from './model.ts'

/** A file with the versions one, two, three. */
function started() {
  const w = world()
  const target = { parent: w.root, name: 'f' }
  w.commit(
    { ...write('1', target, 0, 'one'), mtimeNs: '11', executable: true },
    write('2', target, 1, 'two'),
    write('3', target, 2, 'three'),
  )
  return { ...w, file: w.at('f').id }
}

describe('I24 restore of version k yields bytes k under the same node id', () => {
  test('as a new version that refers to the same content: no byte is written', () => {
    const w = started()
    const { effects, outcomes } = w.server.transact([restoreVersion('4', w.file, 1, 3)])
    expect(outcomes[0]).toMatchObject({
      outcome: 'applied',
      node: { id: w.file, contentRevision: 4, sha256: hash('one'), size: 3, mtimeNs: '11', executable: true },
    })
    expect(effects).toMatchObject({ contents: [], chunks: [], contentChunks: [] })
    expect(effects.journal).toMatchObject([{ kind: 'updated', writtenBytes: 0 }])
    expect(w.server.state.versions.get(versionKey(w.file, 4))).toMatchObject({ content: '1', baseRevision: 3 })
    expect([1, 2, 3, 4].map((revision) => w.server.text(w.file, revision))).toEqual(['one', 'two', 'three', 'one'])
  })

  test('a symlink points again where it pointed', () => {
    const w = world()
    const target = { parent: w.root, name: 'l' }
    w.commit(symlink('1', target, 0, '../a'), symlink('2', target, 1, '../b'))
    expect(w.commit(restoreVersion('3', w.at('l').id, 1))[0]).toMatchObject({ node: { linkTarget: '../a' } })
  })

  test('I21 CF-4 the present version, or its twin, is there already: no entry, however old the base', () => {
    const w = started()
    expect(w.commit(restoreVersion('4', w.file, 3, 1))[0]).toMatchObject({ outcome: 'applied', seq: 3 })
    w.commit(restoreVersion('5', w.file, 1, 3))
    expect(w.commit(restoreVersion('6', w.file, 1, 3))[0]).toMatchObject({
      outcome: 'applied',
      seq: 4,
      node: { contentRevision: 4 },
    })
    expect(w.journal.length).toBe(4)
  })

  test('twice in one push is decided as one after the other', () => {
    const w = started()
    const outcomes = w.commit(
      setAttributes('4', w.file, { mtimeNs: '5' }),
      restoreVersion('5', w.file, 1, 3),
      restoreVersion('6', w.file, 2, 4),
      write('7', { node: w.file }, 5, 'more'),
      restoreVersion('8', w.file, 6),
    )
    expect(outcomes.map((o) => o.outcome)).toEqual(Array(5).fill('applied'))
    expect(w.server.node(w.file)).toMatchObject({ contentRevision: 6, sha256: hash('more') })
  })

  test('P2 who has not seen the present version is told, and nothing is written', () => {
    const w = started()
    expect(w.commit(restoreVersion('4', w.file, 1, 2))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'version-conflict',
      facts: { field: 'base', node: w.file, contentRevision: 3 },
    })
    expect(w.journal.length).toBe(3)
  })

  test('UP-19 a version whose bytes are damaged does not become the present one; a sound one mends the file', () => {
    const w = started()
    w.damage(w.file)
    expect(w.commit(write('4', { node: w.file }, 3, 'four'))[0]).toMatchObject({ outcome: 'applied' })
    expect(w.commit(restoreVersion('5', w.file, 3, 4))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'chunk-unavailable',
      facts: { field: 'revision' },
    })
    // In all but its bytes the present version is the first one.
    w.commit({ ...write('6', { node: w.file }, 4, 'one'), mtimeNs: '11', executable: true })
    w.damage(w.file)
    const mended = w.commit({ ...restoreVersion('7', w.file, 1, 5) })[0]
    expect(mended).toMatchObject({ outcome: 'applied', node: { contentRevision: 6, sha256: hash('one') } })
  })

  test('only what has versions, and only those that are there', () => {
    const w = started()
    w.commit(mkdir('d', w.root, 'd'))
    expect(w.commit(restoreVersion('4', w.at('d').id, 1))[0]).toMatchObject({ code: 'not-a-file' })
    for (const revision of [4, 100])
      expect(w.commit(restoreVersion(`5 ${revision}`, w.file, revision))[0]).toMatchObject({
        code: 'not-found',
        facts: { field: 'revision' },
      })
    w.commit(trash('6', w.file))
    expect(w.commit(restoreVersion('7', w.file, 1))[0]).toMatchObject({ code: 'in-trash' })
  })
})

describe('P1-04 a version can be given a name', () => {
  const labelOf = (w: ReturnType<typeof started>, revision: number) =>
    w.server.state.versions.get(versionKey(w.file, revision))?.label

  test('and loses it again; nothing else changes', () => {
    const w = started()
    expect(w.commit(labelVersion('4', w.file, 1, 'as sent'))[0]).toMatchObject({ outcome: 'applied', seq: 4 })
    expect(labelOf(w, 1)).toBe('as sent')
    w.commit(labelVersion('5', w.file, 1, null))
    expect(labelOf(w, 1)).toBeNull()
    // I10: an entry for each; the file is as it was.
    expect(w.journal.slice(3)).toMatchObject([{ kind: 'updated' }, { kind: 'updated', node: { contentRevision: 3 } }])
  })

  test.each([['𝄞'.repeat(100)], ['a']])('%j is a label', (label) => {
    const w = started()
    expect(w.commit(labelVersion('4', w.file, 3, label))[0]).toMatchObject({ outcome: 'applied' })
  })

  test.each(['', 'a'.repeat(101), 'a\nb', '\0', '\ud800'])('%j is none', (label) => {
    const w = started()
    expect(w.commit(labelVersion('4', w.file, 1, label))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'invalid-request',
      facts: { field: 'label' },
    })
  })

  test('a version that is not there has no label', () => {
    const w = started()
    expect(w.commit(labelVersion('4', w.file, 9, 'a'))[0]).toMatchObject({ code: 'not-found' })
  })
})
