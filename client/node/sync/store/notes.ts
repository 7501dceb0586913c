import type { Connection } from './connection.ts'

/** The small facts beside the items: cursor, counters, meta. All are in memory; changes are written with the transaction. */
export type Notes = {
  get(key: string): string | null
  set(key: string, value: string | null): void
  getNumber(key: string): number
  hasChanges(): boolean
  /** Inside the transaction. */
  flush(): void
  /** After it: `true` when it holds. */
  settle(isCommitted: boolean): void
}

export function openNotes(db: Connection): Notes {
  const put = db.prepare('insert or replace into note values (?, ?)')
  const drop = db.prepare('delete from note where key = ?')
  const held = new Map(db.prepare('select key, value from note').all() as [string, string][])
  const before = new Map<string, string | null>()
  const get = (key: string): string | null => held.get(key) ?? null
  const assign = (key: string, value: string | null): void =>
    void (value === null ? held.delete(key) : held.set(key, value))
  return {
    get,
    set(key, value) {
      if (get(key) === value) return
      if (!before.has(key)) before.set(key, get(key))
      assign(key, value)
    },
    getNumber: (key) => Number(get(key) ?? 0),
    hasChanges: () => before.size > 0,
    flush() {
      for (const key of before.keys()) {
        const value = get(key)
        if (value === null) drop.run(key)
        else put.run(key, value)
      }
    },
    settle(isCommitted) {
      if (!isCommitted) for (const [key, value] of before) assign(key, value)
      before.clear()
    },
  }
}
