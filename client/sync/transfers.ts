import type { Sha256 } from '../../core/ids.ts'
import { nameKey } from '../../core/names.ts'
import type { Item, ItemId, Placement } from '../../core/reconcile/item.ts'
import { Aliases } from './aliases.ts'
import type { Course } from './course.ts'
import { Arrivals } from './arrivals.ts'
import { download } from './download-steps.ts'
import type { DownloadStep } from './place-version.ts'
import { Progress } from './progress.ts'
import { noteFailedStep } from './failed-step.ts'
import { uploadFiles, type UploadStep } from './upload-steps.ts'

const placeKey = ({ parent, name }: Placement): string => `${parent}/${nameKey(name)}`

/** Downloads at once: small ones are fetched many at a time. And their bytes: what one holds in memory is bounded by its size. */
const DOWNLOADS = 1_024
const DOWNLOAD_BYTES = 64 * 1024 * 1024
/** A large file is fetched piece by piece. */
const DOWNLOAD_HELD_BYTES = 24 * 1024 * 1024
/** A large upload must not keep small ones waiting. */
const UPLOADS = 2
/** When so few wait, it is time for more. */
const LOW = 64

/**
 * Files on their way, either way. They go on while the engine pulls, scans and plans; a plan leaves alone what is on its way. Each looks again before it
 * changes anything, so it does no harm that the world goes on.
 */
export class Transfers {
  readonly #course: Course
  readonly #onChange: () => void
  readonly #arrivals: Arrivals
  readonly #progress: Progress
  readonly #active = new Map<ItemId, number>()
  /** Where new files are on their way to. */
  readonly #places = new Map<string, ItemId>()
  /** What is on its way to the server, and how often. */
  readonly #contents = new Map<Sha256, number>()
  readonly #working = new Set<Promise<void>>()
  #downloads: DownloadStep[] = []
  #uploads: { steps: UploadStep[]; aliases: Aliases }[] = []
  #downloading = 0
  #downloadingBytes = 0
  #uploading = 0
  /** Of files that have ended, either way. */
  #endedBytes = 0
  /** As it was when there was last nothing to do. */
  #before = { moved: 0, ended: 0 }
  #failure: { error: unknown } | null = null
  /** The last plan held not all that there is. */
  isMorePlanned = false

  /** @param onChange there is room for more, all is done, or something went wrong */
  constructor(course: Course, onChange: () => void) {
    this.#course = course
    this.#onChange = onChange
    this.#arrivals = new Arrivals(course)
    this.#progress = new Progress(course.clock, course.tell, () => ({
      filesLeft: this.#active.size,
      bytesLeft: this.#bytesLeft(),
      bytesMoved: this.#moved(),
      more: this.isMorePlanned,
    }))
  }

  has(id: ItemId): boolean {
    return this.#active.has(id)
  }

  /** Something else is on its way to this name: what becomes of that comes first. */
  isSendingTo({ id, local, remote }: Item): boolean {
    if (!local || this.#places.size === 0) return false
    const isThere = remote !== null && placeKey(remote.place) === placeKey(local.place)
    const sender = this.#places.get(placeKey(local.place))
    return !isThere && sender !== undefined && sender !== id
  }

  /**
   * It seems to be new on the server and has the bytes of a file that is on its way there: it may be that file, under the name of a conflicted copy, and
   * the answer not be here yet (P2, P10).
   */
  isPerhapsSent({ local, remote }: Item): boolean {
    return local === null && remote?.content.kind === 'file' && this.#contents.has(remote.content.sha256)
  }

  get files(): number {
    return this.#active.size
  }

  /** Of what is on its way or waits for it. What of a file has travelled is known of all together only, so this is near the truth. */
  #bytesLeft(): number {
    let sum = 0
    for (const bytes of this.#active.values()) sum += bytes
    const underWay = Math.max(0, this.#moved() - this.#before.moved - (this.#endedBytes - this.#before.ended))
    return Math.max(0, sum - underWay)
  }

  #moved(): number {
    const { rates, remote } = this.#course
    return rates.down.total() + (remote.sent?.() ?? this.#endedBytes)
  }

  start(downloads: readonly DownloadStep[], uploads: readonly UploadStep[], aliases: Aliases): void {
    for (const step of downloads) {
      const now = aliases.step(step)
      if (this.#active.has(now.item)) continue
      this.#active.set(now.item, this.#sizeOf(now))
      this.#downloads.push(now)
    }
    const steps = uploads.map((step) => aliases.step(step)).filter(({ item }) => !this.#active.has(item))
    for (const step of steps) {
      this.#active.set(step.item, step.content.kind === 'file' ? step.content.size : 0)
      if (step.content.kind === 'file') this.#countContent(step.content.sha256, 1)
      if (step.do === 'upload-new') this.#places.set(placeKey(step.place), step.item)
    }
    if (steps.length > 0) this.#uploads.push({ steps, aliases: new Aliases() })
    if (this.#active.size > 0) this.#progress.begin(this.#course.signal)
    this.#pump()
  }

  /** @throws what ended a transfer and would end all others: offline, signed out, the root lost */
  throwIfFailed(): void {
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) throw failure.error
  }

  /** Begins nothing more, and waits for what is under way. Whoever wants that to be short aborts it. */
  async end(): Promise<void> {
    this.#giveUpWaiting()
    while (this.#working.size > 0) await Promise.allSettled(this.#working)
    this.#course.writes.flush()
  }

  #giveUpWaiting(): void {
    for (const { item } of this.#downloads) this.#active.delete(item)
    for (const { steps } of this.#uploads) for (const step of steps) this.#forget(step)
    this.#downloads = []
    this.#uploads = []
  }

  #sizeOf({ item }: DownloadStep): number {
    const content = this.#course.store.item(item)?.remote?.content
    return content?.kind === 'file' ? content.size : 0
  }

  #pump(): void {
    for (let next = this.#downloads[0]; next !== undefined; next = this.#downloads[0]) {
      const bytes = Math.min(DOWNLOAD_HELD_BYTES, this.#active.get(next.item) ?? 0)
      const isRoom = this.#downloading < DOWNLOADS && this.#downloadingBytes + bytes <= DOWNLOAD_BYTES
      if (!isRoom && this.#downloading > 0) break
      this.#downloads.shift()
      this.#work(this.#download(next, bytes))
    }
    while (this.#uploading < UPLOADS) {
      const next = this.#uploads.shift()
      if (next === undefined) break
      this.#work(this.#upload(next.steps, next.aliases))
    }
  }

  #work(work: Promise<void>): void {
    this.#working.add(work)
    void work.finally(() => {
      this.#working.delete(work)
      this.#pump()
      const isLow = this.#downloads.length + this.#uploads.length <= LOW
      if (this.#working.size === 0 || (isLow && this.#downloads.length === LOW)) this.#onChange()
    })
  }

  async #download(step: DownloadStep, bytes: number): Promise<void> {
    this.#downloading++
    this.#downloadingBytes += bytes
    try {
      await download(this.#course, this.#arrivals, step)
    } catch (error) {
      this.#judge(() => noteFailedStep(this.#course, step, error))
    } finally {
      this.#downloading--
      this.#downloadingBytes -= bytes
      this.#endedBytes += this.#active.get(step.item) ?? 0
      this.#active.delete(step.item)
      this.#noteRest()
    }
  }

  async #upload(steps: UploadStep[], aliases: Aliases): Promise<void> {
    const unanswered = new Map(steps.map((step) => [step.item, step]))
    this.#uploading++
    try {
      await uploadFiles(this.#course, { steps, aliases }, (id) => {
        this.#endedBytes += this.#active.get(id) ?? 0
        const step = unanswered.get(id)
        if (step) this.#forget(step)
        unanswered.delete(id)
        this.#noteRest()
      })
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#uploading--
      for (const step of unanswered.values()) this.#forget(step)
      this.#noteRest()
    }
  }

  /** Its answer is noted with the next transaction, and whoever plans waits for that: it need not wait for the others. */
  #forget(step: UploadStep): void {
    this.#active.delete(step.item)
    if (step.content.kind === 'file') this.#countContent(step.content.sha256, -1)
    if (step.do === 'upload-new' && this.#places.get(placeKey(step.place)) === step.item)
      this.#places.delete(placeKey(step.place))
  }

  #countContent(sha256: Sha256, more: 1 | -1): void {
    const count = (this.#contents.get(sha256) ?? 0) + more
    if (count > 0) this.#contents.set(sha256, count)
    else this.#contents.delete(sha256)
  }

  #noteRest(): void {
    if (this.#active.size === 0) this.#before = { moved: this.#moved(), ended: this.#endedBytes }
  }

  #judge(note: () => void): void {
    try {
      note()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    // What a pause has broken off has not failed.
    if (!this.#course.signal.aborted) this.#failure ??= { error }
    this.#giveUpWaiting()
    this.#onChange()
  }
}
