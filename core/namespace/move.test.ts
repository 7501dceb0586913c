import { describe, expect, test } from 'vitest'
import { BEN, by, mkdir, move, PHONE, trash, world, write } from '../../test/support/namespace-world.ts'
import type { NodeId } from '../ids.ts'
import { MAX_DEPTH } from './rules.ts'

type World = ReturnType<typeof world>

const rejected = (code: string, facts: object = {}) => ({
  outcome: 'rejected',
  code,
  facts: expect.objectContaining(facts),
})

/** Folders `A`, `B`, `X`, and files `f`, `g` with their name as text. */
function planted(): World {
  const w = world()
  w.commit(...['A', 'B', 'X'].map((name) => mkdir(name, w.root, name)))
  w.commit(...['f', 'g'].map((name) => write(name, { parent: w.root, name }, 0, name)))
  return w
}

describe('a move is one row and one entry', () => {
  test('MV-11 CF-1 the node keeps its id, its content and its history; its placement revision rises', () => {
    const w = planted()
    const f = w.at('f')
    const [outcome] = w.commit(move('1', f.id, w.at('X').id, 'new name'))
    expect(outcome).toMatchObject({
      outcome: 'applied',
      node: { ...f, parentId: w.at('X').id, name: 'new name', placementRevision: 2, changedSeq: 6, placedSeq: 6 },
    })
    expect(w.journal.slice(5)).toMatchObject([{ kind: 'moved', writtenBytes: null }])
  })

  test('whatever lies below comes along without a row', () => {
    const w = planted()
    w.commit(write('1', { parent: w.at('A').id, name: 'inner' }, 0, 'inner'))
    const { effects } = w.server.transact([move('2', w.at('A').id, w.at('B').id, 'A')])
    expect([effects.nodes.size, effects.journal.length, effects.contents.length, effects.chunks.length]).toEqual([
      1, 1, 0, 0,
    ])
    expect(w.tree()).toContain('B/A/inner')
  })

  test('a rename does not count as having come to its folder, a move does (P4)', () => {
    const w = planted()
    const { placedSeq } = w.at('f')
    w.commit(move('1', w.at('f').id, w.root, 'renamed'))
    expect(w.at('renamed').placedSeq).toBe(placedSeq)
    w.commit(move('2', w.at('renamed').id, w.at('A').id, 'renamed'))
    expect(w.at('A/renamed').placedSeq).toBe(7)
  })

  test('MV-17 into a folder that the same batch makes', () => {
    const w = planted()
    const made = mkdir('1', w.root, 'made')
    w.commit(made, move('2', w.at('f').id, { madeBy: made.id }, 'f'))
    expect(w.tree()).toContain('made/f')
  })
})

describe('P5 CF-3 server order wins', () => {
  test('MV-08 CF-2 who had not seen the other move is refused and told where the node stands', () => {
    const w = planted()
    const { id } = w.at('A')
    w.commit(by(BEN, move('1', id, w.root, "Ben's", { base: 1 })))
    expect(w.commit(move('2', id, w.root, "Anna's", { base: 1 }))[0]).toMatchObject(
      rejected('version-conflict', { field: 'base', node: id, placementRevision: 2 }),
    )
    expect(w.commit(move('3', id, w.root, "Anna's", { base: 2 }))[0]).toMatchObject({ outcome: 'applied' })
  })

  test('MV-18 CF-4 a move to where it is already is no change, however old its base', () => {
    const w = planted()
    const { id } = w.at('f')
    w.commit(by(BEN, move('1', id, w.at('X').id, 'f', { base: 1 })))
    expect(w.commit(move('2', id, w.at('X').id, 'f', { base: 1 }))[0]).toMatchObject({ outcome: 'applied', seq: 6 })
    expect(w.journal.length).toBe(6)
  })

  test('MD-01 CF-7 a plain move of what was deleted meanwhile is refused: the delete wins', () => {
    const w = planted()
    const { id } = w.at('f')
    w.commit(by(BEN, trash('1', id)))
    expect(w.commit(move('2', id, w.at('X').id, 'f'))[0]).toMatchObject(rejected('in-trash', { trashed: id }))
  })

  test('nothing is moved into, or out of, a folder in the trash', () => {
    const w = planted()
    w.commit(mkdir('1', w.at('A').id, 'inner'), trash('2', w.at('A').id))
    const inner = 'n6' as NodeId
    expect(w.commit(move('3', w.at('f').id, inner, 'f'))[0]).toMatchObject(rejected('in-trash', { field: 'to/parent' }))
    expect(w.commit(move('4', inner, w.root, 'inner'))[0]).toMatchObject(rejected('in-trash', { field: 'node' }))
  })
})

describe('I7 no cycle', () => {
  test('a folder cannot go into itself, nor below itself', () => {
    const w = planted()
    w.commit(mkdir('1', w.at('A').id, 'inner'))
    for (const [id, into] of [
      ['2', w.at('A').id],
      ['3', w.at('A/inner').id],
    ] as const)
      expect(w.commit(move(id, w.at('A').id, into, 'A'))[0]).toMatchObject(rejected('would-cycle'))
  })

  test('MV-03 two devices move two folders into each other: the second is refused, in one batch too', () => {
    for (const isOneBatch of [true, false]) {
      const w = planted()
      const [a, b] = [w.at('A').id, w.at('B').id]
      const moves = [move('1', a, b, 'A', { base: 1 }), by(BEN, move('2', b, a, 'B', { base: 1 }))]
      const outcomes = isOneBatch ? w.commit(...moves) : moves.flatMap((one) => w.commit(one))
      expect(outcomes).toMatchObject([{ outcome: 'applied' }, rejected('would-cycle')])
      expect(w.tree()).toEqual(['B/', 'B/A/', 'X/', 'f', 'g'])
    }
  })

  test('MV-05 parent and child change places, with a step between', () => {
    const w = planted()
    w.commit(move('1', w.at('B').id, w.at('A').id, 'B'))
    const [a, b] = [w.at('A').id, w.at('A/B').id]
    w.commit(move('2', b, w.root, 'B'), move('3', a, b, 'A'))
    expect(w.tree()).toEqual(['B/', 'B/A/', 'X/', 'f', 'g'])
    expect([w.at('B').id, w.at('B/A').id]).toEqual([b, a])
  })

  test('SC-04 a folder goes no deeper than the bound, and 1,000 levels are walked without recursion', () => {
    const w = planted()
    let parent = w.root
    for (let level = 1; level <= MAX_DEPTH; level++) {
      const [made] = w.commit(mkdir(`level ${level}`, parent, 'd'))
      parent = made!.outcome === 'applied' ? made!.node.id : parent
    }
    expect(w.commit(mkdir('deeper', parent, 'd'))[0]).toMatchObject(rejected('too-large'))
    expect(w.commit(move('1', w.at('A').id, parent, 'A'))[0]).toMatchObject(rejected('too-large'))
    expect(w.commit(move('2', w.at('f').id, parent, 'f'))[0]).toMatchObject({ outcome: 'applied' })
    expect(w.commit(move('3', w.at('d').id, parent, 'A'))[0]).toMatchObject(rejected('would-cycle'))
  })
})

describe('CF-11 the name is taken', () => {
  test('by default the move is refused and names what is there', () => {
    const w = planted()
    expect(w.commit(move('1', w.at('g').id, w.root, 'f'))[0]).toMatchObject(
      rejected('name-taken', { field: 'name', node: w.at('f').id }),
    )
  })

  test('N5 the twin in another Unicode form is the same name', () => {
    const w = planted()
    w.commit(move('1', w.at('f').id, w.root, '\u00fc'))
    expect(w.commit(move('2', w.at('g').id, w.root, 'u\u0308'))[0]).toMatchObject(rejected('name-taken'))
    expect(w.commit(move('3', w.at('\u00fc').id, w.root, 'u\u0308'))[0]).toMatchObject({ outcome: 'applied', seq: 6 })
  })

  test('MV-02 keep-both: the second has the name of a conflicted copy; both live', () => {
    const w = planted()
    const [first, second] = w.commit(
      move('1', w.at('f').id, w.at('X').id, 'n', { ifExists: 'keep-both' }),
      by(BEN, move('2', w.at('g').id, w.at('X').id, 'n', { ifExists: 'keep-both' })),
    )
    expect(first).toMatchObject({ outcome: 'applied', node: { name: 'n' } })
    expect(second).toMatchObject({
      outcome: 'conflict',
      original: w.at('X/n').id,
      node: { name: expect.stringContaining("conflicted copy from Ben's desk") },
    })
    expect(w.children(w.at('X').id).length).toBe(2)
  })

  test('RN-09 replace: what was there is in the trash, the mover keeps its id', () => {
    const w = planted()
    const [f, g] = [w.at('f').id, w.at('g').id]
    expect(w.commit(move('1', f, w.root, 'g', { ifExists: 'replace', seen: 5 }))[0]).toMatchObject({
      outcome: 'applied',
      node: { id: f, name: 'g' },
    })
    expect(w.journal.slice(5)).toMatchObject([
      { kind: 'trashed', nodeId: g },
      { kind: 'moved', nodeId: f },
    ])
    expect(w.server.text(g)).toBe('g')
  })

  test.each(['edited', 'moved there'])('replace never takes what was %s after the mover had looked', (what) => {
    const w = planted()
    const seen = w.server.state.seq
    if (what === 'edited') w.commit(by(BEN, write('1', { node: w.at('g').id }, 1, 'newer')))
    else w.commit(by(BEN, move('1', w.at('g').id, w.at('X').id, 'g')))
    const to = what === 'edited' ? w.root : w.at('X').id
    expect(w.commit(move('2', w.at('f').id, to, 'g', { ifExists: 'replace', seen }))[0]).toMatchObject(
      rejected('version-conflict', { field: 'seen' }),
    )
  })

  test('a folder is never replaced', () => {
    const w = planted()
    expect(w.commit(move('1', w.at('f').id, w.root, 'A', { ifExists: 'replace' }))[0]).toMatchObject(
      rejected('name-taken'),
    )
  })

  test('MD-04 delete first, then another takes the name, in one batch', () => {
    const w = planted()
    const g = w.at('g').id
    w.commit(trash('1', w.at('f').id), move('2', g, w.root, 'f'))
    expect(w.at('f').id).toBe(g)
  })
})

describe('names change places in one batch: each is given up before any is taken', () => {
  test('RN-02 a chain from its free end', () => {
    const w = planted()
    const [f, g] = [w.at('f').id, w.at('g').id]
    w.commit(move('1', g, w.root, 'h'), move('2', f, w.root, 'g'))
    expect([w.at('g').id, w.at('h').id]).toEqual([f, g])
  })

  test('a swap by way of a third name: two rows, both parked', () => {
    const w = planted()
    const [f, g] = [w.at('f').id, w.at('g').id]
    const { effects } = w.server.transact([
      move('1', f, w.root, 'between'),
      move('2', g, w.root, 'f'),
      move('3', f, w.root, 'g'),
    ])
    expect(effects.parked).toEqual(new Set([f, g]))
    expect([w.at('f').id, w.at('g').id]).toEqual([g, f])
  })

  test('RN-03 a rotation of three folders', () => {
    const w = planted()
    const [a, b, x] = [w.at('A').id, w.at('B').id, w.at('X').id]
    w.commit(
      move('1', a, w.root, 'between'),
      move('2', x, w.root, 'A'),
      move('3', b, w.root, 'X'),
      move('4', a, w.root, 'B'),
    )
    expect([w.at('A').id, w.at('B').id, w.at('X').id]).toEqual([x, a, b])
  })
})

describe('who may move what', () => {
  test('the root of a space stays where it is', () => {
    const w = planted()
    expect(w.commit(move('1', w.root, w.at('A').id, 'root'))[0]).toMatchObject(rejected('forbidden'))
  })

  test('a move stays within its space', () => {
    const w = planted()
    const other = w.addOtherSpace()
    expect(w.commit(move('1', w.at('f').id, other, 'f'))[0]).toMatchObject(rejected('other-space'))
  })

  test('T11 a reader is told, a stranger is not', () => {
    const w = planted()
    w.setRoles({ [w.space]: 'reader' }, BEN.userId)
    expect(w.commit(by(BEN, move('1', w.at('f').id, w.root, 'x')))[0]).toMatchObject(rejected('forbidden'))
    w.setRoles({}, BEN.userId)
    const hidden = w.commit(by(BEN, move('2', w.at('f').id, w.root, 'x')))[0]
    expect(hidden).toEqual(w.commit(by(BEN, move('3', 'nowhere' as NodeId, w.root, 'x')))[0])
  })

  test('into a file, under a bad name, or by a revoked session: refused, the rest of the batch unharmed', () => {
    const w = planted()
    w.revoke(PHONE.sessionId)
    const outcomes = w.commit(
      move('1', w.at('f').id, w.at('g').id, 'f'),
      move('2', w.at('f').id, w.root, '..'),
      by(PHONE, move('3', w.at('f').id, w.root, 'x')),
      move('4', w.at('f').id, w.at('X').id, 'f'),
    )
    expect(outcomes).toMatchObject([
      rejected('not-a-folder'),
      rejected('name-invalid', { field: 'to/name' }),
      rejected('session-revoked'),
      { outcome: 'applied' },
    ])
  })
})
