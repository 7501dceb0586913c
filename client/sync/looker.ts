import type { Course } from './course.ts'
import type { IgnoreRules } from './ignore.ts'
import type { LocalPath } from './ports.ts'
import { RootLost } from './root-lost.ts'
import { createScanner, type Scanner } from './scan/scanner.ts'
import type { ScanLimits } from './scan/scan-types.ts'

/** Read and hashed in one round; then there may be something more urgent. */
const READ_FILES = 2_000
const READ_BYTES = 256 * 1024 * 1024
/** What could not be listed is tried again: sooner, then later. */
const UNLISTED_MS = 10_000
const UNLISTED_MAX_MS = 300_000
/** Longer than watchers gather what happens. */
const TOUCHED_MS = 1_500
/** What is still being written is read again: sooner, then later. */
const READ_AGAIN_MS = 200
const READ_AGAIN_MAX_MS = 30_000
/** Not oftener, however many files keep changing. */
const RESTLESS_MS = 100

/** Looks at the disk: where hints say, and again where the disk was not at rest. */
export class Looker {
  readonly #course: Course
  readonly #scanner: Scanner
  readonly #onDue: () => void
  readonly #stopping: AbortSignal
  #readAgainMs = READ_AGAIN_MS
  #isReadDue = true
  #isReadAgainDue = false
  #isRestlessDue = false
  #isTouchedDue = false
  /** Folders that could not be listed, until they are. */
  readonly #unlisted = new Set<LocalPath>()
  #unlistedMs = UNLISTED_MS
  #isUnlistedDue = false

  /** @param onDue somebody has to look again now */
  constructor(
    course: Course,
    limits: Partial<ScanLimits>,
    { stopping, onDue }: { stopping: AbortSignal; onDue: () => void },
  ) {
    this.#course = course
    this.#scanner = createScanner(course, limits)
    this.#stopping = stopping
    this.#onDue = onDue
  }

  rules = (): IgnoreRules => this.#scanner.rules()

  prepare = (): void => this.#scanner.prepare()

  /** @returns how much was otherwise than it was known. @throws RootLost; what the disk throws: then the same is looked at the next time */
  async scan(): Promise<number> {
    const { again, lock, writes, signal } = this.#course
    const folders = again.takeFolders()
    try {
      const outcome = await lock.alone(() => {
        writes.flush()
        return folders === null ? this.#scanner.full(signal) : this.#scanner.folders(folders, signal)
      })
      if (outcome.is === 'no-root') throw new RootLost('missing')
      this.#isReadDue = true
      if (outcome.again === null || outcome.again.length > 0) this.#lookLater(outcome.again, outcome.againInMs)
      this.#noteUnlisted(folders, outcome.unlisted)
      return outcome.changed
    } catch (error) {
      if (folders === null) again.everywhere = true
      else for (const folder of folders) again.folder(folder)
      throw error
    }
  }

  /** Where we have put something is looked at once more. */
  lookWhereTouched(): void {
    if (this.#isTouchedDue || !this.#course.again.hasTouched) return
    this.#isTouchedDue = true
    this.#later(TOUCHED_MS, () => {
      this.#isTouchedDue = false
      this.#course.again.lookWhereTouched()
    })
  }

  /** Hashes what scans have left. @returns whether there is more to read at once */
  async read(): Promise<boolean> {
    if (!this.#isReadDue) return false
    const { signal } = this.#course
    const read = await this.#scanner.read({ files: READ_FILES, bytes: READ_BYTES, signal })
    if (read.files >= READ_FILES || read.bytes >= READ_BYTES) return true
    this.#isReadDue = false
    if (read.left === 0) this.#readAgainMs = READ_AGAIN_MS
    else if (!this.#isReadAgainDue) {
      this.#isReadAgainDue = true
      this.#readLater(this.#readAgainMs, () => (this.#isReadAgainDue = false))
      this.#readAgainMs = Math.min(READ_AGAIN_MAX_MS, this.#readAgainMs * 2)
    }
    if (read.restless > 0 && !this.#isRestlessDue) {
      this.#isRestlessDue = true
      this.#readLater(Math.max(RESTLESS_MS, read.dueInMs), () => (this.#isRestlessDue = false))
    }
    return false
  }

  /** One timer of a kind, however often somebody looks meanwhile. */
  #readLater(ms: number, over: () => void): void {
    this.#later(ms, () => {
      over()
      this.#isReadDue = true
    })
  }

  #noteUnlisted(asked: readonly LocalPath[] | null, unlisted: readonly { path: LocalPath }[]): void {
    if (asked === null) this.#unlisted.clear()
    else for (const path of asked) this.#unlisted.delete(path)
    for (const { path } of unlisted) this.#unlisted.add(path)
    if (this.#unlisted.size === 0) this.#unlistedMs = UNLISTED_MS
    else this.#listAgain()
  }

  /** One timer, however many there are and however often somebody looks meanwhile. */
  #listAgain(): void {
    if (this.#isUnlistedDue) return
    this.#isUnlistedDue = true
    this.#later(this.#unlistedMs, () => {
      this.#isUnlistedDue = false
      for (const path of this.#unlisted) this.#course.again.folder(path)
    })
    this.#unlistedMs = Math.min(UNLISTED_MAX_MS, this.#unlistedMs * 2)
  }

  #lookLater(folders: readonly string[] | null, ms: number): void {
    this.#later(Math.max(ms, READ_AGAIN_MS), () => {
      const { again } = this.#course
      if (folders === null) again.everywhere = true
      else for (const folder of folders) again.folder(folder)
    })
  }

  #later(ms: number, mark: () => void): void {
    const wait = async (): Promise<void> => {
      const isOver = await this.#course.clock.sleep(ms, this.#stopping).catch(() => true)
      // It ends with the engine: then nobody looks any more.
      if (isOver === true) return
      mark()
      this.#onDue()
    }
    void wait()
  }
}
