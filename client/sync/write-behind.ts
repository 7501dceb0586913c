import type { TempFile } from './ports.ts'

/** Smaller files are not worth two buffers: many of them come at once. */
export const WORTH_BUFFERS_BYTES = 8 * 1024 * 1024
/** Written at a time: a write costs the way to a thread and back. */
export const GATHERED_BYTES = 1024 * 1024

export type PieceWriter = {
  /** `piece` must stay as it is until the next call resolves. @throws also what an earlier write was answered */
  write(piece: Uint8Array): Promise<void>
  /** Resolves when all is written. After a failure: when nothing is being written any more. */
  end(): Promise<void>
}

/** @param sizeBytes that are going to come */
export const createPieceWriter = (temp: TempFile, sizeBytes: number): PieceWriter =>
  sizeBytes < WORTH_BUFFERS_BYTES ? { write: (piece) => temp.write(piece), end: async () => {} } : new WriteBehind(temp)

/**
 * Writes while the next pieces are read and hashed. Small ones are gathered in two buffers that take turns; a large one is written from where it lies.
 */
class WriteBehind implements PieceWriter {
  readonly #temp: TempFile
  #underWay: Promise<void> = Promise.resolve()
  #gathering: Buffer = Buffer.allocUnsafeSlow(GATHERED_BYTES)
  #spare: Buffer = Buffer.allocUnsafeSlow(GATHERED_BYTES)
  #filled = 0
  /** What is being written lies in memory of the caller. */
  #isLent = false

  constructor(temp: TempFile) {
    this.#temp = temp
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.#isLent) await this.#underWay
    this.#isLent = false
    if (piece.length > GATHERED_BYTES - this.#filled) await this.#flush()
    if (piece.length >= GATHERED_BYTES) {
      await this.#begin(piece)
      this.#isLent = true
      return
    }
    this.#gathering.set(piece, this.#filled)
    this.#filled += piece.length
  }

  async end(): Promise<void> {
    try {
      await this.#flush()
    } finally {
      await this.#underWay
    }
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return
    const full = this.#gathering.subarray(0, this.#filled)
    this.#filled = 0
    await this.#begin(full)
    ;[this.#gathering, this.#spare] = [this.#spare, this.#gathering]
  }

  /** One at a time, so the buffer that is not being filled is free when it returns. */
  async #begin(bytes: Uint8Array): Promise<void> {
    await this.#underWay
    this.#underWay = this.#temp.write(bytes)
    // It is awaited with the next; until then a failure is not "unhandled".
    this.#underWay.catch(() => {})
  }
}
