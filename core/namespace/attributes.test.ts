import { describe, expect, test } from 'vitest'
import { setAttributes, setPolicy, symlink } from '../../test/support/content-mutations.ts'
import { BEN, by, mkdir, trash, world, write } from '../../test/support/namespace-world.ts'
import type { NodeId } from '../ids.ts'

function started() {
  const w = world()
  w.commit(
    mkdir('mk', w.root, 'd'),
    write('wr', { parent: w.root, name: 'f' }, 0, 'bytes'),
    symlink('sy', { parent: w.root, name: 'l' }, 0, '../elsewhere'),
  )
  return { ...w, folder: w.at('d').id, file: w.at('f').id, link: w.at('l').id }
}

describe('PM-01, TM-08 what a file says of itself is kept exactly', () => {
  test.each(['0', '-1', '1700000000123456789', '-62135596800000000001', '9223372036854775807'])(
    'a time of %s ns stays that, on a file, a folder and a symlink',
    (mtimeNs) => {
      const w = started()
      for (const node of [w.file, w.folder, w.link]) {
        expect(w.commit(setAttributes(`set ${node}`, node, { mtimeNs }))[0]).toMatchObject({
          outcome: 'applied',
          node: { id: node, mtimeNs },
        })
        expect(w.server.node(node)?.mtimeNs).toBe(mtimeNs)
      }
      w.commit(setAttributes('unset', w.folder, { mtimeNs: null }))
      expect(w.server.node(w.folder)?.mtimeNs).toBeNull()
    },
  )

  test('only files are executable, only folders have a policy', () => {
    const w = started()
    expect(w.commit(setAttributes('1', w.file, { executable: true }))[0]).toMatchObject({
      outcome: 'applied',
      node: { executable: true, contentRevision: 1 },
    })
    for (const node of [w.folder, w.link]) {
      expect(w.commit(setAttributes(`2 ${node}`, node, { executable: true }))[0]).toMatchObject({
        outcome: 'rejected',
        code: 'not-a-file',
        facts: { field: 'executable' },
      })
    }
    for (const node of [w.file, w.link]) {
      expect(w.commit(setPolicy(`3 ${node}`, node, 'manual'))[0]).toMatchObject({
        outcome: 'rejected',
        code: 'not-a-folder',
        facts: { field: 'conflictPolicy' },
      })
    }
    expect(w.commit(setPolicy('4', w.root, 'manual'), setPolicy('5', w.root, null))).toMatchObject([
      { outcome: 'applied', node: { conflictPolicy: 'manual' } },
      { outcome: 'applied', node: { conflictPolicy: null } },
    ])
  })

  test('I21 what is so already makes no entry, and an edit of attributes no version', () => {
    const w = started()
    w.commit(setAttributes('1', w.file, { mtimeNs: '5', properties: { a: '1', b: '2' } }))
    const before = w.journal.length
    expect(w.commit(setAttributes('2', w.file, { mtimeNs: '5', properties: { b: '2', gone: null } }))[0]).toMatchObject(
      {
        outcome: 'applied',
        seq: before,
      },
    )
    expect(w.commit(setAttributes('3', w.file, {}))[0]).toMatchObject({ outcome: 'applied', seq: before })
    expect(w.journal.length).toBe(before)
    expect(w.server.node(w.file)).toMatchObject({ contentRevision: 1, placementRevision: 1 })
    // Of the root nothing was ever said, and an answer names an entry (I11).
    const asked = setAttributes('4', w.root, { mtimeNs: null })
    const [first] = w.commit(asked)
    expect(first).toMatchObject({ outcome: 'applied', seq: before + 1 })
    expect(w.commit(asked, setAttributes('5', w.root, { mtimeNs: null }))).toMatchObject([first, { seq: before + 1 }])
  })
})

describe('properties', () => {
  test('two people set two properties: both hold; one property: the later holds', () => {
    const w = started()
    w.commit(
      setAttributes('1', w.file, { properties: { colour: 'red', mine: 'anna' } }),
      by(BEN, setAttributes('2', w.file, { properties: { colour: 'blue', his: 'ben' } })),
    )
    expect(w.server.node(w.file)?.properties).toEqual({ colour: 'blue', mine: 'anna', his: 'ben' })
    w.commit(setAttributes('3', w.file, { properties: { colour: null, mine: null, his: null } }))
    expect(w.server.node(w.file)?.properties).toBeNull()
  })

  test('names that are something in JavaScript are names', () => {
    const w = started()
    const properties = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>
    w.commit(setAttributes('1', w.file, { properties }))
    expect(Object.entries(w.server.node(w.file)!.properties!)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
    w.commit(setAttributes('2', w.file, { properties: JSON.parse('{"__proto__":null}') as Record<string, null> }))
    expect(Object.keys(w.server.node(w.file)!.properties!)).toEqual(['constructor'])
  })

  const many = (count: number, value: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`key ${at}`, value]))

  test.each([
    ['64 properties', many(64, 'v')],
    ['a key of 128 bytes', { ['é'.repeat(64)]: 'v' }],
    ['a value of 1,024 bytes', { key: 'é'.repeat(512) }],
    ['an empty value', { key: '' }],
    ['15 values of 1,024 bytes', many(15, 'v'.repeat(1_024))],
  ])('%s fit', (_, properties) => {
    const w = started()
    expect(w.commit(setAttributes('1', w.link, { properties }))[0]).toMatchObject({ node: { properties } })
  })

  test.each([
    ['65 properties', many(65, 'v')],
    ['a key of 130 bytes', { ['é'.repeat(65)]: 'v' }],
    ['a value of 1,026 bytes', { key: 'é'.repeat(513) }],
    ['no name', { '': 'v' }],
    ['a NUL in a name', { 'a\0': 'v' }],
    ['a NUL in a value', { a: '\0' }],
    ['half a character', { a: '\ud800' }],
    ['more than 16 KiB together', many(16, 'v'.repeat(1_024))],
  ])('%s are refused, and nothing changes', (_, properties) => {
    const w = started()
    w.commit(setAttributes('0', w.file, { properties: { kept: 'yes' } }))
    expect(w.commit(setAttributes('1', w.file, { mtimeNs: '7', properties }))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'invalid-request',
      facts: { field: 'properties' },
    })
    expect(w.server.node(w.file)).toMatchObject({ properties: { kept: 'yes' }, mtimeNs: null })
  })

  test('the limits hold for what a node has in the end, not for one change', () => {
    const w = started()
    w.commit(setAttributes('1', w.file, { properties: many(64, 'v') }))
    expect(w.commit(setAttributes('2', w.file, { properties: { another: 'v' } }))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'invalid-request',
    })
    expect(w.commit(setAttributes('3', w.file, { properties: { another: 'v', 'key 0': null } }))[0]).toMatchObject({
      outcome: 'applied',
    })
  })
})

test('T11, T26 a stranger finds nothing, a reader may not, and what is in the trash is told', () => {
  const w = started()
  const stranger = by(BEN, setAttributes('1', w.file, { mtimeNs: '1' }))
  w.setRoles({}, BEN.userId)
  const nowhere = by(BEN, setAttributes('2', 'nowhere' as NodeId, { mtimeNs: '1' }))
  const [hidden, unknown] = w.commit(stranger, nowhere)
  expect(hidden).toMatchObject({ code: 'not-found' })
  expect(unknown).toEqual(hidden)
  w.setRoles({ [w.space]: 'reader' }, BEN.userId)
  expect(w.commit(stranger)[0]).toMatchObject({ code: 'forbidden' })
  w.commit(trash('3', w.folder), trash('4', w.file))
  expect(w.commit(setAttributes('5', w.file, { mtimeNs: '1' }), setPolicy('6', w.folder, 'manual'))).toMatchObject([
    { code: 'in-trash', facts: { field: 'node', trashed: w.file } },
    { code: 'in-trash', facts: { trashed: w.folder } },
  ])
})
