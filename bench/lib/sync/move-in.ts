import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { secondsOf } from '../alternate.ts'
import type { SyncComputer } from './sync-computer.ts'

/** Both computers linked to one place, and idle. */
export async function startPair({ a, b }: { a: SyncComputer; b: SyncComputer }, place: string): Promise<void> {
  for (const computer of [a, b]) {
    await computer.link(place)
    await computer.start()
    await computer.untilHas(0)
  }
}

/**
 * Moves a finished tree into the folder of A in one step, and waits until B is up to date with all of it.
 * @returns seconds
 */
export async function syncTree(
  { a, b }: { a: SyncComputer; b: SyncComputer },
  { tree, items }: { tree: string; items: number },
): Promise<{ seconds: number; secondsOfA: number }> {
  let secondsOfA = 0
  const seconds = await secondsOf(async () => {
    await rename(tree, join(a.folder, 'tree'))
    secondsOfA = await secondsOf(() => a.untilHas(items))
    await b.untilHas(items)
  })
  await requireSame(a.folder, b.folder)
  return { seconds, secondsOfA }
}

/** One computer alone: it sends a finished tree to the server. @returns seconds */
export async function sendTree(
  computer: SyncComputer,
  { place, tree, items }: { place: string; tree: string; items: number },
): Promise<number> {
  await computer.link(place)
  await computer.start()
  await computer.untilHas(0)
  return secondsOf(async () => {
    await rename(tree, join(computer.folder, 'tree'))
    await computer.untilHas(items)
  })
}

/** @throws when the two folders do not hold the same names */
async function requireSame(one: string, two: string): Promise<void> {
  const [here, there] = await Promise.all([one, two].map(namesBelow))
  const onB = new Set(there)
  const missing = here!.filter((name) => !onB.has(name))
  if (missing.length > 0 || here!.length !== there!.length)
    throw new Error(`${here!.length} on A, ${there!.length} on B; such as ${missing.slice(0, 3)}`)
}

const namesBelow = (folder: string): Promise<string[]> => readdir(join(folder, 'tree'), { recursive: true })
