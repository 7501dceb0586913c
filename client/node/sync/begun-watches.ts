import { readFileSync } from 'node:fs'
import { BegunWatch } from './begun-watch.ts'

/** Watches of this process that were begun before anything is known but where the links are noted, by the path of their root. */
const begun = new Map<string, BegunWatch>()

/**
 * The first act of a background process: the library looks through the trees while the rest of the program is loaded.
 * @param linksPath of the file of the links; it is only looked into. What it says is for others to judge, and what it does not say is begun later.
 */
export function beginWatches(linksPath: string): void {
  for (const root of rootsIn(linksPath)) if (!begun.has(root)) begun.set(root, new BegunWatch(root))
}

/** @returns the one that was begun, which is the caller's now; or a new one */
export function takeWatch(root: string): BegunWatch {
  const watch = begun.get(root) ?? new BegunWatch(root)
  begun.delete(root)
  return watch
}

/** Those that nobody has taken. */
export async function endWatches(): Promise<void> {
  const left = [...begun.values()]
  begun.clear()
  await Promise.all(left.map((watch) => watch.end()))
}

type Noted = { links?: { root?: unknown; paused?: unknown }[] }

function rootsIn(path: string): string[] {
  try {
    const { links = [] } = JSON.parse(readFileSync(path, 'utf8')) as Noted
    return links.flatMap(({ root, paused }) => (typeof root === 'string' && paused !== true ? [root] : []))
  } catch {
    return []
  }
}
