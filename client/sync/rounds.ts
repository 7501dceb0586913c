import type { Item } from '../../core/reconcile/item.ts'
import type { Plan } from '../../core/reconcile/step.ts'
import { AfterFall } from './after-fall.ts'
import { Announcements } from './announced.ts'
import { forgetBrakeAnswers, readBrakeAnswers } from './brake-answers.ts'
import type { Course } from './course.ts'
import type { EngineOptions, EngineParts } from './engine-parts.ts'
import { bringBackLeft, bringBackMissed } from './bring-back.ts'
import { executePlan } from './execute-plan.ts'
import { forgetSent } from './forget-sent.ts'
import { Lately } from './lately.ts'
import { leftAlone } from './left-alone.ts'
import { localPath } from './local-path.ts'
import { Looker } from './looker.ts'
import { Pace } from './pace.ts'
import { pullToHead } from './pull.ts'
import type { Disk, SyncStore } from './ports.ts'
import { RememberKnown } from './remember-known.ts'
import { requireRoot } from './root-lost.ts'
import type { Status } from './status.ts'
import { isScanBlock } from './scan/scan-faults.ts'
import { Scrub } from './scrub.ts'
import { Transfers } from './transfers.ts'
import { isOfPort, troubleOf } from './trouble.ts'

/** More on its way than this is planned no further. */
const TRANSFERS_MAX = 4_000
/** As long as so many are on their way, nobody has to hurry with the next plan. */
const PLENTY = 256

/** `onTrouble`: a mistake of ours in what goes on beside the rounds ends the engine, and nothing else. */
type Surroundings = {
  options: EngineOptions
  status: Status
  stopping: AbortSignal
  onDue: () => void
  onTrouble: (error: unknown) => void
}

/** Also what runs for months clears its safety trash. */
const TIDY_MS = 86_400_000
const TIDY_AGAIN_MS = 60_000

/** What the engine does again and again: look at both sides where something may be new, plan, and do. */
export class Rounds {
  readonly #course: Course
  readonly #options: EngineOptions
  readonly #status: Status
  readonly #transfers: Transfers
  readonly #looker: Looker
  readonly #pace: Pace
  readonly #announcements: Announcements
  #afterFall: AfterFall | null = null
  readonly #scrub: Scrub
  readonly #memory: RememberKnown
  readonly #lately: Lately
  #tidyDueMs = 0

  constructor(course: Course, { options, status, stopping, onDue, onTrouble }: Surroundings) {
    this.#course = course
    this.#options = options
    this.#status = status
    this.#transfers = new Transfers(course, onDue)
    this.#pace = new Pace(course.clock, { stopping, onDue })
    this.#looker = new Looker(course, options.scan, { stopping, onDue })
    this.#announcements = new Announcements(course.store)
    this.#lately = new Lately(course.clock, course.store)
    const isAtRest = (): boolean => status.state === 'up-to-date'
    this.#scrub = new Scrub(course, { stopping, isAtRest, onTrouble })
    const { rules } = this.#looker
    this.#memory = new RememberKnown(course, { stopping, isAtRest, onTrouble, rules, after: options.rememberAfter })
    course.again.server = true
    course.again.everywhere = true
  }

  /** Before the first round. @throws RootLost; what the disk throws */
  async begin({ wasStoppedCleanly, bootId }: Pick<EngineParts, 'wasStoppedCleanly' | 'bootId'>): Promise<void> {
    const { store, disk } = this.#course
    await requireRoot(store, disk)
    this.#looker.prepare()
    this.#afterFall = new AfterFall(store, { wasStoppedCleanly, bootId, nowNs: await disk.timeNs() })
  }

  /** From now on all files are read again, slowly. */
  beginScrub(): void {
    this.#scrub.begin()
  }

  /**
   * @returns `rest`: nothing is left to do until somebody says that something is new
   * @throws RootLost, RootGone, Halt, AppError, ConnectionError, system errors: the next round looks at everything that this one had to
   */
  async round(): Promise<'rest' | 'again'> {
    const { store, again, writes } = this.#course
    this.#transfers.throwIfFailed()
    if (this.#transfers.files > PLENTY && this.#pace.isEarly()) return 'rest'
    this.#pace.begin()
    this.#lately.before(store)
    await this.#requireRoot()
    const unreached = again.server ? await this.#tryToPull() : null
    if (again.hasFolders) {
      if (!unreached) this.#status.is('scanning')
      this.#memory.changed(await this.#pace.measure(() => this.#looker.scan()))
      this.#afterFall?.settle()
    }
    const isMoreToRead = await this.#looker.read()
    writes.flush()
    this.#lately.after(store)
    if (unreached) throw unreached.error
    // An answer has told of what the tree does not know yet: as it is, two things may seem to have one name.
    if (again.server) return 'again'
    await this.#settleAnnounced()
    if (this.#transfers.files > TRANSFERS_MAX) return 'rest'
    await this.#options.untilAccessIsKnown()
    const next = await this.#pace.measure(() => this.plan())
    this.#status.brake(next.brake)
    this.#transfers.isMorePlanned = next.more
    if (next.steps.length === 0) return isMoreToRead || again.server || again.hasFolders ? 'again' : this.#rest(next)
    this.#status.is('syncing')
    this.#memory.changed(next.steps.length)
    await executePlan(this.#course, this.#transfers, next)
    return 'again'
  }

  /** A round that does nothing. @throws as `round` */
  async look(maxSteps: number): Promise<Plan> {
    const { store, disk, again, writes } = this.#course
    await requireRoot(store, disk)
    again.server = true
    again.everywhere = true
    await this.#pull()
    await this.#looker.scan()
    this.#afterFall?.settle()
    while (await this.#looker.read()) continue
    writes.flush()
    await this.#settleAnnounced()
    await this.#options.untilAccessIsKnown()
    return this.plan(maxSteps)
  }

  plan(maxSteps = this.#options.maxSteps): Plan {
    const { store, disk, setbacks } = this.#course
    const { canWrite, isSelected, unselected, brake, plan } = this.#options
    const transfers = this.#transfers
    const isAboutToLeave = (item: Item): boolean => transfers.isSendingTo(item)
    const isBusy = (item: Item): boolean =>
      transfers.has(item.id) || setbacks.isWaiting(item) || isAboutToLeave(item) || transfers.isPerhapsSent(item)
    return plan(store, {
      abilities: disk.abilities,
      canWrite: canWrite(),
      maxSteps,
      isSelected,
      unselected: unselected(),
      brake: { ...brake, answer: readBrakeAnswers(store), lately: this.#lately.counts() },
      isBusy,
      isAboutToLeave,
      isOnItsWay: (id) => transfers.has(id),
      isSeenOnDisk: isScanBlock,
      isLeftAlone: leftAlone({ store, rules: this.#looker.rules() }),
    })
  }

  /** What is on its way is waited for; whoever wants that to be short aborts it. */
  end(): Promise<void> {
    return this.#transfers.end()
  }

  /** For good. */
  async close(): Promise<void> {
    await this.end()
    await this.#scrub.end()
    await this.#memory.end()
  }

  async #settleAnnounced(): Promise<void> {
    const { store } = this.#course
    for (const { id, synced } of this.#announcements.settle()) {
      const path = localPath(store, id)
      if (path !== null) await bringBackMissed(this.#course, path, synced)
    }
    this.#announcements.lookedAfter()
    await bringBackLeft(this.#course)
  }

  /** A root that was away may come back with what was unfinished when it went. */
  async #requireRoot(): Promise<void> {
    const { store, disk, clock } = this.#course
    try {
      await requireRoot(store, disk)
    } catch (error) {
      this.#tidyDueMs = 0
      throw error
    }
    const now = clock.now()
    // Also when the clock was set back.
    const isDue = now >= this.#tidyDueMs || now < this.#tidyDueMs - TIDY_MS
    if (isDue && this.#transfers.files === 0) this.#tidyDueMs = now + ((await isTidied(disk)) ? TIDY_MS : TIDY_AGAIN_MS)
  }

  /**
   * Nobody answers: what changes here is looked at all the same, so that a rename and a later edit are not seen at once (MV-14).
   * @throws what is not for the network to mend
   */
  async #tryToPull(): Promise<{ error: unknown } | null> {
    try {
      await this.#pull()
      return null
    } catch (error) {
      if (troubleOf(error, 'server').is !== 'offline') throw error
      return { error }
    }
  }

  async #pull(): Promise<void> {
    const { again } = this.#course
    again.server = false
    try {
      await pullToHead(this.#course)
    } catch (error) {
      again.server = true
      throw error
    }
  }

  #rest({ brake }: Plan): 'rest' {
    const { store } = this.#course
    this.#looker.lookWhereTouched()
    if (this.#transfers.files > 0) this.#status.is('syncing')
    else if (brake !== null) this.#status.is('paused', 'brake')
    else if (isReadLater(store)) this.#status.is('syncing', 'being-written')
    else {
      if (forgetBrakeAnswers(store)) this.#lately.forget()
      forgetSent(store)
      this.#status.is('up-to-date', store.counts().blocked > 0 ? 'blocked' : undefined)
      this.#memory.rested()
    }
    return 'rest'
  }
}

/** What is unfinished, or in the safety trash beyond its time, is in nobody's way, so a failure is not either. */
async function isTidied(disk: Disk): Promise<boolean> {
  try {
    await disk.tidy()
    return true
  } catch (error) {
    if (!isOfPort(error)) throw error
    return false
  }
}

/** There is a file that is being written to: what it will hold is not known yet, so nobody can call it up to date (I16). */
function isReadLater(store: SyncStore): boolean {
  for (const id of store.unread()) {
    const item = store.item(id)
    if (item?.local?.content === null && item.blocked === null) return true
  }
  return false
}
