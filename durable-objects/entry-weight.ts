import type { FeedEntry } from '../db/tenant/journal.ts'

/** About the bytes of an entry, on the wire and in memory: what cannot be long is counted as a constant. */
export function weightOf({ node }: FeedEntry): number {
  const { name, linkTarget, properties } = node
  let length = name.length + (linkTarget?.length ?? 0)
  for (const key in properties) length += key.length + properties[key]!.length
  return 800 + 2 * length
}
