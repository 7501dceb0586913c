import { isSameStamp, type ItemId, type LocalState } from '../../core/reconcile/item.ts'
import type { Course } from './course.ts'
import type { IgnoreRules } from './ignore.ts'
import { digestOfKnown, toRemember } from './listing.ts'
import { joined } from './local-path.ts'
import type { DiskEntry, LocalPath, StoreWriter } from './ports.ts'
import { isOfPort } from './trouble.ts'

/** At rest for so long: what follows soon would only be in the way. */
const REST_MS = 5_000
/** Folders that are looked at at once, which takes some 10 ms, and what others get then. */
const FOLDERS = 64
const PAUSE_MS = 20

type Surroundings = {
  stopping: AbortSignal
  isAtRest: () => boolean
  onTrouble: (error: unknown) => void
  rules: () => IgnoreRules
  /** So many changes are worth it. */
  after: number
}
type Folder = { id: ItemId; path: LocalPath }
/** `entry`: before it was listed. `states`: what it holds, by the database and by the disk. */
type AsKnown = Folder & { entry: DiskEntry; states: LocalState[] }

/**
 * After much has come or gone, while there is nothing else to do, each folder is looked at once more. Of one that holds what is known of it, as its name says, the
 * digest is remembered, so that the next scan, that of the next start, need not compare what was noted one by one (SY-28). So are its times, which have moved with all
 * that came into it; hence a folder comes after those in it. What is otherwise is left to a scan.
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
    const { after, stopping, onTrouble } = this.#parts
    if (this.#changes < after || this.#work !== null) return
    this.#work = this.#later()
      .catch((error: unknown) => {
        // Without them a scan takes longer, and that is all: whatever is the matter with the store, others meet it.
        if (!stopping.aborted && !isOfPort(error)) onTrouble(error)
      })
      .finally(() => (this.#work = null))
  }

  async end(): Promise<void> {
    await this.#work
  }

  async #later(): Promise<void> {
    const { clock, lock } = this.#course
    const { stopping, isAtRest } = this.#parts
    await clock.sleep(REST_MS, stopping)
    const changes = this.#changes
    this.#changes = 0
    const left = await this.#allFolders()
    while (left.length > 0) {
      if (!isAtRest()) return this.changed(changes)
      await lock.alone(() => this.#rememberSome(left.splice(-FOLDERS).toReversed()))
      await clock.sleep(PAUSE_MS, stopping)
    }
  }

  /** Each before those in it. */
  async #allFolders(): Promise<Folder[]> {
    const { store, clock } = this.#course
    const folders: Folder[] = [{ id: store.root, path: '' }]
    for (let at = 0; at < folders.length; at++) {
      const { id, path } = folders[at]!
      for (const below of store.localIn(id, 'folder'))
        folders.push({ id: below.id, path: joined(path, below.state.place.name) })
      if (at % FOLDERS === FOLDERS - 1) await clock.sleep(0, this.#parts.stopping)
    }
    return folders.slice(1)
  }

  /** One transaction for those of a level: whoever holds them is looked at after that. */
  async #rememberSome(folders: readonly Folder[]): Promise<void> {
    const { store } = this.#course
    let found: AsKnown[] = []
    const flush = (): void => {
      if (found.length > 0) store.write((to) => found.forEach((known) => this.#remember(to, known)))
      found = []
    }
    for (const folder of folders) {
      if (found[0] && levelOf(folder) < levelOf(found[0])) flush()
      const known = await this.#lookAt(folder).catch((error: unknown) => {
        if (!isOfPort(error)) throw error
        return null
      })
      if (known !== null) found.push(known)
    }
    flush()
  }

  /** @returns `null`: it, or something in it, is otherwise; or a scan has something to say of it, whatever it finds there */
  async #lookAt({ id, path }: Folder): Promise<AsKnown | null> {
    const { store, disk } = this.#course
    const rules = this.#parts.rules()
    const states = Array.from(store.localIn(id), ({ state }) => state)
    const isPlain = states.every(
      ({ content, kind, place }) => content !== null && !rules.isIgnored(joined(path, place.name), kind),
    )
    const entry = isPlain ? await disk.stat(path) : null
    if (entry === null || entry.kind !== 'folder' || entry.fault !== undefined) return null
    const listing = await disk.listChanged({ path, seen: entry.stamp, digest: digestOfKnown(states) })
    return Array.isArray(listing) ? null : { id, path, entry, states }
  }

  #remember(to: StoreWriter, { id, path, entry, states }: AsKnown): void {
    const { store } = this.#course
    const local = store.item(id)?.local
    // An answer of the server came meanwhile.
    if (local?.kind !== 'folder' || local.stamp.ino !== entry.stamp.ino) return
    const digest = digestOfKnown(states)
    if (digestOfKnown(Array.from(store.localIn(id), ({ state }) => state)) !== digest) return
    if (!isSameStamp(local.stamp, entry.stamp)) to.setLocal(id, { ...local, stamp: entry.stamp })
    to.setDigest(id, toRemember(this.#parts.rules(), path, digest))
  }
}

const levelOf = ({ path }: Folder): number => path.split('/').length
