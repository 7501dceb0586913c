import { describe, expect, test } from 'vitest'
import { BEN, by, copy, mkdir, move, purge, restore, trash, world, write } from '../../test/support/namespace-world.ts'
import { foldJournal } from '../../test/support/tree-law.ts'
import type { NodeId } from '../ids.ts'
import { SYSTEM_ACTOR } from './model.ts'

type World = ReturnType<typeof world>

/** The clock of the server in memory. */
const NOW = 1_700_000_000_000

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

describe('out of the trash for good', () => {
  test('one entry, one row; the collector takes the rows and the contents of everything below', () => {
    const w = planted()
    w.commit(trash('1', w.d))
    const { outcomes, effects } = w.server.transact([purge('2', w.d)])
    expect(outcomes).toMatchObject([{ outcome: 'applied', node: { id: w.d } }])
    expect(effects.journal.map(({ kind }) => kind)).toEqual(['purged'])
    expect(effects.purged).toEqual([w.d])
    w.server.collect()
    expect([...w.nodes.keys()]).toEqual([w.root])
    expect([w.server.state.versions.size, w.server.state.contents.size]).toEqual([0, 0])
  })

  test('a reader of the journal has nothing of it left (I10)', () => {
    const w = planted()
    w.commit(trash('1', w.d), purge('2', w.d))
    expect(foldJournal(w.journal)).toEqual(new Map())
  })

  test.each([false, true])(
    'it, and what lies below, is not there any more for anyone, collected: %s',
    (isCollected) => {
      const w = planted()
      w.commit(trash('1', w.d), purge('2', w.d))
      if (isCollected) w.server.collect()
      expect(
        w.commit(
          restore('3', w.d),
          restore('4', w.f),
          purge('5', w.d),
          purge('6', w.sub),
          trash('7', w.f),
          move('8', w.f, w.root, 'f'),
          write('9', { node: w.f }, 1, 'late'),
          mkdir('10', w.sub, 'late'),
          copy('11', w.f, w.root, 'late'),
        ),
      ).toMatchObject(Array.from({ length: 9 }, () => rejected('not-found')))
    },
  )

  test('I11 a replay gives the first answer, also when nothing of it is there', () => {
    const w = planted()
    w.commit(trash('1', w.d))
    const first = w.commit(purge('2', w.d))
    w.server.collect()
    expect(w.commit(purge('2', w.d))).toEqual(first)
  })

  test('P1 what a copy refers to stays', () => {
    const w = planted()
    w.commit(copy('1', w.f, w.root, 'copy'), trash('2', w.f), purge('3', w.f))
    w.server.collect()
    expect(w.server.text(w.at('copy').id)).toBe('f')
  })
})

describe('only a part', () => {
  test('units that were in the trash by themselves stay there, and move up', () => {
    const w = planted()
    w.commit(trash('1', w.sub), trash('2', w.d), purge('3', w.d))
    w.server.collect()
    expect(w.server.node(w.sub)).toMatchObject({ parentId: w.root })
    expect(foldJournal(w.journal).get(w.sub)).toEqual(w.server.node(w.sub))
    w.commit(restore('4', w.sub))
    expect(w.tree()).toEqual(['sub/', 'sub/f'])
  })

  test('a part of a unit: it stays dead when the unit is restored, and its name is free', () => {
    const w = planted()
    w.commit(trash('1', w.d), purge('2', w.sub), restore('3', w.d))
    expect(w.tree()).toEqual(['D/'])
    expect(w.commit(restore('4', w.f), mkdir('5', w.d, 'sub'))).toMatchObject([
      rejected('not-found'),
      { outcome: 'applied' },
    ])
    w.server.collect()
    expect(w.tree()).toEqual(['D/', 'D/sub/'])
  })

  test('both, one in the other, in one batch', () => {
    const w = planted()
    w.commit(trash('1', w.sub), trash('2', w.d), purge('3', w.d), purge('4', w.sub))
    w.server.collect()
    expect([...w.nodes.keys()]).toEqual([w.root])
  })
})

describe('CF-10 who, and what', () => {
  test('only managers, and the collector', () => {
    const w = planted()
    w.commit(trash('1', w.f))
    expect(w.commit(by(BEN, purge('2', w.f)), by(SYSTEM_ACTOR, purge('3', w.f)))).toMatchObject([
      rejected('forbidden'),
      { outcome: 'applied' },
    ])
  })

  test('RT-1 the retention takes what was trashed by itself and long enough ago, nothing else', () => {
    const w = planted()
    const old = (id: string, node: NodeId) => by(SYSTEM_ACTOR, { ...purge(id, node), trashedUntil: NOW })
    w.commit(trash('1', w.d))
    expect(w.commit({ ...old('2', w.d), trashedUntil: NOW - 1 }, old('3', w.f), old('4', w.d))).toMatchObject([
      rejected('version-conflict', { node: w.d }),
      rejected('version-conflict', { node: w.f }),
      { outcome: 'applied' },
    ])
  })

  test('what lives is not purged: somebody may have restored it a moment ago', () => {
    const w = planted()
    w.commit(trash('1', w.f), by(BEN, restore('2', w.f)))
    expect(w.commit(purge('3', w.f), purge('4', w.root))).toMatchObject([
      rejected('version-conflict', { node: w.f }),
      rejected('forbidden'),
    ])
    expect(w.server.text(w.f)).toBe('f')
  })
})
