import { describe, expect, test } from 'vitest'
import { deepFolders } from '../../test/support/deep-folders.ts'
import { BEN, by, mkdir, move, purge, restore, trash, world, write } from '../../test/support/namespace-world.ts'
import type { NodeId } from '../ids.ts'
import { MAX_DEPTH } from './rules.ts'

type World = ReturnType<typeof world>

/** `D/`, `D/sub/`, `D/sub/f` in the trash with its folder. */
function planted(): World & { d: NodeId; sub: NodeId; f: NodeId } {
  const w = world()
  w.commit(mkdir('d', w.root, 'D'))
  w.commit(mkdir('sub', w.at('D').id, 'sub'))
  w.commit(write('f', { parent: w.at('D/sub').id, name: 'f' }, 0, 'f'))
  const ids = { d: w.at('D').id, sub: w.at('D/sub').id, f: w.at('D/sub/f').id }
  w.commit(trash('trash', ids.d))
  return { ...w, ...ids }
}

const edit = (w: { f: NodeId }, id = 'edit') => by(BEN, write(id, { node: w.f }, 1, 'edited'))

describe('P3 an edit brings back what was deleted: just enough parents to hold it', () => {
  test('folders of the same names are made where the dead ones stood; the unit stays in the trash', () => {
    const w = planted()
    expect(w.commit(edit(w))[0]).toMatchObject({ outcome: 'applied', notice: 'revived', node: { id: w.f } })
    expect(w.tree()).toEqual(['D/', 'D/sub/', 'D/sub/f'])
    expect(w.at('D').id).not.toBe(w.d)
    expect(w.server.node(w.d)?.trashedAt).not.toBeNull()
    expect(w.server.text(w.f)).toBe('edited')
  })

  test('folders of these names that live are taken, not doubled', () => {
    const w = planted()
    w.commit(mkdir('1', w.root, 'D'))
    const d = w.at('D').id
    w.commit(edit(w))
    expect(w.at('D').id).toBe(d)
    expect(w.tree()).toEqual(['D/', 'D/sub/', 'D/sub/f'])
  })

  test('a file has the name: the folder has a number behind it', () => {
    const w = planted()
    w.commit(write('1', { parent: w.root, name: 'D' }, 0, 'a file'), edit(w))
    expect(w.tree()).toEqual(['D', 'D (2)/', 'D (2)/sub/', 'D (2)/sub/f'])
  })

  test('then the unit is restored: beside them', () => {
    const w = planted()
    w.commit(edit(w), restore('1', w.d))
    expect(w.tree()).toEqual(['D (2)/', 'D (2)/sub/', 'D/', 'D/sub/', 'D/sub/f'])
  })

  test('dead folders in dead folders: from the topmost on', () => {
    const w = planted()
    w.commit(restore('1', w.d), trash('2', w.sub), trash('3', w.d), edit(w))
    expect(w.tree()).toEqual(['D/', 'D/sub/', 'D/sub/f'])
  })

  test('the folder above was moved before the delete: in its new place', () => {
    const w = planted()
    w.commit(restore('1', w.d), mkdir('2', w.root, 'E'), move('3', w.d, { madeBy: mkdir('2', w.root, 'E').id }, 'D'))
    w.commit(trash('4', w.d), edit(w))
    expect(w.tree()).toEqual(['E/', 'E/D/', 'E/D/sub/', 'E/D/sub/f'])
  })

  test.each([false, true])('of what was purged nothing is made anew, collected: %s', (isCollected) => {
    const w = planted()
    w.commit(restore('1', w.d), trash('2', w.f), trash('3', w.d), purge('4', w.d))
    if (isCollected) w.server.collect()
    w.commit(edit(w))
    expect(w.tree()).toEqual(['f'])
  })
})

test('SC-04 an edit of what lies too deep in the trash is refused: it would make very many folders', () => {
  const w = world()
  const [lower, lowerTop] = deepFolders(w, MAX_DEPTH)
  const file = write('f', { parent: lower, name: 'f' }, 0, 'f')
  w.commit(mkdir('a', w.root, 'a'), file)
  const [lowest] = deepFolders(w, 10, w.at('a').id)
  // A move does not look at what it carries along, so this lies deeper than anything that was made there.
  w.commit(move('1', lowerTop, lowest, 'carried'), trash('2', w.at('a').id))
  const before = w.server.state.seq
  const { id } = [...w.nodes.values()].find(({ kind }) => kind === 'file')!
  expect(w.commit(by(BEN, write('edit', { node: id }, 1, 'edited')))[0]).toMatchObject({
    outcome: 'rejected',
    code: 'too-large',
  })
  expect(w.server.state.seq).toBe(before)
})

test('fifty names are taken: refused, and nothing of the half-done change is left', () => {
  const w = planted()
  const names = ['D', ...Array.from({ length: 49 }, (_, i) => `D (${i + 2})`)]
  w.commit(...names.map((name) => write(name, { parent: w.root, name }, 0, name)))
  const before = structuredClone(w.server.state)
  expect(w.commit(edit(w), mkdir('after', w.root, 'after'))).toMatchObject([
    { outcome: 'rejected', code: 'name-taken' },
    { outcome: 'applied', seq: before.seq + 1 },
  ])
  expect(w.server.state.contents.size).toBe(before.contents.size)
})

test('a delete that must be refused after it has put its folder away: the folder lives, and the batch goes on', () => {
  const w = planted()
  w.commit(restore('1', w.d))
  const seen = w.server.state.seq
  const branches = Array.from({ length: 3 }, (_, i) => `b${i}`)
  w.commit(...branches.map((name) => mkdir(name, w.d, name)))
  for (const name of branches) {
    let parent = w.at(`D/${name}`).id
    for (let level = 0; level < 700; level++) {
      const [made] = w.commit(mkdir(`${name} ${level}`, parent, 'x'))
      parent = made!.outcome === 'applied' ? made!.node.id : parent
    }
    w.commit(by(BEN, write(`new ${name}`, { parent, name: 'new' }, 0, 'new')))
  }
  const head = w.server.state.seq
  const refused = w.server.transact([trash('2', w.d, { seen }), mkdir('3', w.root, 'after')])
  expect(refused.outcomes).toMatchObject([
    { outcome: 'rejected', code: 'too-large' },
    { outcome: 'applied', seq: head + 1 },
  ])
  expect([refused.effects.nodes.size, refused.effects.journal.length, refused.effects.parked.size]).toEqual([1, 1, 0])
  expect(w.server.isLive(w.d)).toBe(true)
})
