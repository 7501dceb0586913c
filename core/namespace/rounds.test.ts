import { expect, test } from 'vitest'
import { mkdir, trash, world, write } from '../../test/support/namespace-world.ts'
import type { MutationId } from '../ids.ts'
import type { CreateFolder } from './model.ts'

/** Folders inside one another; each is kept if it is there. */
const chain = (prefix: string, levels: number, root: CreateFolder['parent']): CreateFolder[] =>
  Array.from({ length: levels }, (_, level) => ({
    ...mkdir(`${prefix} ${level}`, 'root' as never, `level ${level}`, 'keep'),
    parent: level === 0 ? root : { madeBy: `${prefix} ${level - 1}` as MutationId },
  }))

test('SC-04 what comes back into folders that were made anew before takes few rounds, however deep they lie', () => {
  const w = world()
  const folders = w.commit(...chain('made', 900, w.root))
  const bottom = folders.at(-1)!
  if (bottom.outcome === 'rejected') throw new Error(bottom.code)
  const names = ['a.txt', 'b.txt', 'c.txt']
  w.commit(...names.map((name) => write(name, { parent: bottom.node.id, name }, 0, name)))
  const files = names.map((name) => [...w.nodes.values()].find((node) => node.name === name)!.id)
  w.commit(trash('trash', w.at('level 0').id))
  const [first, ...others] = files.map((node, at) => write(`edit ${at}`, { node }, 1, `edit ${at}`))
  const depth = (id: string): number => w.server.path(id as never).split('/').length
  expect(w.commit(first!)).toMatchObject([{ outcome: 'applied', notice: 'revived' }])
  // The server in memory has no more rounds than the journal's writer, which is far fewer than there are levels.
  expect(w.commit(...others)).toMatchObject(others.map(() => ({ outcome: 'applied', notice: 'revived' })))
  for (const id of files) expect([w.server.isLive(id), depth(id)]).toEqual([true, 901])
})

test('JR-10 a batch in which each part needs what the one before found is written in parts, with the same answers', () => {
  const w = world()
  const made = w.commit(...chain('made', 100, w.root))
  const again = chain('again', 100, w.root)
  expect(w.server.decide(again).outcomes.length).toBeLessThan(again.length)
  expect(w.commit(...again)).toEqual(made)
  expect(w.journal).toHaveLength(100)
})
