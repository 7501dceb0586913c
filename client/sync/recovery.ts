import { Halt, type Course } from './course.ts'
import type { Doorbell } from './doorbell.ts'
import { RootGone } from './root-gone.ts'
import { RootLost } from './root-lost.ts'
import type { Status } from './status.ts'
import { troubleOf, type Trouble } from './trouble.ts'

const FIRST_MS = 1_000
const MAX_MS = 60_000
const ROOT_AGAIN_MS = 5_000
/** Somebody who was just let in may be turned away for a moment still (a server remembers rights for two seconds): soon at first. */
const FIRST_GONE_MS = 3_000

/** What to do when a round did not come to its end: say why, wait, and look at everything anew. Longer each time. */
export class Recovery {
  readonly #course: Course
  readonly #status: Status
  readonly #bell: Doorbell
  #failures = 0
  /** By itself: what fails after a long absence is no reason to wait as long as for that. */
  #timesGone = 0
  #waiting: AbortController | null = null

  constructor(course: Course, status: Status, bell: Doorbell) {
    this.#course = course
    this.#status = status
    this.#bell = bell
  }

  succeeded(): void {
    this.#failures = 0
    this.#timesGone = 0
  }

  /** Somebody asks for everything to be tried now: how often it has failed is no reason to wait. */
  hurry(): void {
    this.#waiting?.abort()
  }

  /** @throws `error` when no port threw it: a mistake of ours */
  async recover(error: unknown): Promise<'goes-on' | 'signed-out'> {
    const { again } = this.#course
    again.server = true
    if (error instanceof RootLost) {
      again.everywhere = true
      return this.#wait(ROOT_AGAIN_MS, `root-${error.found}`)
    }
    if (error instanceof RootGone)
      return this.#wait(Math.min(MAX_MS, FIRST_GONE_MS * 2 ** this.#timesGone++), 'root-gone')
    const trouble = error instanceof Halt ? error.trouble : troubleOf(error, 'server')
    if (trouble.is === 'ended') return 'signed-out'
    this.#failures++
    // Seldom, and mended by looking again.
    if (trouble.is === 'changed' && this.#failures === 1) return 'goes-on'
    if (trouble.is === 'blocked') again.everywhere = true
    return this.#waitLonger(trouble)
  }

  async #wait(ms: number, reason: string): Promise<'goes-on'> {
    this.#status.is('stopped', reason)
    await this.#bell.sleep(ms)
    return 'goes-on'
  }

  async #waitLonger(trouble: Trouble): Promise<'goes-on'> {
    const ms = Math.min(MAX_MS, FIRST_MS * 2 ** (this.#failures - 1))
    if (trouble.is === 'blocked') this.#status.is('offline', trouble.detail)
    else this.#status.is('offline')
    // A quarter of dice, so that a thousand devices do not come back at once.
    await this.#sleep(ms * (0.75 + this.#course.random.fraction() / 4))
    return 'goes-on'
  }

  /** No hint ends it: there may be many, and none of them says that it would go better now. */
  async #sleep(ms: number): Promise<void> {
    const { clock, signal } = this.#course
    const waiting = new AbortController()
    const end = (): void => waiting.abort()
    this.#waiting = waiting
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    await clock.sleep(ms, waiting.signal).catch(() => {})
    signal.removeEventListener('abort', end)
    this.#waiting = null
  }
}
