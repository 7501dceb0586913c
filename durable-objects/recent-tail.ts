import type { FeedEntry, JournalPage } from '../db/tenant/journal.ts'
import { weightOf } from './entry-weight.ts'

/** How many of the newest entries stay in memory, about 8 MB; fewer where names and properties are long. */
const TAIL_ENTRIES = 10_000
const TAIL_BYTES = 16_000_000
/** It may grow by so much before it is cut. */
const SLACK = 1.2
/** A tail that nobody has confirmed for this long is checked against Postgres: another process may own the journal. */
const TRUST_MS = 1_000

/** A gap-free run of entries: those in `(from, head]`, where `head` was the head of the journal. */
type Run = { epoch: string; horizon: number; from: number; head: number; entries: FeedEntry[]; bytes: number }

/**
 * The newest entries of the journal, so that devices that are nearly up to date cost no query. A cache: it is dropped whenever what
 * comes does not join on, and answers nothing that has not been the truth within the last second.
 */
export class RecentTail {
  #run: Run | null = null
  #confirmedAt = -Infinity

  /** Entries that this object has just written, after `oldSeq`. */
  append(
    { epoch, oldSeq, entries }: { epoch: string; oldSeq: number; entries: readonly FeedEntry[] },
    now: number,
  ): void {
    const joins = this.#run !== null && this.#run.epoch === epoch && this.#run.head === oldSeq
    this.#run = joins ? this.#run! : runAt({ epoch, horizon: 0, at: oldSeq })
    extend(this.#run, entries)
    this.#confirmedAt = now
  }

  /** What Postgres said at `askedAt` of the entries after `after`: it confirms the tail, extends it, or shows that it is of another time. */
  learn(page: JournalPage, after: number, askedAt: number): void {
    const { epoch, horizon, head, entries } = page
    const run = this.#run
    if (run) run.horizon = horizon
    const isWhole = after + entries.length === head
    if (run && run.epoch === epoch && run.head >= head) {
      // A page that was asked for before a commit says less than the commit did.
      if (run.head === head) this.#confirmedAt = Math.max(this.#confirmedAt, askedAt)
    } else if (run && run.epoch === epoch && isWhole && after <= run.head) {
      this.append({ epoch, oldSeq: run.head, entries: entries.slice(run.head - after) }, askedAt)
    } else {
      this.#run = isWhole ? runAt({ epoch, horizon, at: after }) : null
      if (this.#run) extend(this.#run, entries)
      this.#confirmedAt = askedAt
    }
  }

  /** At most `limit` entries after `seq`; `null` when they are not all here, or perhaps not the newest. */
  after(seq: number, limit: number, now: number): JournalPage | null {
    if (this.#run === null || now - this.#confirmedAt >= TRUST_MS) return null
    const { epoch, horizon, from, head, entries } = this.#run
    if (seq < from || seq > head || seq < horizon) return null
    return { entries: entries.slice(seq - from, seq - from + limit), head, epoch, horizon }
  }

  forget(): void {
    this.#run = null
  }
}

const runAt = ({ epoch, horizon, at }: { epoch: string; horizon: number; at: number }): Run => ({
  epoch,
  horizon,
  from: at,
  head: at,
  entries: [],
  bytes: 0,
})

function extend(run: Run, entries: readonly FeedEntry[]): void {
  for (const entry of entries) {
    run.entries.push(entry)
    run.bytes += weightOf(entry)
  }
  run.head += entries.length
  if (run.entries.length <= TAIL_ENTRIES * SLACK && run.bytes <= TAIL_BYTES * SLACK) return
  let cut = Math.max(0, run.entries.length - TAIL_ENTRIES)
  for (const entry of run.entries.slice(0, cut)) run.bytes -= weightOf(entry)
  while (run.bytes > TAIL_BYTES) run.bytes -= weightOf(run.entries[cut++]!)
  run.entries = run.entries.slice(cut)
  run.from += cut
}
