import { sightOf, type Readable } from '../core/access/visibility.ts'
import { invariant } from '../core/errors.ts'
import { requireWithin, type Cursor } from '../core/namespace/cursor.ts'
import type { FeedEntry, JournalPage } from '../db/tenant/journal.ts'
import { weightOf } from './entry-weight.ts'
import { isRewound, type JournalMark } from './journal-mark.ts'
import type { RecentTail } from './recent-tail.ts'

export type FeedPage = {
  entries: FeedEntry[]
  epoch: string
  /** Where the page ends, also when nothing in it was readable. */
  through: number
  more: boolean
}

/** `epoch: null`: whichever it is now. */
export type Place = { epoch: string | null; seq: number }

export type FeedDeps = {
  tail: RecentTail
  mark: JournalMark
  /** One query: entries after `after`, and the head at that moment. */
  read: (after: number, limit: number) => Promise<JournalPage>
  /** Begins a new epoch if the database was restored. */
  renew: () => Promise<void>
  clock: () => number
}

/** Of one page; whatever comes first ends it (FD-3). */
export const PAGE_LIMITS = { bytes: 1_000_000, lookedAt: 10_000, scanMs: 200 }
const SLICE_MAX = 1_000

/** Reads the journal for whoever asks: from memory where that is surely the truth, else from Postgres. */
export class Feed {
  readonly #deps: FeedDeps

  constructor(deps: FeedDeps) {
    this.#deps = deps
  }

  /**
   * The next entries of which `readable` shows at most `limit`.
   * @throws resync-required
   */
  async page(readable: Readable, from: Place, limit: number): Promise<FeedPage> {
    const until = this.#deps.clock() + PAGE_LIMITS.scanMs
    let at: Cursor | null = from.epoch === null ? null : { epoch: from.epoch, seq: from.seq }
    const entries: FeedEntry[] = []
    let [bytes, lookedAt] = [0, 0]
    for (let size = limit; ; size = Math.min(SLICE_MAX, size * 2)) {
      const slice = await this.slice(at ?? from, size)
      at ??= { epoch: slice.epoch, seq: from.seq }
      requireWithin(at, { epoch: slice.epoch, seq: slice.head, horizon: slice.horizon })
      const done = (more: boolean): FeedPage => ({ entries, epoch: slice.epoch, through: at!.seq, more })
      for (const entry of slice.entries) {
        invariant(entry.seq === at.seq + 1, 'a journal without gaps')
        if (sightOf(readable, entry.node) === 'shown') {
          bytes += weightOf(entry)
          if (entries.length === limit || (entries.length > 0 && bytes > PAGE_LIMITS.bytes)) return done(true)
          entries.push(entry)
        }
        at = { ...at, seq: entry.seq }
      }
      lookedAt += slice.entries.length
      if (at.seq >= slice.head) return done(false)
      if (entries.length === limit || lookedAt >= PAGE_LIMITS.lookedAt || this.#deps.clock() >= until) return done(true)
    }
  }

  /** The entries after a place, of every space. Whether the journal holds that place is told by the head, horizon and epoch beside them. */
  async slice(from: Place, limit: number): Promise<JournalPage> {
    const { tail, clock } = this.#deps
    const recent = tail.after(from.seq, limit, clock())
    // One of another epoch may be the newer one.
    if (recent && (from.epoch === null || from.epoch === recent.epoch)) return recent
    const page = await this.#ask(from.seq, limit)
    return page ?? this.#afterRestore(from.seq, limit)
  }

  /** @returns `null` when the database does not know what we wrote */
  async #ask(after: number, limit: number): Promise<JournalPage | null> {
    const { tail, mark, read, clock } = this.#deps
    const [marked, askedAt] = [mark.value, clock()]
    const page = await read(after, limit)
    const atOfMarked = page.entries.find((entry) => entry.seq === marked?.seq)?.at ?? null
    if (isRewound(marked, { epoch: page.epoch, seq: page.head }, atOfMarked)) return null
    tail.learn(page, after, askedAt)
    const last = page.entries.at(-1)
    if (last) mark.raise({ epoch: page.epoch, seq: last.seq, at: last.at })
    return page
  }

  async #afterRestore(after: number, limit: number): Promise<JournalPage> {
    this.#deps.tail.forget()
    await this.#deps.renew()
    const page = await this.#ask(after, limit)
    invariant(page !== null, 'a new epoch is behind nothing')
    return page
  }
}
