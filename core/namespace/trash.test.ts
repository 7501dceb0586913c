import { describe, expect, test } from 'vitest'
import { ANNA, BEN, by, mkdir, move, PHONE, purge, trash, world, write } from '../../test/support/namespace-world.ts'
import type { NodeId } from '../ids.ts'
import { SURVIVORS_MAX } from './model.ts'

type World = ReturnType<typeof world>

const rejected = (code: string, facts: object = {}) => ({
  outcome: 'rejected',
  code,
  facts: expect.objectContaining(facts),
})

/** `D/`, `D/old`, `D/sub/`, `D/sub/deep/`, `D/sub/deep/old`, all by Anna, and how far she has seen. */
function planted(): World & { seen: number; d: NodeId } {
  const w = world()
  const d = mkdir('d', w.root, 'D')
  const sub = { ...mkdir('sub', w.root, 'sub'), parent: { madeBy: d.id } }
  const deep = { ...mkdir('deep', w.root, 'deep'), parent: { madeBy: sub.id } }
  w.commit(d, sub, deep)
  w.commit(
    write('old', { parent: w.at('D').id, name: 'old' }, 0, 'old'),
    write('deep old', { parent: w.at('D/sub/deep').id, name: 'old' }, 0, 'deep old'),
  )
  return { ...w, seen: w.server.state.seq, d: w.at('D').id }
}

describe('a file', () => {
  test('goes to the trash with its bytes and its history, and gives up its name', () => {
    const w = planted()
    const { id } = w.at('D/old')
    expect(w.commit(trash('1', id, { base: 1 }))[0]).toMatchObject({
      outcome: 'applied',
      node: { id, trashedBy: ANNA.userId, trashedAt: 1_700_000_000_000, parentId: w.d, name: 'old' },
    })
    expect(w.commit(write('2', { parent: w.d, name: 'old' }, 0, 'new'))[0]).toMatchObject({ outcome: 'applied' })
    expect(w.server.text(id)).toBe('old')
  })

  test('P3, ED-02, CF-8 an edit beats it: who had not seen the present content is refused', () => {
    const w = planted()
    const { id } = w.at('D/old')
    w.commit(by(BEN, write('1', { node: id }, 1, 'edited')))
    expect(w.commit(trash('2', id, { base: 1 }))[0]).toMatchObject(
      rejected('version-conflict', { field: 'base', node: id, contentRevision: 2 }),
    )
    expect(w.commit(trash('3', id, { seen: w.seen }))[0]).toMatchObject(rejected('version-conflict', { field: 'seen' }))
    expect(w.commit(trash('4', id, { base: 2 }))[0]).toMatchObject({ outcome: 'applied' })
  })

  test('MD-01, CF-8 a move does not beat it: it is deleted where it is now', () => {
    const w = planted()
    const { id } = w.at('D/old')
    w.commit(by(BEN, move('1', id, w.root, 'moved')))
    expect(w.commit(trash('2', id, { base: 1, seen: w.seen }))[0]).toMatchObject({ outcome: 'applied' })
    expect(w.server.isLive(id)).toBe(false)
  })

  test('ED-05, CF-4 a second delete is no change and no error', () => {
    const w = planted()
    const { id } = w.at('D/old')
    const [first] = w.commit(trash('1', id, { base: 1 }))
    const head = w.server.state.seq
    expect(w.commit(by(BEN, trash('2', id, { base: 1 })))[0]).toEqual(first)
    expect(w.server.state.seq).toBe(head)
  })
})

describe('a folder', () => {
  test('FD-07 goes as a unit: one row, one entry, whatever lies below', () => {
    const w = planted()
    const { effects } = w.server.transact([trash('1', w.d)])
    expect([effects.nodes.size, effects.journal.length]).toEqual([1, 1])
    expect(w.tree()).toEqual([])
    expect(w.server.node('n3' as NodeId)?.trashedAt).toBeNull()
  })

  test('ED-05 what lies in the trash with its folder is deleted already', () => {
    const w = planted()
    const inner = w.at('D/sub/deep/old').id
    w.commit(trash('1', w.d))
    const head = w.server.state.seq
    expect(w.commit(trash('2', inner, { base: 7 }))[0]).toMatchObject({ outcome: 'applied', node: { id: inner } })
    expect(w.server.state.seq).toBe(head)
  })

  test('the root of a space, or what is not yours, is not deleted', () => {
    const w = planted()
    expect(w.commit(trash('1', w.root))[0]).toMatchObject(rejected('forbidden'))
    w.setRoles({ [w.space]: 'reader' }, BEN.userId)
    expect(w.commit(by(BEN, trash('2', w.d)))[0]).toMatchObject(rejected('forbidden'))
    expect(w.commit(trash('3', 'nowhere' as NodeId))[0]).toMatchObject(rejected('not-found'))
  })
})

describe('P4, CF-2 a folder delete takes only what the deleter had seen', () => {
  test('all seen: nothing survives', () => {
    const w = planted()
    expect(w.commit(trash('1', w.d, { seen: w.seen }))[0]).toMatchObject({ outcome: 'applied', node: { id: w.d } })
    expect(w.tree()).toEqual([])
  })

  test('FD-01 what came meanwhile stays, in folders made anew, under its own id; the rest goes', () => {
    const w = planted()
    w.commit(
      by(BEN, write('1', { parent: w.d, name: 'new' }, 0, 'new')),
      by(BEN, write('2', { parent: w.at('D/sub/deep').id, name: 'new' }, 0, 'deep new')),
    )
    const [high, low] = [w.at('D/new').id, w.at('D/sub/deep/new').id]
    const [outcome] = w.commit(trash('3', w.d, { seen: w.seen }))
    expect(w.tree()).toEqual(['D/', 'D/new', 'D/sub/', 'D/sub/deep/', 'D/sub/deep/new'])
    expect([w.at('D/new').id, w.at('D/sub/deep/new').id]).toEqual([high, low])
    expect(outcome).toMatchObject({ outcome: 'conflict', original: w.d, node: { id: w.at('D').id, name: 'D' } })
    expect(w.at('D').id).not.toBe(w.d)
  })

  test('the entries: the unit first, then each stand-in before what it holds', () => {
    const w = planted()
    w.commit(by(BEN, write('1', { parent: w.at('D/sub').id, name: 'new' }, 0, 'new')))
    const before = w.server.state.seq
    w.commit(trash('2', w.d, { seen: w.seen }))
    expect(w.journal.slice(before).map(({ kind, node }) => [kind, node.name])).toEqual([
      ['trashed', 'D'],
      ['created', 'D'],
      ['created', 'sub'],
      ['restored', 'new'],
    ])
  })

  test('P3 a file that was edited meanwhile survives with the newer bytes; moved in, too', () => {
    const w = planted()
    w.commit(mkdir('1', w.root, 'E'), write('2', { parent: w.root, name: 'moved' }, 0, 'moved'))
    const seen = w.server.state.seq
    w.commit(
      by(BEN, write('3', { node: w.at('D/old').id }, 1, 'newer')),
      by(BEN, move('4', w.at('moved').id, w.d, 'moved')),
    )
    w.commit(trash('5', w.d, { seen }))
    expect(w.tree()).toEqual(['D/', 'D/moved', 'D/old', 'E/'])
    expect(w.server.text(w.at('D/old').id)).toBe('newer')
  })

  test('a folder that came meanwhile survives whole: one row for it, none for what lies in it', () => {
    const w = planted()
    w.commit(mkdir('1', w.root, 'E'), write('2', { parent: w.root, name: 'x' }, 0, 'x'))
    w.commit(move('3', w.at('x').id, w.at('E').id, 'x'))
    const seen = w.server.state.seq
    w.commit(by(BEN, move('4', w.at('E').id, w.at('D/sub').id, 'E')))
    const { effects } = w.server.transact([trash('5', w.d, { seen })])
    expect(effects.journal.map(({ kind }) => kind)).toEqual(['trashed', 'created', 'created', 'restored'])
    expect(w.tree()).toEqual(['D/', 'D/sub/', 'D/sub/E/', 'D/sub/E/x'])
  })

  test('what the deleter itself did does not survive, what its other device did does', () => {
    const w = planted()
    w.commit(write('1', { parent: w.d, name: 'mine' }, 0, 'mine'))
    w.commit(by(PHONE, write('2', { parent: w.d, name: 'phone' }, 0, 'phone')))
    w.commit(trash('3', w.d, { seen: w.seen }))
    expect(w.tree()).toEqual(['D/', 'D/phone'])
  })

  test('what had been deleted below by itself stays deleted', () => {
    const w = planted()
    w.commit(by(BEN, write('1', { parent: w.d, name: 'new' }, 0, 'new')), by(BEN, trash('2', 'n6' as NodeId)))
    expect(w.commit(trash('3', w.d, { seen: w.seen }))[0]).toMatchObject({ outcome: 'applied' })
    expect(w.tree()).toEqual([])
  })

  test('MD-06 in one batch with a move out and a new file: decided in turn, in as many transactions as it takes', () => {
    const w = planted()
    const outcomes = w.commit(
      by(BEN, write('1', { parent: w.d, name: 'new' }, 0, 'new')),
      move('2', w.at('D/old').id, w.root, 'out'),
      trash('3', w.d, { seen: w.seen }),
      write('4', { parent: w.root, name: 'after' }, 0, 'after'),
    )
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'conflict', 'applied'])
    expect(w.tree()).toEqual(['D/', 'D/new', 'after', 'out'])
  })

  test('I11 a replay gives the first answer and makes no second stand-in', () => {
    const w = planted()
    w.commit(by(BEN, write('1', { parent: w.d, name: 'new' }, 0, 'new')))
    const mutation = trash('2', w.d, { seen: w.seen })
    const first = w.commit(mutation)
    expect(w.commit(mutation)).toEqual(first)
  })

  test('beyond the bound the deleter must catch up first, and nothing is half done', () => {
    const w = planted()
    for (let i = 0; i <= SURVIVORS_MAX; i++) w.commit(by(BEN, mkdir(`${i}`, w.d, `new ${i}`)))
    const head = w.server.state.seq
    expect(w.commit(trash('x', w.d, { seen: w.seen }))[0]).toMatchObject(rejected('too-large', { field: 'seen' }))
    expect(w.server.state.seq).toBe(head)
    expect(w.commit(trash('y', w.d, { seen: head }))[0]).toMatchObject({ outcome: 'applied' })
  })

  test('SC-04 a survivor 900 levels down: its folders are made anew, without recursion', () => {
    const w = planted()
    let parent = w.d
    for (let level = 0; level < 900; level++) {
      const [made] = w.commit(mkdir(`level ${level}`, parent, 'x'))
      parent = made!.outcome === 'applied' ? made!.node.id : parent
    }
    const seen = w.server.state.seq
    w.commit(by(BEN, write('new', { parent, name: 'new' }, 0, 'new')))
    w.commit(trash('1', w.d, { seen }))
    expect(w.tree().at(-1)).toBe(`D/${'x/'.repeat(900)}new`)
    expect(w.tree().length).toBe(902)
  })
})

test('FD-08 deleted and made again with the same names while another lists: two units, no mixture', () => {
  const w = planted()
  w.commit(
    trash('1', w.d),
    mkdir('2', w.root, 'D'),
    write('3', { parent: { madeBy: mkdir('2', w.root, 'D').id }, name: 'old' }, 0, 'new'),
  )
  expect(w.tree()).toEqual(['D/', 'D/old'])
  expect(w.server.text(w.at('D/old').id)).toBe('new')
  w.commit(purge('4', w.d))
  w.server.collect()
  expect(w.tree()).toEqual(['D/', 'D/old'])
})
