/**
 * Many may place files at once; a scan, or a change of folders, is alone: a scan that met a file between its arrival and the note of it would take it
 * for somebody's new one. First come, first served.
 */
export class SharedLock {
  #sharing = 0
  #isAlone = false
  readonly #waiting: { isAlone: boolean; enter: () => void }[] = []

  async share<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter(false)
    try {
      return await work()
    } finally {
      this.#sharing--
      this.#admit()
    }
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter(true)
    try {
      return await work()
    } finally {
      this.#isAlone = false
      this.#admit()
    }
  }

  #enter(isAlone: boolean): Promise<void> {
    return new Promise((enter) => {
      this.#waiting.push({ isAlone, enter })
      this.#admit()
    })
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#isAlone || (next.isAlone && this.#sharing > 0)) return
      this.#waiting.shift()
      if (next.isAlone) this.#isAlone = true
      else this.#sharing++
      next.enter()
    }
  }
}
