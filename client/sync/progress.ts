import type { Clock, SyncEvent } from './ports.ts'

const EVERY_MS = 500

type Counts = { filesLeft: number; bytesLeft: number; bytesMoved: number; more: boolean }

/** Tells how far transfers are, twice a second while there are any, and once when there are none any more. */
export class Progress {
  readonly #clock: Clock
  readonly #tell: (event: SyncEvent) => void
  readonly #count: () => Counts
  #isTelling = false

  /** @param count what is left, and what has moved since the start */
  constructor(clock: Clock, tell: (event: SyncEvent) => void, count: () => Counts) {
    this.#clock = clock
    this.#tell = tell
    this.#count = count
  }

  /** There is something to do. */
  begin(signal: AbortSignal): void {
    if (this.#isTelling) return
    this.#isTelling = true
    // It ends with what it tells of; an abort ends both.
    this.#run(signal).then(
      () => (this.#isTelling = false),
      () => (this.#isTelling = false),
    )
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let before = this.#count(); before.filesLeft > 0;) {
      await this.#clock.sleep(EVERY_MS, signal)
      const now = this.#count()
      const bytesPerSecond = Math.max(0, (now.bytesMoved - before.bytesMoved) * (1_000 / EVERY_MS))
      const { filesLeft, bytesLeft, more } = now
      this.#tell({ kind: 'progress', filesLeft, bytesLeft, bytesPerSecond, more })
      before = now
    }
  }
}
