/** A chunk row that the collector holds the lock of. */
export type LockedChunk = {
  objectKey: string
  sha256: string
  state: 'live' | 'deleting' | 'quarantined'
  /** Unix milliseconds; `null`: in use, as far as its row knows. */
  orphanedMs: number | null
}

export type OrphanFacts = {
  locked: readonly LockedChunk[]
  /** All chunks of each object, locked or not. */
  counts: readonly { objectKey: string; chunks: number }[]
  /** Chunks that a content refers to, seen after the lock was taken. */
  used: readonly { objectKey: string; sha256: string }[]
  /** Only what is orphaned since this time or longer is collected. */
  cutoffMs: number
}

export type SortedOrphans = {
  /** Objects to be deleted. */
  collect: string[]
  /** Chunks that are in use after all. */
  keep: { objectKey: string; sha256: string }[]
  /** Objects to be looked at again: another transaction holds a row, or the grace is not over. */
  postpone: string[]
}

/**
 * Which objects may go. An object goes as a whole or not at all: every one of its chunks must be locked by us, unused,
 * and an orphan for the whole grace time.
 */
export function sortOrphans({ locked, counts, used, cutoffMs }: OrphanFacts): SortedOrphans {
  const lockedOf = byObject(locked)
  const usedOf = byObject(used)
  const sorted: SortedOrphans = { collect: [], keep: [], postpone: [] }
  for (const { objectKey, chunks } of counts) {
    const held = lockedOf.get(objectKey) ?? []
    const inUse = usedOf.get(objectKey) ?? []
    const isOld = (chunk: LockedChunk) => chunk.orphanedMs !== null && chunk.orphanedMs <= cutoffMs
    if (held.length < chunks) sorted.postpone.push(objectKey)
    else if (inUse.length > 0) sorted.keep.push(...inUse)
    else if (held.every(isOld)) sorted.collect.push(objectKey)
    else sorted.postpone.push(objectKey)
  }
  return sorted
}

function byObject<T extends { objectKey: string }>(chunks: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const chunk of chunks) {
    const group = groups.get(chunk.objectKey)
    if (group) group.push(chunk)
    else groups.set(chunk.objectKey, [chunk])
  }
  return groups
}
