import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAC, WINDOWS } from '../../test/support/planned-device.ts'
import { twoSides } from '../../test/support/random-sides.ts'
import { TwoSidesWorld } from '../../test/support/two-sides.ts'
import { isLocalId, type Item } from './item.ts'
import { LINUX, type Abilities } from './abilities.ts'
import { plan } from './plan.ts'

const runs = Number(process.env['SYNC_RUNS'] ?? 400)
const SEEDED = { seed: Number(process.env['SYNC_SEED'] ?? 20261121), numRuns: runs }

/** Names that some systems take for one, or refuse. */
const ODD_NAMES = ['a', 'A', 'b', 'é', 'e\u0301', 'É', 'aux', 'b:']
const PLAIN_NAMES = ['a', 'b', 'c', 'd']

test('I18 I19 I20 one tree changed on both sides comes to rest, with everything that was saved', () => {
  fc.assert(
    fc.property(twoSides(PLAIN_NAMES), (sides) => {
      expect(new TwoSidesWorld(sides).settle().rounds).toBeLessThanOrEqual(10)
    }),
    SEEDED,
  )
}, 60_000)

const COMPOSED = ODD_NAMES.filter((name) => name === name.normalize('NFC'))

test.each<[string, string[], Abilities]>([
  ['LINUX', ODD_NAMES, LINUX],
  ['MAC', ODD_NAMES, MAC],
  ['WINDOWS', COMPOSED, WINDOWS],
])(
  'I18 NM-01 NM-04 NM-08 so does a disk with the names of %s',
  (_, names, abilities) => {
    fc.assert(
      fc.property(twoSides(names), (sides) => {
        new TwoSidesWorld({ ...sides, device: { abilities } }).settle(20)
      }),
      SEEDED,
    )
  },
  60_000,
)

/** Whoever comes first keeps the name, and what outlives a delete may have to be put elsewhere: those are matters of order. */
const isUndisputed = ({ device }: TwoSidesWorld): boolean =>
  device.revived === 0 &&
  !device.done.some((step) => step.do === 'create-remote-folder' && !isLocalId(step.item)) &&
  !device.listing().some((line) => line.includes(' ('))

test('I22 the order of the index, and how much one plan holds, make no difference to the tree', () => {
  const dice = fc.infiniteStream(fc.nat({ max: 1_000 }))
  fc.assert(
    fc.property(twoSides(PLAIN_NAMES), dice, fc.integer({ min: 1, max: 4 }), (sides, rolls, maxSteps) => {
      const worlds = [
        new TwoSidesWorld(sides),
        new TwoSidesWorld(sides),
        new TwoSidesWorld({ ...sides, device: { maxSteps } }),
      ]
      worlds[1]!.device.trees.shuffleUnsettled((count) => rolls.next().value! % count)
      const listings = worlds.map((world) => world.settle(200).listing)
      if (!worlds.every(isUndisputed)) return
      expect(listings[1]).toEqual(listings[0])
      expect(listings[2]).toEqual(listings[0])
    }),
    SEEDED,
  )
}, 60_000)

test('what its id alone tells to be on its way makes the same plan as what is asked whether it is busy', () => {
  const dice = fc.infiniteStream(fc.boolean())
  fc.assert(
    fc.property(twoSides(PLAIN_NAMES), dice, (sides, rolls) => {
      const { trees, device } = new TwoSidesWorld(sides).device
      const busy = new Set([...trees.unsettled()].filter(() => rolls.next().value!))
      const isBusy = ({ id }: Item): boolean => busy.has(id)
      const asked = plan(trees, { ...device, isBusy })
      expect(plan(trees, { ...device, isBusy, isOnItsWay: (id) => busy.has(id) })).toEqual(asked)
    }),
    SEEDED,
  )
})
