import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAC, WINDOWS } from '../../test/support/planned-device.ts'
import { treeAfter, TwoSidesWorld, type BaseTree, type Change, type TwoSides } from '../../test/support/two-sides.ts'
import { LINUX, type Abilities } from './abilities.ts'

const runs = Number(process.env['SYNC_RUNS'] ?? 400)
const SEEDED = { seed: Number(process.env['SYNC_SEED'] ?? 20261121), numRuns: runs }

/** Names that some systems take for one, or refuse. */
const ODD_NAMES = ['a', 'A', 'b', 'é', 'e\u0301', 'É', 'aux', 'b:']
const PLAIN_NAMES = ['a', 'b', 'c', 'd']

type Pick = { kind: Change['do']; at: number; into: number; name: string; text: number }

const kind = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Change['do']>('edit') },
  { weight: 2, arbitrary: fc.constant<Change['do']>('create') },
  { weight: 2, arbitrary: fc.constant<Change['do']>('mkdir') },
  { weight: 5, arbitrary: fc.constant<Change['do']>('move') },
  { weight: 2, arbitrary: fc.constant<Change['do']>('delete') },
  { weight: 1, arbitrary: fc.constant<Change['do']>('chmod') },
)
const pick = (names: string[]): fc.Arbitrary<Pick> =>
  fc.record({ kind, at: fc.nat(), into: fc.nat(), name: fc.constantFrom(...names), text: fc.nat({ max: 999 }) })

/** A tree of folders and files, each below one that came before; no two siblings that any disk takes for one. */
const baseTree = (names: string[]): fc.Arbitrary<BaseTree> =>
  fc
    .array(fc.record({ isFolder: fc.boolean(), into: fc.nat(), name: fc.constantFrom(...names) }), { maxLength: 8 })
    .map((wanted) => {
      const tree: string[] = []
      for (const { isFolder, into, name } of wanted) {
        const path = among(foldersOf(tree), into) + name
        if (/aux|:/.test(name) || tree.some((some) => isTwin(some, path))) continue
        tree.push(isFolder ? `${path}/` : path)
      }
      return tree
    })

const isTwin = (a: string, b: string): boolean => loose(a.replace(/\/$/, '')) === loose(b)
const loose = (path: string): string => path.normalize('NFC').toLowerCase()
const foldersOf = (tree: BaseTree): string[] => ['', ...tree.filter((path) => path.endsWith('/'))]
const among = <T>(some: readonly T[], at: number): T => some[at % some.length]!

/** Changes of what is there then, so that most of them can be made. */
function changesOf(base: BaseTree, picks: readonly Pick[], by: 'L' | 'R'): Change[] {
  const changes: Change[] = []
  let tree = base
  for (const { kind: what, at, into, name, text } of picks) {
    const path = tree.length > 0 ? among(tree, at).replace(/\/$/, '') : name
    const place = among(foldersOf(tree), into) + name
    const next = ((): Change => {
      switch (what) {
        case 'edit':
          return { do: what, path, text: `${by}${text}` }
        case 'create':
          return { do: what, path: place, text: `${by}${text}` }
        case 'mkdir':
          return { do: what, path: place }
        case 'move':
          return { do: what, from: path, to: place }
        case 'delete':
        case 'chmod':
          return { do: what, path }
      }
    })()
    const isInto = what === 'move' || what === 'create' || what === 'mkdir'
    if (isInto && tree.includes(place)) continue
    if (what === 'move' && `${place}/`.startsWith(`${path}/`)) continue
    changes.push(next)
    tree = treeAfter(tree, next)
  }
  return changes
}

const twoSides = (names: string[], length = 6): fc.Arbitrary<TwoSides> =>
  fc
    .record({
      base: baseTree(names),
      local: fc.array(pick(names), { maxLength: length }),
      remote: fc.array(pick(names), { maxLength: length }),
    })
    .map(({ base, local, remote }) => ({
      base,
      local: changesOf(base, local, 'L'),
      remote: changesOf(base, remote, 'R'),
    }))

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

/** Whoever comes first keeps the name, and where the server revives a file depends on what is there: those are matters of order. */
const isUndisputed = ({ device }: TwoSidesWorld): boolean =>
  device.revived === 0 && !device.listing().some((line) => line.includes(' ('))

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
