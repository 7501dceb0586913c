/** The most recently used entries, each until its own end. */
export type LruCache<T> = {
  get(key: string, now: number): T | undefined
  set(key: string, value: T, endsAt: number): void
  readonly size: number
}

/** @param limit entries kept at most; the one unused for longest goes first */
export function lruCache<T>(limit: number): LruCache<T> {
  // A Map keeps the order of insertion: a used entry is inserted anew, the first one is the oldest.
  const entries = new Map<string, { value: T; endsAt: number }>()
  return {
    get(key, now) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      if (entry.endsAt <= now) return undefined
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, endsAt) {
      entries.delete(key)
      entries.set(key, { value, endsAt })
      if (entries.size > limit) entries.delete(entries.keys().next().value!)
    },
    get size() {
      return entries.size
    },
  }
}
