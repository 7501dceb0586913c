import type { Interruption } from './world.ts'

/** A moment in the work of a device: right before a call (`before replace`), or within it (`replace-link`). */
export type Wanted = {
  /** The device. */
  index: number
  gap: string
  /** Of the path that is worked on, or of what the trace says of the call. */
  where?: RegExp
  /** Of those that fit: the first, the second … */
  nth?: number
}

type Waiting = { wanted: Wanted; isLasting: boolean; isOver: boolean; met: number; work: (at: Interruption) => void }

/** What a scenario waits for. A moment that never comes makes it a scenario of something else: it fails. */
export class Moments {
  readonly #all: Waiting[] = []

  /** @returns how to stop waiting */
  wait(wanted: Wanted, work: (at: Interruption) => void, isLasting: boolean): () => void {
    const waiting = { wanted, isLasting, isOver: false, met: 0, work }
    this.#all.push(waiting)
    return () => void (waiting.isOver = true)
  }

  readonly come = (at: Interruption): void => {
    for (const waiting of this.#all.slice()) {
      const { index, gap, where, nth = 1 } = waiting.wanted
      if (waiting.isOver) continue
      if (at.device.index !== index || at.gap !== gap || !(where?.test(at.detail) ?? true)) continue
      waiting.met++
      if (waiting.isLasting || waiting.met === nth) waiting.work(at)
    }
  }

  /** Those that did not come. */
  missed(): string[] {
    return this.#all
      .filter(({ wanted, met }) => met < (wanted.nth ?? 1))
      .map(({ wanted: { index, gap, where } }) => `device ${index}: ${gap} ${where ?? ''}`)
  }
}
