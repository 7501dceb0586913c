import { expect, test } from 'vitest'
import { ANNA, BEN, by, world, write } from '../../test/support/namespace-world.ts'
import type { Outcome } from './model.ts'

/** A write whose answer was removed, and that is known by what it stored. */
function forgotten() {
  const w = world()
  const asked = write('1', { parent: w.root, name: 'a.txt' }, 0, 'one')
  const [first] = w.commit(asked)
  if (!first || first.outcome === 'rejected') throw new Error('the write was refused')
  const present: Outcome = { ...first, node: { ...first.node, name: 'renamed since' } }
  w.server.state.priors.set(asked.id, { fingerprint: null, by: ANNA.userId, outcome: present })
  return { w, asked, present }
}

test('I11 a write whose first answer is forgotten gives the present state, and changes nothing', () => {
  const { w, asked, present } = forgotten()
  expect(w.commit(asked)).toEqual([present])
  expect(w.journal).toHaveLength(1)
})

test('T1 by somebody else, or by who may no longer read it, its id stands for another change', () => {
  const { w, asked } = forgotten()
  expect(w.commit(by(BEN, asked))).toMatchObject([{ outcome: 'rejected', code: 'mutation-reused' }])
  w.setRoles({})
  expect(w.commit(asked)).toMatchObject([{ outcome: 'rejected', code: 'mutation-reused' }])
  w.revoke()
  expect(w.commit(asked)).toMatchObject([{ outcome: 'rejected', code: 'session-revoked' }])
})
