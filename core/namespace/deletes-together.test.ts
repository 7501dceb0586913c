import { describe, expect, test } from 'vitest'
import { BEN, by, mkdir, move, trash, world, write } from '../../test/support/namespace-world.ts'
import { SURVIVORS_AT_ONCE } from './view.ts'

/** `count` folders at the root, each with one below it, and how far Anna has seen. */
function planted(count: number) {
  const w = world()
  const names = Array.from({ length: count }, (_, i) => `d${i}`)
  w.commit(...names.map((name) => mkdir(`make ${name}`, w.root, name)))
  w.commit(...names.map((name) => mkdir(`below ${name}`, w.at(name).id, 'below')))
  return { ...w, ids: names.map((name) => w.at(name).id), seen: w.server.state.seq }
}

const livePaths = ({ server, nodes }: ReturnType<typeof world>): string[] =>
  [...nodes.keys()]
    .filter((id) => server.isLive(id))
    .map((id) => server.path(id))
    .toSorted()

describe('deletes with what was seen, in one batch', () => {
  test('stand apart: they are decided together, up to a bound', () => {
    const { server, ids, seen } = planted(SURVIVORS_AT_ONCE + 5)
    const batch = ids.map((id, i) => trash(`trash ${i}`, id, { seen }))
    expect(server.decide(batch).outcomes).toHaveLength(SURVIVORS_AT_ONCE)
  })

  test('P4 what another client put there in the same batch survives, as if each had come alone', () => {
    const together = planted(2)
    const alone = planted(2)
    const batchOf = ({ ids: [one, two], seen }: typeof together) => [
      trash('1', one!, { seen }),
      by(BEN, write('2', { parent: two!, name: 'new' }, 0, 'new')),
      trash('3', two!, { seen }),
    ]
    const outcomes = together.commit(...batchOf(together))
    for (const mutation of batchOf(alone)) alone.commit(mutation)
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'conflict'])
    expect(livePaths(together)).toEqual(livePaths(alone))
    expect(livePaths(together)).toContain('d1/new')
  })

  test('P4 a folder that was moved into another before that goes: what is new in it survives there', () => {
    const together = planted(2)
    const alone = planted(2)
    const batchOf = ({ ids: [one, two], seen }: typeof together) => [
      by(BEN, write('1', { parent: one!, name: 'new' }, 0, 'new')),
      move('2', one!, two!, 'inside'),
      trash('3', two!, { seen }),
    ]
    const outcomes = together.commit(...batchOf(together))
    for (const mutation of batchOf(alone)) alone.commit(mutation)
    expect(outcomes.at(-1)).toMatchObject({ outcome: 'conflict' })
    expect(livePaths(together)).toEqual(livePaths(alone))
  })

  test('a folder below one that has just gone is where it should go', () => {
    const { commit, ids, at, seen } = planted(1)
    const below = at('d0/below').id
    const outcomes = commit(trash('1', ids[0]!, { seen }), trash('2', below, { seen }))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied'])
  })
})
