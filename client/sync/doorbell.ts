import type { Clock } from './ports.ts'

/**
 * Something may have happened: whoever sleeps wakes up. A ring while nobody sleeps is remembered, so that none is lost between
 * looking and sleeping.
 */
export class Doorbell {
  readonly #clock: Clock
  #isRung = false
  #sleeper: AbortController | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    this.#isRung = true
    this.#sleeper?.abort(RUNG)
  }

  /** Until the next ring, `ms` at most. All waiting goes through the clock. */
  async sleep(ms: number): Promise<void> {
    if (!this.#isRung) {
      this.#sleeper = new AbortController()
      await this.#clock.sleep(ms, this.#sleeper.signal).catch((reason: unknown) => {
        if (reason !== RUNG) throw reason
      })
      this.#sleeper = null
    }
    this.#isRung = false
  }
}

const RUNG = new DOMException('there is news', 'AbortError')
