/** How many may wait: all together, and of one session, so that none takes the places of the others. */
export type WaitersMax = { all: number; session: number }

/** Those who wait for something to happen to the journal. Bounded: who finds no place is told so and does not wait. */
export class Waiters {
  readonly #max: WaitersMax
  readonly #waiting = new Set<() => void>()
  readonly #bySession = new Map<string, number>()
  #wakes = 0

  constructor(max: WaitersMax) {
    this.#max = max
  }

  get count(): number {
    return this.#waiting.size
  }

  /** How often somebody was woken. Take it before looking, so that what happens while one looks is not slept through. */
  get wakes(): number {
    return this.#wakes
  }

  /** Until the next wake after `seen`, at most `ms`. @returns false when there is no room: nothing was waited for */
  async wait(session: string, seen: number, ms: number): Promise<boolean> {
    if (seen !== this.#wakes) return true
    const own = this.#bySession.get(session) ?? 0
    if (this.#waiting.size >= this.#max.all || own >= this.#max.session) return false
    this.#bySession.set(session, own + 1)
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        this.#leave(session)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#waiting.add(wake)
    })
    return true
  }

  wake(): void {
    this.#wakes += 1
    for (const wake of this.#waiting) wake()
  }

  #leave(session: string): void {
    const left = (this.#bySession.get(session) ?? 1) - 1
    if (left > 0) this.#bySession.set(session, left)
    else this.#bySession.delete(session)
  }
}
