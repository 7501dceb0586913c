import { isSameStamp, type ItemId, type LocalState, type Stamp } from '../../core/reconcile/item.ts'
import type { Course } from './course.ts'
import type { IgnoreRules } from './ignore.ts'
import { digestOfKnown, toRemember } from './listing.ts'
import { joined } from './local-path.ts'
import type { LocalPath, StoreWriter, SyncStore } from './ports.ts'
import { isOfPort } from './trouble.ts'

/** At rest for so long: what follows soon would only be in the way. */
const REST_MS = 5_000
/** Folders that are done at once, which takes some 20 ms, and what others get then. */
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
 * The times of a folder move with all that comes into it: so they are noted anew at first, as that scan would note them.
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
      await this.#course.lock.alone(() => this.#rememberSome(rules(), left))
      await clock.sleep(PAUSE_MS, stopping)
    }
  }

  /** @param left folders that were not looked into; some go, and those in them come */
  async #rememberSome(rules: IgnoreRules, left: Folder[]): Promise<void> {
    const { store } = this.#course
    const folders = left.splice(-FOLDERS)
    const inThem = folders.flatMap((folder) => foldersIn(store, folder))
    const stamps = new Map<ItemId, Stamp>()
    for (const { id, path } of inThem) {
      const entry = await this.#course.disk.stat(path)
      if (entry?.kind === 'folder' && entry.fault === undefined) stamps.set(id, entry.stamp)
    }
    store.write((to) => {
      for (const [id, stamp] of stamps) noteTimes(to, { id, local: store.item(id)?.local ?? null, stamp })
      for (const folder of folders) if (folder.id !== store.root) remember(to, store, { rules, folder })
    })
    left.push(...inThem)
  }
}

const foldersIn = (store: SyncStore, { id, path }: Folder): Folder[] =>
  Array.from(store.localIn(id, 'folder'), ({ id, state }) => ({ id, path: joined(path, state.place.name) }))

type Times = { id: ItemId; local: LocalState | null; stamp: Stamp }

/** Whatever is another folder by now is for a scan to find. */
function noteTimes(to: StoreWriter, { id, local, stamp }: Times): void {
  if (local?.kind === 'folder' && local.stamp.ino === stamp.ino && !isSameStamp(local.stamp, stamp))
    to.setLocal(id, { ...local, stamp })
}

/** Not where a scan has something to say, whatever it finds there. */
function remember(
  to: StoreWriter,
  store: SyncStore,
  { rules, folder: { id, path } }: { rules: IgnoreRules; folder: Folder },
): void {
  const states = Array.from(store.localIn(id), ({ state }) => state)
  const isPlain = states.every(
    ({ content, kind, place }) => content !== null && !rules.isIgnored(joined(path, place.name), kind),
  )
  if (isPlain) to.setDigest(id, toRemember(rules, path, digestOfKnown(states)))
}
