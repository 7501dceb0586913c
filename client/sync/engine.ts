import type { Mass } from '../../core/reconcile/device.ts'
import type { Plan } from '../../core/reconcile/step.ts'
import { writeBrakeAnswer } from './brake-answers.ts'
import { createCourse, type Course } from './course.ts'
import { Doorbell } from './doorbell.ts'
import { ENGINE_OPTIONS, type EngineOptions, type EngineParts } from './engine-parts.ts'
import { Hints } from './hints.ts'
import { Recovery } from './recovery.ts'
import { claimRoot, RootLost } from './root-lost.ts'
import { makeRoomForRepair } from './repair.ts'
import { Rounds } from './rounds.ts'
import { Status } from './status.ts'

/** Rounds without a rest: more of them is a mistake of ours, which must not burn a machine. */
const ROUNDS_MAX = 500
const REST_MS = 1_000
/** Somebody rings sooner: there is a timer behind every hint. */
const LONG_MS = 24 * 3_600_000

/**
 * Keeps one folder on this device in step with one on the server.
 *
 *     hint (watcher, live message, timer)
 *       └─► pull ─► scan ─► plan ─► do ─┐        until a plan is empty; then it waits for the next hint
 *             ▲                         │
 *             └─────────────────────────┘
 *
 * Each round looks at the world as it is. Nothing is remembered of what was to be done, so it may be killed at any moment. One round at a time; only
 * files travel beside it (`Transfers`).
 */
export class SyncEngine {
  readonly #parts: EngineParts
  readonly #options: EngineOptions
  readonly #bell: Doorbell
  readonly #status: Status
  readonly #stopping = new AbortController()
  /** Ends with a pause too. */
  #working = new AbortController()
  readonly #course: Course
  readonly #rounds: Rounds
  readonly #recovery: Recovery
  #isPaused: boolean
  #restless = 0
  #wasRootLost = false
  readonly #hints: Hints
  #hasBegun = false
  #isRunning = false
  readonly #looks: Look[] = []
  #end: { reason: string; error: unknown } | null = null

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#options = { ...ENGINE_OPTIONS, ...parts.options }
    this.#bell = new Doorbell(parts.clock)
    this.#status = new Status(parts.tell)
    this.#isPaused = parts.store.meta('paused') !== null
    const ring = (): void => this.#bell.ring()
    const stopping = this.#stopping.signal
    const { downLimit } = this.#options
    this.#course = createCourse(parts, { stopping, working: () => this.#working.signal, downLimit, onDue: ring })
    const onTrouble = (error: unknown): void => this.#endBy('internal', error)
    this.#rounds = new Rounds(this.#course, {
      options: this.#options,
      status: this.#status,
      stopping,
      onDue: ring,
      onTrouble,
    })
    this.#recovery = new Recovery(this.#course, this.#status, this.#bell)
    this.#hints = new Hints(this.#course, this.#bell, {
      times: this.#options.times,
      stopping,
      onTrouble,
    })
  }

  /**
   * Until `stop`, or until nothing can be done any more: somebody has to sign in.
   * @throws mistakes of ours
   */
  async run(): Promise<void> {
    const stopping = this.#stopping.signal
    this.#isRunning = true
    try {
      while (!stopping.aborted) await this.#turn()
    } finally {
      this.stop()
      this.#isRunning = false
      for (const { reject } of this.#looks.splice(0)) reject(STOPPED)
      await this.#hints.stop()
      await this.#rounds.close()
      this.#status.is('stopped', this.#end?.reason)
    }
    if (this.#end?.error) throw this.#end.error
  }

  /** What is under way is broken off, as all of it may be at any time; then `run` resolves. */
  stop(): void {
    this.#stopping.abort(STOPPED)
    this.#working.abort(STOPPED)
    this.#bell.ring()
  }

  /** Outlives a restart. @throws what the store throws, as each of these does: then nothing has changed */
  pause(): void {
    this.#parts.store.write((to) => to.setMeta('paused', 'yes'))
    this.#isPaused = true
    this.#working.abort(STOPPED)
    this.#bell.ring()
  }

  resume(): void {
    this.#parts.store.write((to) => to.setMeta('paused', null))
    this.#isPaused = false
    this.syncNow()
  }

  /** Looks at everything, and tries again what waits after a failure. */
  syncNow(): void {
    const { setbacks, again } = this.#course
    setbacks.clear()
    again.server = true
    again.everywhere = true
    this.#recovery.hurry()
    this.#bell.ring()
  }

  /** @param mass as the brake's event said */
  answerBrake(mass: Mass, answer: 'keep' | 'delete'): void {
    writeBrakeAnswer(this.#parts.store, mass, answer)
    this.#bell.ring()
  }

  /** What a failing disk has damaged comes from the server again (DK-12). @returns how many files @throws RootLost */
  async repair(): Promise<number> {
    const count = await makeRoomForRepair(this.#course)
    if (count > 0) this.#bell.ring()
    return count
  }

  limitDown(bytesPerSecond: number | null): void {
    this.#course.rates.down.limit(bytesPerSecond)
  }

  /** Steps that would have destroyed bytes that are held nowhere else, since the start (I1). */
  refusals(): number {
    return this.#course.guard.refusals()
  }

  /** What the watcher cannot do, for the person; `null`: nothing (WA-02). */
  get watcherTrouble(): string | null {
    return this.#hints.trouble
  }

  /** What would be done now. Nothing is. */
  plan(): Plan {
    return this.#rounds.plan()
  }

  /**
   * Looks at both sides, and says what would be done beside what is on its way. Nothing is; also while the engine is paused, or does not run.
   * @param maxSteps more are not counted
   * @throws what ends a round
   */
  async look(maxSteps: number): Promise<Plan> {
    if (!this.#isRunning) {
      await this.#rounds.begin(this.#parts)
      return this.#rounds.look(maxSteps)
    }
    return new Promise((resolve, reject) => {
      this.#looks.push({ maxSteps, resolve, reject })
      this.#bell.ring()
    })
  }

  async #turn(): Promise<void> {
    const look = this.#looks.shift()
    if (look) return this.#answer(look)
    // Also when it was resumed before anybody noticed: what was broken off has to end first.
    if (this.#isPaused || this.#working.signal.aborted) return this.#stayPaused()
    try {
      if (!this.#hasBegun) await this.#begin()
      const next = await this.#rounds.round()
      if (this.#wasRootLost) await this.#hints.watch(this.#parts.watcher)
      this.#wasRootLost = false
      this.#recovery.succeeded()
      if (next === 'rest') {
        this.#restless = 0
        await this.#bell.sleep(LONG_MS)
      } else if (++this.#restless > ROUNDS_MAX) {
        this.#restless = 0
        await this.#bell.sleep(REST_MS)
      }
    } catch (error) {
      await this.#recover(error)
    }
  }

  /** Whoever is paused may look, and is paused again. */
  async #answer({ maxSteps, resolve, reject }: Look): Promise<void> {
    const wasBrokenOff = this.#working.signal.aborted
    if (wasBrokenOff) {
      await this.#rounds.end()
      this.#working = new AbortController()
    }
    await this.#rounds.look(maxSteps).then(resolve, reject)
    if (wasBrokenOff || this.#isPaused) this.#working.abort(STOPPED)
  }

  async #begin(): Promise<void> {
    await claimRoot(this.#parts)
    await this.#rounds.begin(this.#parts)
    await this.#hints.start(this.#parts.watcher)
    this.#rounds.beginScrub()
    this.#hasBegun = true
  }

  async #recover(error: unknown): Promise<void> {
    // A pause, or the end: whatever was thrown, it was broken off.
    if (this.#working.signal.aborted) return
    this.#wasRootLost ||= error instanceof RootLost
    try {
      if ((await this.#recovery.recover(error)) === 'signed-out') this.#endBy('signed-out', null)
    } catch (mistake) {
      this.#endBy('internal', mistake)
    }
  }

  #endBy(reason: string, error: unknown): void {
    this.#end ??= { reason, error }
    this.stop()
  }

  async #stayPaused(): Promise<void> {
    await this.#rounds.end()
    if (this.#isPaused) {
      this.#status.is('paused')
      await this.#bell.sleep(LONG_MS)
    }
    if (!this.#isPaused && !this.#stopping.signal.aborted) this.#working = new AbortController()
  }
}

type Look = { maxSteps: number; resolve: (plan: Plan) => void; reject: (error: unknown) => void }

const STOPPED = new DOMException('the engine was stopped', 'AbortError')
