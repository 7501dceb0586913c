import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PHONE } from '../../test/support/namespace-world.ts'
import { serverListing } from '../../test/support/listings.ts'
import { PlannedDevice } from '../../test/support/planned-device.ts'
import { twoSides } from '../../test/support/random-sides.ts'
import { TwoSidesWorld } from '../../test/support/two-sides.ts'

const SEEDED = {
  seed: Number(process.env['SYNC_SEED'] ?? 20261121),
  numRuns: Number(process.env['SYNC_RUNS'] ?? 300),
}
const NAMES = ['a', 'b', 'c', 'd']

/** Turns that two devices take until neither has anything to do; more would be a game of ping-pong (I20). */
const MAX_TURNS = 8

function settleBoth(first: PlannedDevice, second: PlannedDevice): void {
  for (let turn = 0; turn < MAX_TURNS; turn++) if (first.settle() + second.settle() === 0) return
  throw new Error('they never come to rest')
}

test('I18 I20 two devices that change one tree at the same time end with one tree, and with all that was saved', () => {
  fc.assert(
    fc.property(twoSides(NAMES), fc.boolean(), ({ base, local, remote }, isSecondFirst) => {
      const world = new TwoSidesWorld({ base, local: [], remote: [] })
      const other = new PlannedDevice(world.w.server, world.w.root, { actor: PHONE })
      other.settle()
      const second = new TwoSidesWorld({ base: [], local: [], remote: [] }, { w: world.w, device: other })
      for (const change of local) world.changeHere(change)
      for (const change of remote) second.changeHere(change)
      const saved = [...world.device.listing(), ...other.listing()].flatMap(
        (line) => /= ([LR].*)$/.exec(line)?.[1] ?? [],
      )
      if (isSecondFirst) settleBoth(other, world.device)
      else settleBoth(world.device, other)
      const listing = serverListing(world.w.server, world.w.root)
      expect(world.device.listing()).toEqual(listing)
      expect(other.listing()).toEqual(listing)
      for (const text of saved) expect(listing.some((line) => line.endsWith(`= ${text}`))).toBe(true)
    }),
    SEEDED,
  )
}, 60_000)

test('SH a reader comes to rest, sends nothing, and loses nothing of his own', () => {
  fc.assert(
    fc.property(twoSides(NAMES), (sides) => {
      const world = new TwoSidesWorld({ ...sides, device: { canWrite: false } })
      const { seq } = world.w.server.state
      const mine = world.device.listing().flatMap((line) => /= (L.*)$/.exec(line)?.[1] ?? [])
      world.device.settle(20)
      expect(world.w.server.state.seq).toBe(seq)
      for (const text of mine) expect(world.device.listing().some((line) => line.endsWith(`= ${text}`))).toBe(true)
    }),
    SEEDED,
  )
}, 60_000)

test('I12 FD-04 what is left alone is touched by no step, and the rest comes to rest', () => {
  fc.assert(
    fc.property(twoSides(NAMES), fc.array(fc.nat({ max: 12 })), (sides, picks) => {
      const world = new TwoSidesWorld(sides)
      const left = new Set<string>(picks.map((at) => (at < 9 ? `n${at + 1}` : `local:${at}`)))
      world.device.device = { ...world.device.device, isLeftAlone: ({ id }) => left.has(id) }
      world.device.settle(30)
      for (const step of world.device.done) {
        expect(left.has(step.do === 'pair' ? step.local : step.item)).toBe(false)
        if (step.do === 'pair') expect(left.has(step.remote)).toBe(false)
      }
      for (const id of left)
        if (world.base.has(id as never) && !world.deleted.remote.has(id as never))
          expect(world.w.server.isLive(id as never)).toBe(true)
    }),
    SEEDED,
  )
}, 60_000)

test('SS what is not selected is never deleted there, and goes from here', () => {
  fc.assert(
    fc.property(twoSides(NAMES), fc.nat({ max: 8 }), (sides, at) => {
      const world = new TwoSidesWorld(sides)
      const id = `n${at + 1}`
      world.device.device = { ...world.device.device, isSelected: (item) => item.id !== id, unselected: [id as never] }
      world.device.settle(30)
      if (!world.base.has(id as never) || world.deleted.remote.has(id as never)) return
      expect(world.w.server.isLive(id as never)).toBe(true)
      expect(world.device.trees.item(id as never)?.local).toBeNull()
    }),
    SEEDED,
  )
}, 60_000)
