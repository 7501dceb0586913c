import type { WalkEntry } from '../transfer/plan.ts'

/**
 * Walks what was named on the command line. A file becomes one entry; a folder becomes itself and all below it, parents first.
 * Symbolic links and special files are reported, not followed; so is what cannot be read and what the server would refuse by name.
 * @param roots paths; `as` renames the entry at the destination (`put a.txt dest/b.txt`); `as: null` on a folder takes its contents only
 */
export async function* walk(_roots: readonly { path: string; as?: string | null }[]): AsyncIterable<WalkEntry> {
  throw new Error('being written')
}
