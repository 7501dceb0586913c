import type { FeedEntry } from '../db/tenant/journal.ts'

/** How many of the newest entries stay in memory: about 6 MB. */
const TAIL_ENTRIES = 10_000

/**
 * The newest entries of the journal, so that devices that are nearly up to date cost no query. A cache: it knows a gap-free run
 * `(from, head]` and is dropped whenever what comes does not join on.
 */
export class RecentTail {
  #entries: FeedEntry[] = []
  #head: number | null = null

  append(oldSeq: number, entries: FeedEntry[]): void {
    if (this.#head !== oldSeq) this.#entries = []
    this.#entries.push(...entries)
    this.#head = oldSeq + entries.length
    if (this.#entries.length > TAIL_ENTRIES * 1.2) this.#entries = this.#entries.slice(-TAIL_ENTRIES)
  }

  /** Entries after `seq`, or `null` when they are not all here. */
  after(seq: number, limit: number): { entries: FeedEntry[]; head: number } | null {
    const first = this.#entries[0]
    if (this.#head === null || first === undefined || seq < first.seq - 1 || seq > this.#head) return null
    const from = seq - first.seq + 1
    return { entries: this.#entries.slice(from, from + limit), head: this.#head }
  }

  forget(): void {
    this.#entries = []
    this.#head = null
  }
}
