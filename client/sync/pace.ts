import type { Clock } from './ports.ts'

/** It takes at most one part in so many of the time. */
const SHARE = 20
/** Nothing waits longer, however much there is to look at. */
const WAIT_MAX_MS = 2_000

/**
 * Something that costs the more the more is under way, and need not be done for every hint meanwhile: a plan looks at all that is not settled. Whoever
 * comes too early is told so, and rung for when it is time.
 */
export class Pace {
  readonly #clock: Clock
  readonly #stopping: AbortSignal
  readonly #onDue: () => void
  #endedAt = 0
  #waitMs = 0
  #isRinging = false

  constructor(clock: Clock, { stopping, onDue }: { stopping: AbortSignal; onDue: () => void }) {
    this.#clock = clock
    this.#stopping = stopping
    this.#onDue = onDue
  }

  /** From here on it is measured anew. */
  begin(): void {
    this.#waitMs = 0
  }

  async measure<T>(work: () => T | Promise<T>): Promise<T> {
    const begun = this.#clock.now()
    const result = await work()
    this.#endedAt = this.#clock.now()
    this.#waitMs = Math.min(WAIT_MAX_MS, this.#waitMs + (SHARE - 1) * Math.max(0, this.#endedAt - begun))
    return result
  }

  isEarly(): boolean {
    const passedMs = this.#clock.now() - this.#endedAt
    // A clock that was set back holds nobody up.
    if (passedMs < 0 || passedMs >= this.#waitMs) return false
    this.#ringIn(this.#waitMs - passedMs)
    return true
  }

  #ringIn(ms: number): void {
    if (this.#isRinging) return
    this.#isRinging = true
    void this.#clock.sleep(ms, this.#stopping).then(
      () => {
        this.#isRinging = false
        this.#onDue()
      },
      // It ends with the engine.
      () => {},
    )
  }
}
