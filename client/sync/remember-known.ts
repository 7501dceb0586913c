import type { ItemId } from '../../core/reconcile/item.ts'
import type { Course } from './course.ts'
import type { IgnoreRules } from './ignore.ts'
import { digestOfKnown, toRemember } from './listing.ts'
import { joined } from './local-path.ts'
import type { LocalPath, SyncStore } from './ports.ts'
import { isOfPort } from './trouble.ts'

/** At rest for so long: what follows soon would only be in the way. */
const REST_MS = 5_000
/** Folders of one transaction, which takes some 20 ms, and what others get then. */
const FOLDERS = 256
const PAUSE_MS = 50

type Surroundings = {
  stopping: AbortSignal
  isAtRest: () => boolean
  rules: () => IgnoreRules
  /** So many changes are worth it. */
  after: number
}
type Folder = { id: ItemId; path: LocalPath }

/**
 * After much has come or gone, while there is nothing else to do: of each folder the digest of the listing that would show just what is known is remembered, so that
 * the next scan, that of the next start, need not compare what has just been noted. Where the disk has something else, the digests differ, and it is compared (SY-28).
 */
export class RememberKnown {
  readonly #course: Course
  readonly #parts: Surroundings
  #changes = 0
  #work: Promise<void> | null = null

  constructor(course: Course, parts: Surroundings) {
    this.#course = course
    this.#parts = parts
  }

  changed(count: number): void {
    this.#changes += count
  }

  /** Nothing is left to do. */
  rested(): void {
    if (this.#changes < this.#parts.after || this.#work !== null) return
    this.#work = this.#later()
      .catch((error: unknown) => {
        // Without them a scan takes longer, and that is all: whatever is the matter with the store, others meet it.
        if (!this.#parts.stopping.aborted && !isOfPort(error)) throw error
      })
      .finally(() => (this.#work = null))
  }

  async end(): Promise<void> {
    await this.#work
  }

  async #later(): Promise<void> {
    const { clock, store } = this.#course
    const { stopping, isAtRest, rules } = this.#parts
    await clock.sleep(REST_MS, stopping)
    const changes = this.#changes
    this.#changes = 0
    const left: Folder[] = [{ id: store.root, path: '' }]
    while (left.length > 0) {
      if (!isAtRest()) return this.changed(changes)
      rememberSome(store, rules(), left)
      await clock.sleep(PAUSE_MS, stopping)
    }
  }
}

/** @param left folders that were not looked into; more come, and some go */
function rememberSome(store: SyncStore, rules: IgnoreRules, left: Folder[]): void {
  store.write((to) => {
    for (let count = 0; count < FOLDERS; count++) {
      const folder = left.pop()
      if (folder === undefined) return
      for (const { id, state, digest } of store.localIn(folder.id, 'folder')) {
        const path = joined(folder.path, state.place.name)
        left.push({ id, path })
        const known = digest === null ? digestToRemember(store, rules, { id, path }) : null
        if (known !== null) to.setDigest(id, known)
      }
    }
  })
}

/** @returns `null`: what a scan finds there is to be compared, whatever it is */
function digestToRemember(store: SyncStore, rules: IgnoreRules, { id, path }: Folder): string | null {
  const states = Array.from(store.localIn(id), ({ state }) => state)
  const isPlain = states.every(
    ({ content, kind, place }) => content !== null && !rules.isIgnored(joined(path, place.name), kind),
  )
  return isPlain ? toRemember(rules, path, digestOfKnown(states)) : null
}
