import type { LocalPath } from '../../client/sync/ports.ts'

type Hint = LocalPath | null

/** What a watcher has hinted at, and who waits for it. */
export class Hints {
  all: Hint[] = []
  #onNext = (): void => {}

  note = (hint: Hint): void => {
    this.all.push(hint)
    this.#onNext()
  }

  /** One that comes from now on. */
  next(wanted: Hint): Promise<void> {
    const from = this.all.length
    return new Promise((resolve) => {
      this.#onNext = () => {
        if (this.all.includes(wanted, from)) resolve()
      }
    })
  }
}
