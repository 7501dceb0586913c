import type { StoreWriter, SyncStore } from './ports.ts'

/** Observations in one transaction: more than this are not held back. */
const HELD_MAX = 256

/**
 * Gathers observations, so that many small files share one transaction. Each reads the trees when it is written, not when it is added. What
 * is lost with a crash is observed again. Whoever reads the trees to decide flushes first.
 */
export class WriteBuffer {
  readonly #store: SyncStore
  #held: ((to: StoreWriter) => void)[] = []

  constructor(store: SyncStore) {
    this.#store = store
  }

  add(change: (to: StoreWriter) => void): void {
    this.#held.push(change)
    if (this.#held.length >= HELD_MAX) this.flush()
  }

  flush(): void {
    if (this.#held.length === 0) return
    const held = this.#held
    this.#held = []
    this.#store.write((to) => {
      for (const change of held) change(to)
    })
  }
}
