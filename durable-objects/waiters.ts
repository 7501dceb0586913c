/** Those who wait for something to happen to the journal. Bounded: who finds no place is told so and does not wait. */
export class Waiters {
  readonly #max: number
  readonly #waiting = new Set<() => void>()
  #wakes = 0

  constructor(max: number) {
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
  async wait(seen: number, ms: number): Promise<boolean> {
    if (seen !== this.#wakes) return true
    if (this.#waiting.size >= this.#max) return false
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
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
}
