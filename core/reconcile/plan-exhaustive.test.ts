import { expect, test } from 'vitest'
import { treeAfter, type BaseTree, type Change } from '../../test/support/tree-changes.ts'
import { TwoSidesWorld } from '../../test/support/two-sides.ts'

/**
 * Every tree of few nodes, every change of each side: whatever the two did, the device comes to rest with what the server has (I18, I19), in
 * few rounds (I20), and nothing that anybody saved is gone (I1-I3, I5, I6).
 */
const NAMES = ['a', 'b', 'c', 'd']

/** Every tree of that many nodes, each named by its number: shapes and kinds, not names. */
function* trees(nodes: number): Generator<BaseTree> {
  if (nodes === 0) return yield []
  for (const smaller of trees(nodes - 1)) {
    const name = NAMES[nodes - 1]!
    for (const parent of ['', ...smaller.filter((path) => path.endsWith('/'))]) {
      yield [...smaller, `${parent}${name}`]
      yield [...smaller, `${parent}${name}/`]
    }
  }
}

/** Every change that can be made to a tree. New names: those of others, and one that nobody has. */
function* changes(base: BaseTree, by: 'L' | 'R', ordinal: number): Generator<Change> {
  const paths = base.map((path) => path.replace(/\/$/, ''))
  const folders = ['', ...base.filter((path) => path.endsWith('/'))]
  const free = folders.flatMap((folder) => [...NAMES.slice(0, base.length), 'n'].map((name) => folder + name))
  for (const path of paths) yield { do: 'delete', path }
  for (const path of base) if (!path.endsWith('/')) yield { do: 'edit', path, text: `${by}${ordinal} ${path}` }
  for (const path of free.filter((some) => !paths.includes(some))) {
    yield { do: 'create', path, text: `${by}${ordinal} ${path}` }
    yield { do: 'mkdir', path }
    for (const from of paths) if (!`${path}/`.startsWith(`${from}/`)) yield { do: 'move', from, to: path }
  }
}

function* sequences(base: BaseTree, by: 'L' | 'R', length: number): Generator<Change[]> {
  yield []
  if (length === 0) return
  for (const first of changes(base, by, length))
    for (const rest of sequences(treeAfter(base, first), by, length - 1)) yield [first, ...rest]
}

type Extent = { nodes: number; local: number; remote: number; every: number }

/** @param every one of so many, the first of them `from` */
function playAll({ nodes, local, remote, every }: Extent, from: number): { played: number; rounds: number } {
  let [at, played, most] = [from, 0, 0]
  for (const base of trees(nodes)) {
    const here = [...sequences(base, 'L', local)]
    const there = [...sequences(base, 'R', remote)]
    const count = here.length * there.length
    for (; at < count; at += every, played++) {
      const sides = { base, local: here[Math.floor(at / there.length)]!, remote: there[at % there.length]! }
      try {
        most = Math.max(most, new TwoSidesWorld(sides).settle().rounds)
      } catch (error) {
        throw new Error(JSON.stringify(sides), { cause: error })
      }
    }
    at -= count
  }
  return { played, rounds: most }
}

/**
 * All of the small ones; of the large ones every so many. `SYNC_EXHAUSTIVE=1` plays 100 times as many of them, which takes some minutes;
 * `SYNC_EXHAUSTIVE_FROM` begins elsewhere, so that nights differ.
 */
const isLong = process.env['SYNC_EXHAUSTIVE'] === '1'
const from = Number(process.env['SYNC_EXHAUSTIVE_FROM'] ?? 0)
const EXTENTS: Extent[] = [
  { nodes: 1, local: 2, remote: 2, every: 7 },
  { nodes: 2, local: 1, remote: 1, every: 1 },
  { nodes: 2, local: 2, remote: 2, every: 503 },
  { nodes: 3, local: 1, remote: 1, every: 11 },
  { nodes: 3, local: 2, remote: 2, every: 60_013 },
  { nodes: 4, local: 1, remote: 1, every: 211 },
  { nodes: 4, local: 2, remote: 2, every: 2_000_003 },
]

test.each(EXTENTS)(
  'I18 I19 I20 trees of $nodes nodes, $local changes here, $remote there',
  (extent) => {
    const every = isLong ? Math.ceil(extent.every / 100) : extent.every
    const { played, rounds } = playAll({ ...extent, every }, from % every)
    expect(played).toBeGreaterThan(1_000)
    expect(rounds).toBeLessThanOrEqual(6)
  },
  3_600_000,
)
