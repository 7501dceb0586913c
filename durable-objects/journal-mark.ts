import type { Head } from '../db/tenant/lease.ts'

/**
 * What an object remembers of its journal in storage of its own, outside Postgres: the furthest entry that it wrote or showed. A database
 * that was restored from a backup does not know that entry, and that is how the restore is noticed (docs/spec/feed.md, FD-9): what a
 * client was told must not be told again under the same seq with another meaning.
 *
 *     mark     e1 ────────── 50          written by us
 *     Postgres e1 ───── 30               restored: behind the mark          → a new epoch
 *              e1 ───── 30 ········ 60   the same, and written on since     → entry 50 is another one → a new epoch
 *              e0 ────────── 70          an epoch that had ended            → a new epoch
 *              e2 ───── 30               somebody has taken a new one       → believed
 */
export type Mark = {
  epoch: string
  seq: number
  /** The time of the entry `seq`: another entry under the same seq has another. `null`: no entry was seen in this epoch. */
  at: number | null
  /** Epochs that have ended, the latest last. */
  past: string[]
}

const MAX_PAST = 50

/** @param atOfMarked the time of the entry `mark.seq` as Postgres has it now; `null`: it is not there, or was not looked up */
export function isRewound(mark: Mark | null, head: Pick<Head, 'epoch' | 'seq'>, atOfMarked: number | null): boolean {
  if (mark === null) return false
  if (head.epoch !== mark.epoch) return mark.past.includes(head.epoch)
  if (head.seq < mark.seq) return true
  return atOfMarked !== null && mark.at !== null && atOfMarked !== mark.at
}

/** The mark after an entry of `epoch` was written or shown; the same object when that says nothing new. */
export function raised(mark: Mark | null, seen: { epoch: string; seq: number; at: number | null }): Mark {
  if (mark === null) return { ...seen, past: [] }
  if (mark.epoch === seen.epoch) return seen.seq > mark.seq ? { ...mark, ...seen } : mark
  // A page that was asked for before the epoch ended.
  if (mark.past.includes(seen.epoch)) return mark
  return { ...seen, past: [...mark.past, mark.epoch].slice(-MAX_PAST) }
}

/**
 * A write costs about a millisecond of the object's thread, and a busy journal has a hundred transactions a second: so the mark is
 * written at once when it was quiet, and then this often.
 */
const WRITE_EVERY_MS = 100

/** What of an object's storage it uses. */
type Storage = {
  kv: { get(key: string): unknown }
  put(key: string, value: Mark | null, options: { allowUnconfirmed: boolean }): Promise<void>
}

export type JournalMarkDeps = {
  storage: Storage
  wait: (ms: number) => Promise<void>
  onFailure: (error: unknown) => void
}

const KEY = 'journalMark'

/** The mark, in memory and in the object's storage. */
export class JournalMark {
  readonly #deps: JournalMarkDeps
  #mark: Mark | null
  #isWriting = false

  constructor(deps: JournalMarkDeps) {
    this.#deps = deps
    this.#mark = (deps.storage.kv.get(KEY) as Mark | undefined) ?? null
  }

  /** As it is now. Compare with what is read *after* this: an entry that was written meanwhile is no rewound one. */
  get value(): Mark | null {
    return this.#mark
  }

  raise(seen: { epoch: string; seq: number; at: number | null }): void {
    const mark = raised(this.#mark, seen)
    if (mark === this.#mark) return
    this.#mark = mark
    if (!this.#isWriting) void this.#write()
  }

  /** Nobody waits for it (`allowUnconfirmed`): a mark that is lost in a crash knows less, never too much. */
  async #write(): Promise<void> {
    const { storage, wait, onFailure } = this.#deps
    this.#isWriting = true
    try {
      for (let written: Mark | null = null; written !== this.#mark; await wait(WRITE_EVERY_MS)) {
        written = this.#mark
        await storage.put(KEY, written, { allowUnconfirmed: true })
      }
    } catch (error) {
      onFailure(error)
    } finally {
      this.#isWriting = false
    }
  }
}
