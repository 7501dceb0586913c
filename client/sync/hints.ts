import type { Doorbell } from './doorbell.ts'
import type { Course } from './course.ts'
import type { Watcher } from './ports.ts'
import { isOfPort } from './trouble.ts'

export type HintTimes = {
  /** After the first hint of the watcher, until somebody looks: programs do several things at once. */
  settleMs: number
  /** Looked at the server, whatever was said or not (NW-05). */
  pullMs: number
  /** Looked at the whole disk, whatever the watcher said or not (WA-07). */
  scanMs: number
}

export const HINT_TIMES: HintTimes = { settleMs: 25, pullMs: 60_000, scanMs: 3_600_000 }

type Surroundings = { times: HintTimes; stopping: AbortSignal; onTrouble: (error: unknown) => void }

/**
 * Everything that says that something may be new: it only marks what is to be looked at, and rings. Lost, late or doubled hints do no harm: there is a
 * timer behind each.
 */
export class Hints {
  readonly #course: Course
  readonly #bell: Doorbell
  readonly #times: HintTimes
  #watching: Awaited<ReturnType<Watcher['start']>> | null = null
  #isSettling = false
  readonly #stopping: AbortSignal
  readonly #onTrouble: (error: unknown) => void

  constructor(course: Course, bell: Doorbell, { times, stopping, onTrouble }: Surroundings) {
    this.#course = course
    this.#bell = bell
    this.#times = times
    this.#stopping = stopping
    this.#onTrouble = onTrouble
  }

  /** What the watcher cannot do, for the person; `null`: nothing (WA-02). */
  get trouble(): string | null {
    return this.#watching?.trouble ?? null
  }

  /** @param watcher of a root that has its marker; @throws what it throws, and has then begun nothing */
  async start(watcher: Watcher | null): Promise<void> {
    const { again } = this.#course
    await this.watch(watcher)
    this.#background(this.#every(this.#times.pullMs, () => (again.server = true)))
    this.#background(this.#every(this.#times.scanMs, () => (again.everywhere = true)))
    this.#background(this.#followLive())
  }

  /** From now on, or anew: a drive that was away and is back is not watched any more (RT-01). @throws what the watcher throws */
  async watch(watcher: Watcher | null): Promise<void> {
    await this.stop()
    this.#watching = (await watcher?.start((folder) => this.#onChange(folder))) ?? null
  }

  async stop(): Promise<void> {
    await this.#watching?.stop()
    this.#watching = null
  }

  #onChange(folder: string | null): void {
    const { again } = this.#course
    if (folder === null) again.everywhere = true
    else again.folder(folder)
    if (this.#isSettling) return
    this.#isSettling = true
    this.#background(this.#settle())
  }

  async #settle(): Promise<void> {
    await this.#course.clock.sleep(this.#times.settleMs, this.#stopping)
    this.#isSettling = false
    this.#bell.ring()
  }

  async #every(ms: number, mark: () => void): Promise<void> {
    for (;;) {
      await this.#course.clock.sleep(ms, this.#stopping)
      mark()
      this.#bell.ring()
    }
  }

  async #followLive(): Promise<void> {
    const { remote, store, again, clock } = this.#course
    const signal = this.#stopping
    const onNews = (): void => {
      again.server = true
      this.#bell.ring()
    }
    for (;;) {
      try {
        await remote.live(() => store.cursor().cursor, onNews, signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!isOfPort(error)) throw error
        // A request is told what is wrong: that the session has ended, say.
        onNews()
      }
      signal.throwIfAborted()
      await clock.sleep(this.#times.pullMs, signal)
    }
  }

  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#stopping.aborted) this.#onTrouble(error)
    })
  }
}
