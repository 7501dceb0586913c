import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashOf, scanWorld, type ScanWorld } from '../../../test/support/scan-world.ts'

const START = { 'a/': '', 'a/b/': '', 'a/b/c': '1', 'a/c': '2', 'b/': '', 'b/a': '3', c: '4', d: '5' }

type Op =
  | { do: 'write' | 'save' | 'remove' | 'makeFolder'; at: string; text: string }
  | { do: 'rename' | 'swap' | 'link'; at: string; to: string }
  | { do: 'scan' }
  | { do: 'hint'; at: string }

const name = fc.constantFrom('a', 'b', 'c', 'd')
const path = fc
  .oneof(
    { weight: 3, arbitrary: fc.tuple(name) },
    { weight: 2, arbitrary: fc.tuple(name, name) },
    fc.tuple(name, name, name),
  )
  .map((names) => names.join('/'))
const text = fc.string({ maxLength: 4 })
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('write', 'save', 'remove', 'makeFolder'), at: path, text }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('rename', 'swap', 'link'), at: path, to: path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('scan') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hint'), at: path }) },
)

async function happen(world: ScanWorld, step: Op): Promise<void> {
  if (step.do === 'scan') return void (await world.scanner().full())
  if (step.do === 'hint') return void (await world.scanner().folders([step.at]))
  // What the system refuses (no such folder, a folder into itself …) did not happen.
  await edit(world, step).catch(() => {})
}

async function edit({ user }: ScanWorld, step: Exclude<Op, { do: 'scan' | 'hint' }>): Promise<void> {
  switch (step.do) {
    case 'write':
      return user.write(step.at, step.text)
    case 'save':
      await user.write('.save', step.text)
      return user.rename('.save', step.at)
    case 'remove':
      return user.remove(step.at)
    case 'makeFolder':
      return user.makeFolder(step.at)
    case 'rename':
      return user.rename(step.at, step.to)
    case 'link':
      return user.link(step.at, step.to)
    case 'swap':
      await user.rename(step.at, '.swap')
      await user.rename(step.to, step.at).catch(() => user.rename('.swap', step.at))
      return user.rename('.swap', step.to)
  }
}

/** One item a name, and every parent a folder, after each transaction. */
function checkEveryWrite({ store, items }: ScanWorld): void {
  const write = store.write.bind(store)
  store.write = (change) => {
    const result = write(change)
    const places = items().map(({ local }) => local?.place)
    const names = places.map((place) => `${place?.parent}/${place?.name}`)
    expect(new Set(names).size).toBe(names.length)
    const all = [...store.data.items.values()].filter(({ local }) => local !== null)
    expect(all.length).toBe(names.length)
    return result
  }
}

function onDisk(root: string, below = ''): string[] {
  return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const at = join(below, entry.name)
    if (at === '.bitvault') return []
    if (entry.isDirectory()) return [`${at} folder`, ...onDisk(root, at)]
    return [`${at} ${entry.isFile() ? hashOf(readFileSync(join(root, at), 'utf8')) : readlinkSync(join(root, at))}`]
  })
}

/** Each scan of a large tree starts a thread. */
const SIZES = [
  { size: 'small', largeFrom: Infinity, numRuns: 60 },
  { size: 'large', largeFrom: 0, numRuns: 15 },
]

test.for(SIZES)(
  'P8, I7: whatever happened in a $size tree, in the end it is what is on the disk, every name once',
  { timeout: 60_000 },
  async ({ largeFrom, numRuns }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(op, { minLength: 10, maxLength: 60, size: 'max' }), async (ops) => {
        const world = await scanWorld({ largeFrom })
        try {
          await world.startWith(START)
          checkEveryWrite(world)
          for (const step of ops) await happen(world, step)
          await world.scanned()
          // A scan may leave to the next one what it cannot tell yet; that one finds nothing more to be done.
          await world.scanned()
          expect(world.tree()).toEqual(onDisk(world.disk.rootPath).sort())
          expect(await world.scanned()).toMatchObject({ changed: 0, again: [] })
        } finally {
          await world.close()
        }
      }),
      { seed: 20, numRuns },
    )
  },
)

test.for(SIZES)(
  'I21: what was only moved in a $size tree keeps its item, whatever moved over or around it',
  { timeout: 60_000 },
  async ({ largeFrom, numRuns }) => {
    const moves = fc.array(fc.record({ do: fc.constantFrom('rename' as const, 'swap' as const), at: path, to: path }), {
      minLength: 1,
      maxLength: 6,
      size: 'max',
    })
    await fc.assert(
      fc.asyncProperty(moves, async (ops) => {
        const world = await scanWorld({ largeFrom })
        try {
          await world.startWith(START)
          const idOf = new Map(world.items().map(({ id, local }) => [local?.stamp.ino, id]))
          for (const step of ops) await happen(world, step)
          await world.scanned()
          for (const { id, local } of world.items()) {
            if (local?.kind === 'file') expect(id).toBe(idOf.get(local.stamp.ino))
          }
        } finally {
          await world.close()
        }
      }),
      { seed: 21, numRuns },
    )
  },
)
