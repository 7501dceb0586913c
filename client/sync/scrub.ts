import { isSameStamp, type Item } from '../../core/reconcile/item.ts'
import type { Course } from './course.ts'
import { localPath, shownPath } from './local-path.ts'
import type { LocalPath } from './ports.ts'
import { createRate } from './rate.ts'
import { DAMAGED_HERE } from './scan/scan-faults.ts'
import { startSha256 } from '../content/sha256.ts'
import { isOfPort } from './trouble.ts'

/** Everything is read within it, when the machine is on and rests for long enough. */
const PASS_MS = 7 * 24 * 3_600_000
/** After the engine has begun there is other work. */
const FIRST_MS = 600_000
/** It is busy: later. */
const BUSY_MS = 60_000
const BYTES_PER_SECOND = 4 * 1024 * 1024
/** To open a small file costs too. */
const BYTES_MIN = 64 * 1024
const PAGE = 64

/** `began`: the pass, in Unix milliseconds. `place`: where it is; `null`: it is at its end. */
type Progress = { place: string | null; began: number }
type Surroundings = { stopping: AbortSignal; isAtRest: () => boolean; onTrouble: (error: unknown) => void }

/**
 * Reads all files again, slowly, while there is nothing else to do: what a failing disk gives back in place of what was written shows in no stamp. Such a file is not
 * taken for an edit: it is told, and can be had from the server again (DK-12). Where it is outlives a restart.
 */
export class Scrub {
  readonly #course: Course
  readonly #stopping: AbortSignal
  readonly #isAtRest: () => boolean
  readonly #onTrouble: (error: unknown) => void
  readonly #rate
  #work: Promise<void> | null = null

  constructor(course: Course, { stopping, isAtRest, onTrouble }: Surroundings) {
    this.#course = course
    this.#stopping = stopping
    this.#isAtRest = isAtRest
    this.#onTrouble = onTrouble
    this.#rate = createRate(course.clock, BYTES_PER_SECOND)
  }

  begin(): void {
    this.#work ??= this.#goOn().catch((error: unknown) => {
      if (!this.#stopping.aborted) this.#onTrouble(error)
    })
  }

  async end(): Promise<void> {
    await this.#work
  }

  async #goOn(): Promise<void> {
    await this.#sleep(FIRST_MS)
    for (;;) {
      const { began } = this.#progress()
      const age = this.#course.clock.now() - began
      // A clock that was set back makes nobody wait longer than for one pass.
      if (age >= 0 && age < PASS_MS && this.#progress().place === null) await this.#sleep(PASS_MS - age)
      else await this.#tryPass()
    }
  }

  /** A database that takes nothing now, since the disk is full, does so later. */
  async #tryPass(): Promise<void> {
    try {
      await this.#pass()
    } catch (error) {
      if (this.#stopping.aborted || !isOfPort(error)) throw error
      await this.#sleep(BUSY_MS)
    }
  }

  /** From where the last one was broken off. */
  async #pass(): Promise<void> {
    const { store, clock } = this.#course
    let { place, began } = this.#progress()
    if (place === null) began = clock.now()
    do {
      while (!this.#isAtRest()) await this.#sleep(BUSY_MS)
      const page = store.localFrom(place, PAGE)
      for (const item of page.items) if (item.local?.content?.kind === 'file') await this.#look(item)
      place = page.next
      store.write((to) => to.setMeta('scrub', JSON.stringify({ place, began })))
    } while (place !== null)
  }

  #progress(): Progress {
    const text = this.#course.store.meta('scrub')
    return text === null ? { place: null, began: 0 } : (JSON.parse(text) as Progress)
  }

  async #look(item: Item): Promise<void> {
    const { store, tell } = this.#course
    const path = localPath(store, item.id)
    if (path === null || !item.local?.isSettled || item.blocked !== null) return
    if (!(await this.#isDamaged(item, path))) return
    // Whoever has worked on it meanwhile knows better.
    const now = store.item(item.id)
    if (!now?.local || !isSameStamp(now.local.stamp, item.local.stamp) || now.blocked !== null) return
    store.write((to) => to.setBlocked(item.id, DAMAGED_HERE))
    tell({ kind: 'blocked', item: item.id, path: shownPath(store, item.id), ...DAMAGED_HERE })
  }

  /** Nobody has written to it, and it has other bytes. */
  async #isDamaged({ local }: Item, path: LocalPath): Promise<boolean> {
    const { disk } = this.#course
    if (local?.content?.kind !== 'file') return false
    try {
      const sha256 = await this.#hash(path)
      const after = await disk.stat(path)
      return after !== null && isSameStamp(after.stamp, local.stamp) && sha256 !== local.content.sha256
    } catch (error) {
      if (!isOfPort(error)) throw error
      // Whatever is the matter with it, a scan finds it.
      return false
    }
  }

  async #hash(path: LocalPath): Promise<string> {
    const hash = startSha256()
    let paid = 0
    for await (const piece of this.#course.disk.read(path)) {
      hash.update(piece)
      paid += piece.length
      await this.#rate.take(piece.length, this.#stopping)
    }
    await this.#rate.take(Math.max(0, BYTES_MIN - paid), this.#stopping)
    return hash.digest()
  }

  #sleep(ms: number): Promise<void> {
    return this.#course.clock.sleep(ms, this.#stopping)
  }
}
