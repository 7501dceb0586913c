import type { BlockReason, ItemId } from '../../core/reconcile/item.ts'
import type { Step } from '../../core/reconcile/step.ts'
import { ChunkLists } from '../content/chunk-lists.ts'
import { Answered } from './answered.ts'
import { createGuard, type Guard } from './guard.ts'
import { shownPath } from './local-path.ts'
import type { Clock, Disk, LocalPath, Random, Remote, StoreWriter, SyncEvent, SyncStore } from './ports.ts'
import { createRate, type Rate } from './rate.ts'
import { requireRoot } from './root-lost.ts'
import { Setbacks } from './setbacks.ts'
import { SharedLock } from './shared-lock.ts'
import type { Lasting, Trouble } from './trouble.ts'
import { WriteBuffer } from './write-buffer.ts'

/** What everybody who does steps shares, from the start of the engine to its end. */
export type Course = {
  store: SyncStore
  disk: Disk
  remote: Remote
  clock: Clock
  random: Random
  tell: (event: SyncEvent) => void
  answered: Answered
  setbacks: Setbacks
  writes: WriteBuffer
  lock: SharedLock
  again: LookAgain
  guard: Guard
  rates: { down: Rate }
  /** Of large files, either way. */
  lists: ChunkLists
  /** The marker is ours still: else nothing is done on the disk, nor told to the server (I13). @throws RootLost */
  requireRoot: () => Promise<void>
  /** Ends with the engine, or with a pause. */
  readonly signal: AbortSignal
}

type Ports = Pick<Course, 'store' | 'disk' | 'remote' | 'clock' | 'random' | 'tell'>
type Steering = {
  stopping: AbortSignal
  /** Another one after each pause. */
  working: () => AbortSignal
  downLimit: number | null
  /** Somebody may be tried again. */
  onDue: () => void
}

export function createCourse(ports: Ports, { stopping, working, downLimit, onDue }: Steering): Course {
  const { store, disk, remote, clock, random, tell } = ports
  return {
    store,
    disk,
    remote,
    clock,
    random,
    tell,
    answered: new Answered(),
    setbacks: new Setbacks(clock, stopping, onDue),
    writes: new WriteBuffer(store),
    lock: new SharedLock(),
    again: new LookAgain(),
    guard: createGuard((detail) => tell({ kind: 'guard', path: '', detail })),
    rates: { down: createRate(clock, downLimit) },
    lists: new ChunkLists(),
    requireRoot: () => requireRoot(store, disk),
    get signal() {
      return working()
    },
  }
}

/** What was seen to be otherwise than the trees say. */
export class LookAgain {
  server = false
  /** `everywhere`: all folders. */
  everywhere = false
  readonly #folders = new Set<LocalPath>()
  readonly #touched = new Set<LocalPath>()

  folder(path: LocalPath): void {
    this.#folders.add(path)
  }

  /**
   * We have put something there. What is taken away right after that, a watcher may not tell: it sees something come and go, and says nothing. So there
   * is one more look, a little later.
   */
  touched(path: LocalPath): void {
    this.#touched.add(path)
  }

  /** @returns whether there were any */
  lookWhereTouched(): boolean {
    for (const path of this.#touched) this.#folders.add(path)
    const wereAny = this.#touched.size > 0
    this.#touched.clear()
    return wereAny
  }

  get hasTouched(): boolean {
    return this.#touched.size > 0
  }

  get hasFolders(): boolean {
    return this.everywhere || this.#folders.size > 0
  }

  /** @returns the folders to be looked at, `null`: all */
  takeFolders(): LocalPath[] | null {
    const folders = this.everywhere ? null : [...this.#folders]
    this.everywhere = false
    this.#folders.clear()
    return folders
  }
}

/** Offline, or signed out: whoever works stops, and the engine finds out what to do. */
export class Halt extends Error {
  readonly trouble: Trouble & { is: 'offline' | 'ended' }

  constructor(trouble: Trouble & { is: 'offline' | 'ended' }, cause: unknown) {
    super(trouble.is, { cause })
    this.name = 'Halt'
    this.trouble = trouble
  }
}

export type Failure = { id: ItemId; step: Step['do']; trouble: Trouble; cause?: unknown; folder?: LocalPath | null }

/**
 * A step did not come off: what was otherwise is looked at again, and the item waits when that does not help.
 * @param to where there is a transaction already
 * @throws Halt when nothing else would come off either
 */
export function noteFailure(course: Course, failure: Failure, to?: StoreWriter): void {
  const { store, again, setbacks, tell } = course
  const { id, step, trouble, cause, folder = null } = failure
  if (trouble.is === 'offline' || trouble.is === 'ended') throw new Halt(trouble, cause)
  const item = store.item(id)
  if (!item) return
  if (trouble.is === 'changed') {
    if (trouble.side === 'server') again.server = true
    else if (folder === null) again.everywhere = true
    else again.folder(folder)
  }
  const path = shownPath(store, id)
  const { reason, detail } = trouble.is === 'blocked' ? trouble : lastingOf(trouble)
  tell({ kind: 'step', at: 'failed', step, item: id, path, error: detail })
  if (!setbacks.failed(item, { mayRetryAtOnce: trouble.is === 'changed' })) return
  const block = (writer: StoreWriter): void => writer.setBlocked(id, { reason, detail })
  if (to) block(to)
  else store.write(block)
  tell({ kind: 'blocked', item: id, path, reason, detail })
}

const lastingOf = ({ side, lasting }: Trouble & { is: 'changed' }): Lasting =>
  lasting ?? { reason: side === 'disk' ? 'busy' : 'refused', detail: 'it keeps changing' }

/** Found by doing; the others are found by plans and scans, who lift them again. */
const MET: ReadonlySet<BlockReason> = new Set([
  'no-permission',
  'busy',
  'no-space',
  'over-quota',
  'content-damaged',
  'unreadable',
  'refused',
])

export function noteSuccess(course: Course, id: ItemId, to: StoreWriter): void {
  course.setbacks.succeeded(id)
  const blocked = course.store.item(id)?.blocked
  if (blocked && MET.has(blocked.reason)) to.setBlocked(id, null)
}

/** @returns where the item is, for the end of the step */
export function tellStep(course: Course, step: Step['do'], item: ItemId): LocalPath {
  const path = shownPath(course.store, item)
  course.tell({ kind: 'step', at: 'begin', step, item, path })
  return path
}

/** @param began where it was when the step began: it may be gone now, or have gone on under another id */
export const tellStepEnd = (course: Course, step: Step['do'], item: ItemId, began: LocalPath): void =>
  course.tell({ kind: 'step', at: 'end', step, item, path: shownPath(course.store, item) || began })
