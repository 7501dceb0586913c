import type { ItemId } from '../../../core/reconcile/item.ts'
import type { Clock } from '../ports.ts'

const FIRST_MS = 500
const MAX_MS = 60_000
/** Nothing was seen to change for so long: it is read now, however long it would have had to wait. */
const QUIET_MS = 2_000
const FORGET_MS = 300_000
const REMEMBERED = 1_000

type File = { changedMs: number; readMs: number | null; waitMs: number }

/**
 * Files that change again and again: a log, a recording, a disk image. The first change is read, and so sent, at once; each next one that comes soon after waits twice as
 * long, up to a minute, or until it is quiet (WR-05). Known to this process alone, and forgotten a while after the last change.
 */
export class Restless {
  readonly #clock: Pick<Clock, 'now'>
  readonly #files = new Map<ItemId, File>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** It was seen to have changed. */
  changed(id: ItemId): void {
    const now = this.#clock.now()
    const file = this.#files.get(id)
    if (file) file.changedMs = now
    else {
      if (this.#files.size >= REMEMBERED) this.#forgetSome(now)
      this.#files.set(id, { changedMs: now, readMs: null, waitMs: FIRST_MS })
    }
  }

  /** Before it is read. @returns 0: now, also when the clock was set back */
  waitMs(id: ItemId): number {
    const file = this.#files.get(id)
    if (!file || file.readMs === null) return 0
    const now = this.#clock.now()
    if (now < Math.max(file.readMs, file.changedMs)) return 0
    return Math.max(0, Math.min(file.readMs + file.waitMs, file.changedMs + QUIET_MS) - now)
  }

  /** It was read, whole. */
  read(id: ItemId): void {
    const file = this.#files.get(id)
    if (!file) return
    const now = this.#clock.now()
    const isSoon = file.readMs !== null && now - file.readMs < 4 * file.waitMs
    file.waitMs = isSoon ? Math.min(MAX_MS, file.waitMs * 2) : FIRST_MS
    file.readMs = now
  }

  /** Those that rest; when none does, those that have been known for longest. */
  #forgetSome(now: number): void {
    for (const [id, { changedMs }] of this.#files) if (Math.abs(now - changedMs) > FORGET_MS) this.#files.delete(id)
    for (const id of this.#files.keys()) {
      if (this.#files.size < REMEMBERED) return
      this.#files.delete(id)
    }
  }
}
