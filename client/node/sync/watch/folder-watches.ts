import { readFileSync, watch, type FSWatcher } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { folderOf } from '../../../sync/local-path.ts'
import { OWN_FOLDER } from '../../../sync/own-folder.ts'
import type { LocalPath, Watcher } from '../../../sync/ports.ts'
import { codeOf } from '../disk/system-error.ts'
import { TROUBLE } from './trouble.ts'

/** More folders at once: everything may have changed. */
const HINTS_MAX = 512
/** Hints are gathered for so long after the last ones: the longer, the longer it goes on. */
const PAUSE_MS = 50
const PAUSE_MAX_MS = 400
/** After the system had no watches left, until it is asked again. */
const LIMIT_MS = 10_000
/** Between two looks whether the root is there again. */
const ROOT_AGAIN_MS = 1_000

export type FolderWatchOptions = {
  /** By which a folder is known wherever it is; `null`: there is none at this path. */
  identityAt: (path: LocalPath) => Promise<string | null>
  watch?: typeof watch
  /** So many changes may wait for this process until the system forgets some. */
  queueLength?: number
  now?: () => number
}

type Watched = { readonly identity: string; path: LocalPath; readonly system: FSWatcher }
type OnHint = Parameters<Watcher['start']>[0]

/**
 * Linux watches folders one by one, and each wherever it goes. So each is watched just before it is listed: what comes after that is heard of, what came before is
 * listed, and a folder that was moved here with all that is in it, or got another name, is known by its new path as soon as it was listed there.
 */
export class FolderWatches implements Watcher {
  readonly #rootPath: string
  readonly #options: FolderWatchOptions
  readonly #watch: typeof watch
  readonly #now: () => number
  readonly #queueLength: number
  readonly #watched = new Map<string, Watched>()
  /** Those that the system had no watch for. */
  readonly #unwatched = new Set<string>()
  #isRootUnwatched = false
  #limitedAt = -Infinity
  #onHint: OnHint | null = null
  #ending = new AbortController()
  #changed = new Set<Watched>()
  /** They say of themselves that they were moved or removed; or something in them that has the same name does. */
  #doubted = new Set<Watched>()
  #isTelling = false
  #toldAt = -Infinity
  #pauseMs = PAUSE_MS
  #heardInTurn = 0
  #isFlooded = false

  constructor(rootPath: string, options: FolderWatchOptions) {
    this.#rootPath = rootPath
    this.#options = options
    this.#watch = options.watch ?? watch
    this.#now = options.now ?? (() => performance.now())
    this.#queueLength = options.queueLength ?? systemQueueLength()
  }

  async start(onHint: OnHint): Promise<{ stop(): Promise<void>; readonly trouble: string | null }> {
    this.#onHint = onHint
    this.#ending = new AbortController()
    await this.#watchRoot()
    onHint(null)
    const trouble = (): string | null => this.#trouble()
    return {
      get trouble() {
        return trouble()
      },
      stop: async () => {
        this.#onHint = null
        this.#ending.abort()
        this.#endAll()
      },
    }
  }

  /** This folder is about to be listed at this path, or was made there. */
  cover(path: LocalPath, identity: string): void {
    if (this.#onHint === null || path === OWN_FOLDER || path.startsWith(`${OWN_FOLDER}/`)) return
    const known = this.#watched.get(identity)
    if (known === undefined) this.#begin(path, identity)
    else known.path = path
  }

  /** By us: so nobody lists it anew. */
  moved(from: LocalPath, to: LocalPath): void {
    for (const watched of this.#watched.values()) {
      if (watched.path === from) watched.path = to
      else if (watched.path.startsWith(`${from}/`)) watched.path = to + watched.path.slice(from.length)
    }
  }

  #begin(path: LocalPath, identity: string): void {
    if (this.#now() - this.#limitedAt < LIMIT_MS) return void this.#unwatched.add(identity)
    try {
      const system = this.#watch(join(this.#rootPath, path), { persistent: false })
      const watched = { identity, path, system }
      system.on('change', (kind, name) => this.#hear(watched, kind === 'rename' ? name : null))
      system.on('error', () => this.#hear(watched, basename(this.#fullPath(watched))))
      this.#watched.set(identity, watched)
      this.#unwatched.delete(identity)
    } catch (error) {
      // Anything else is found out by whoever lists it.
      if (codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EMFILE') return
      this.#unwatched.add(identity)
      this.#limitedAt = this.#now()
    }
  }

  async #watchRoot(): Promise<boolean> {
    const identity = await this.#options.identityAt('')
    if (identity !== null) this.cover('', identity)
    this.#isRootUnwatched = identity === null
    return identity !== null
  }

  #trouble(): string | null {
    if (this.#unwatched.size > 0) return TROUBLE.limit
    return this.#isRootUnwatched ? TROUBLE.gone : null
  }

  #fullPath = ({ path }: Watched): string => join(this.#rootPath, path)

  /** @param moved what came, went or got another name: in the folder, or the folder itself */
  #hear(watched: Watched, moved: string | Buffer | null): void {
    if (this.#onHint === null) return
    if (this.#heardInTurn++ === 0) setImmediate(() => this.#endTurn())
    if (moved !== null && String(moved) === basename(this.#fullPath(watched))) this.#doubted.add(watched)
    this.#changed.add(watched)
    if (this.#isTelling) return
    this.#isTelling = true
    const waitMs = this.#toldAt + this.#pauseMs - this.#now()
    if (waitMs > 0) setTimeout(() => void this.#tell(), waitMs).unref()
    else setImmediate(() => void this.#tell())
    this.#pauseMs = waitMs > 0 ? Math.min(PAUSE_MAX_MS, 2 * this.#pauseMs) : PAUSE_MS
  }

  /** All that waits is heard in one turn: when that is as much as can wait, there was more (WA-01). With half of it we are on the safe side. */
  #endTurn(): void {
    if (this.#heardInTurn >= this.#queueLength / 2) this.#isFlooded = true
    this.#heardInTurn = 0
  }

  async #tell(): Promise<void> {
    const [changed, doubted] = [this.#changed, this.#doubted]
    this.#changed = new Set()
    this.#doubted = new Set()
    this.#isTelling = false
    this.#toldAt = this.#now()
    if (this.#isFlooded) {
      this.#isFlooded = false
      // That a folder is no more may not have been said: each is watched anew when it is listed.
      this.#endAll()
      await this.#watchRoot()
      this.#onHint?.(null)
      return
    }
    await this.#examine(doubted)
    if (changed.size > HINTS_MAX) this.#onHint?.(null)
    else for (const path of new Set(Array.from(changed, (watched) => watched.path))) this.#onHint?.(path)
  }

  /** Those that are not where they were are watched no more, nor is what was in them: whoever lists them elsewhere begins anew. */
  async #examine(doubted: ReadonlySet<Watched>): Promise<void> {
    const gone = new Set<LocalPath>()
    for (const watched of doubted) {
      const { path, identity } = watched
      if (this.#watched.get(identity) !== watched) continue
      if ((await this.#options.identityAt(path).catch(() => null)) !== identity && watched.path === path) gone.add(path)
    }
    if (gone.size === 0) return
    if (gone.has('')) return this.#followRoot()
    for (const watched of this.#watched.values()) if (isIn(gone, watched.path)) this.#end(watched)
    for (const path of gone) this.#onHint?.(folderOf(path))
  }

  /** A root that has gone may be back a moment later, or never: as the same folder or as another one (RT-06). */
  async #followRoot(): Promise<void> {
    const { signal } = this.#ending
    this.#endAll()
    this.#onHint?.(null)
    void (async () => {
      while (!signal.aborted && !(await this.#watchRoot()))
        await delay(ROOT_AGAIN_MS, undefined, { signal, ref: false }).catch(() => {})
      if (!signal.aborted) this.#onHint?.(null)
    })()
  }

  #end(watched: Watched): void {
    watched.system.close()
    if (this.#watched.get(watched.identity) === watched) this.#watched.delete(watched.identity)
  }

  #endAll(): void {
    for (const watched of this.#watched.values()) watched.system.close()
    this.#watched.clear()
    this.#unwatched.clear()
  }
}

function isIn(folders: ReadonlySet<LocalPath>, path: LocalPath): boolean {
  for (let at = path; at !== ''; at = folderOf(at)) if (folders.has(at)) return true
  return false
}

function systemQueueLength(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8')) || QUEUE_LENGTH
  } catch {
    return QUEUE_LENGTH
  }
}

/** Of a Linux where nobody has changed it. */
const QUEUE_LENGTH = 16_384
