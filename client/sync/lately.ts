import type { Trees } from '../../core/reconcile/item.ts'
import type { Clock, SyncStore } from './ports.ts'

/** Deletes within so long belong together: whoever deletes a tree may take his time. */
const TOGETHER_MS = 600_000
/** Counted as one. */
const GRAIN_MS = 10_000
const NOTE = 'lately'

type Went = { atMs: number; local: number; remote: number }
type Notes = Pick<SyncStore, 'meta' | 'write'>

/**
 * How many items were deleted in the last minutes, here and on the server, so that many deletes that come one after the other are seen as many (P9).
 * Noted in the store: a restart in between hides none of them.
 */
export class Lately {
  readonly #clock: Pick<Clock, 'now'>
  readonly #notes: Notes
  readonly #went: Went[]
  #gone = { local: 0, remote: 0 }

  constructor(clock: Pick<Clock, 'now'>, notes: Notes) {
    this.#clock = clock
    this.#notes = notes
    this.#went = readNote(notes.meta(NOTE))
  }

  /** Before anybody looks at either side again: what was gone after the last look, and is not any more, is done. */
  before(trees: Pick<Trees, 'gone'>): void {
    const gone = trees.gone()
    const went = {
      // What was gone here was deleted there.
      remote: Math.max(0, this.#gone.local - gone.local),
      local: Math.max(0, this.#gone.remote - gone.remote),
    }
    this.#gone = gone
    if (went.local + went.remote > 0) this.#add(went)
  }

  /** Both sides were looked at. */
  after(trees: Pick<Trees, 'gone'>): void {
    this.#gone = trees.gone()
  }

  counts(): { local: number; remote: number } {
    const now = this.#clock.now()
    const counts = { local: 0, remote: 0 }
    for (const { atMs, local, remote } of this.#went) {
      if (Math.abs(now - atMs) > TOGETHER_MS) continue
      counts.local += local
      counts.remote += remote
    }
    return counts
  }

  /** It was asked about, and answered. */
  forget(): void {
    if (this.#went.length === 0) return
    this.#went.length = 0
    this.#note()
  }

  #add({ local, remote }: { local: number; remote: number }): void {
    const now = this.#clock.now()
    const last = this.#went.at(-1)
    if (last && Math.abs(now - last.atMs) < GRAIN_MS) {
      last.local += local
      last.remote += remote
    } else {
      while (this.#went.length > TOGETHER_MS / GRAIN_MS) this.#went.shift()
      this.#went.push({ atMs: now, local, remote })
    }
    this.#note()
  }

  #note(): void {
    const text = this.#went.length === 0 ? null : JSON.stringify(this.#went)
    this.#notes.write((to) => to.setMeta(NOTE, text))
  }
}

/** What another version wrote, and this one cannot read, counts for nothing. */
function readNote(text: string | null): Went[] {
  try {
    const went: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(went) ? went.filter(isWent) : []
  } catch {
    return []
  }
}

const isWent = (one: Partial<Went> | null): one is Went =>
  [one?.atMs, one?.local, one?.remote].every((number) => Number.isFinite(number))
