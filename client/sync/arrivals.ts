import type { Course } from './course.ts'
import { announcementOf } from './announced.ts'
import { placeFile, placeLink, type Wanted } from './place-version.ts'
import type { FinishedTemp } from './ports.ts'

/** Placed together: the disk, and the store, are waited for once. */
const BATCH = 256

type Arrival = {
  wanted: Wanted
  temp: FinishedTemp | null
  done: (isPlaced: boolean) => void
  failed: (error: unknown) => void
}

/**
 * Gives fetched files their names, as many at a time as are ready:
 *
 *     announce → place each (one wait for the disk) → note
 *
 * While there are more, what is noted of one batch and announced of the next is one transaction. What was announced and not noted is recognised after a crash, also when the server has something newer by then (`announced.ts`).
 */
export class Arrivals {
  readonly #course: Course
  readonly #waiting: Arrival[] = []
  #isPlacing = false

  constructor(course: Course) {
    this.#course = course
  }

  /**
   * @param temp `null`: a symbolic link
   * @returns `false`: it is not wanted any more
   * @throws as `placeFile`; RootLost
   */
  place(wanted: Wanted, temp: FinishedTemp | null): Promise<boolean> {
    return new Promise((done, failed) => {
      this.#waiting.push({ wanted, temp, done, failed })
      if (this.#isPlacing) return
      this.#isPlacing = true
      void this.#placeAll()
    })
  }

  async #placeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#course.lock.share(async () => {
        const batch = this.#waiting.splice(0, BATCH)
        try {
          await this.#placeBatch(batch)
        } catch (error) {
          for (const { failed } of batch) failed(error)
        }
      })
    }
    this.#isPlacing = false
  }

  async #placeBatch(batch: readonly Arrival[]): Promise<void> {
    const { store, writes, clock, random, requireRoot } = this.#course
    await requireRoot()
    writes.add((to) => {
      for (const { wanted } of batch) {
        const { item } = wanted.step
        if (store.item(item)?.remote) to.setPending(item, announcementOf(wanted, clock.now(), random.bytes(10)))
      }
    })
    writes.flush()
    const placed = await Promise.allSettled(batch.map((arrival) => this.#placeOne(arrival)))
    for (const [at, { wanted }] of batch.entries()) {
      const result = placed[at]
      const isPlaced = result?.status === 'fulfilled' && result.value
      if (!isPlaced) writes.add((to) => to.setPending(wanted.step.item, null))
    }
    if (this.#waiting.length === 0) writes.flush()
    for (const [at, { done, failed }] of batch.entries()) {
      const result = placed[at]
      if (result?.status === 'fulfilled') done(result.value)
      else failed(result?.reason)
    }
  }

  async #placeOne({ wanted, temp }: Arrival): Promise<boolean> {
    if (temp !== null) return placeFile(this.#course, wanted, temp)
    await placeLink(this.#course, wanted)
    return true
  }
}
