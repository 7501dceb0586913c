import type { LinkEvent } from './link-event.ts'
import type { LinkStatus } from './link-status.ts'

const MOVING_MAX = 64
const MOVING_SHOWN = 8
const RECENT_MAX = 8
const SMOOTHING_MS = 2_000
const WORKING: ReadonlySet<LinkStatus['state']> = new Set(['starting', 'scanning', 'syncing'])
/** One file after the other may be saved, or come. */
const REST_MS = 3_000

type Shown = Pick<LinkStatus, 'state' | 'reason' | 'since' | 'progress' | 'moving' | 'recent' | 'brake'>

/** What the events of a link come to: how it is now. Bounded, however much happens. */
export class Activity {
  #state: LinkStatus['state'] = 'starting'
  #reason: string | null = null
  #since: number | null = null
  #progress: LinkStatus['progress'] = null
  #progressAt = 0
  #brake: LinkStatus['brake'] = null
  readonly #moving = new Map<string, { step: string; path: string }>()
  #recent: LinkStatus['recent'] = []

  take(event: LinkEvent): void {
    switch (event.kind) {
      case 'state':
        return this.#turn(event.state, event.reason ?? null, event.time)
      case 'step':
        return this.#step(event)
      case 'progress':
        return this.#advance(event)
      case 'brake':
        this.#brake = { mass: event.mass, items: event.items, of: event.of }
        return
      case 'brake-over':
        this.#brake = null
        return
      default:
        return
    }
  }

  get shown(): Shown {
    return {
      state: this.#state,
      reason: this.#reason,
      since: this.#since,
      progress: this.#progress,
      moving: [...this.#moving.values()].slice(0, MOVING_SHOWN),
      recent: this.#recent,
      brake: this.#brake,
    }
  }

  /** Nothing has been done for a while, and nothing is left to do by itself. */
  isAtRest(nowMs: number): boolean {
    return !WORKING.has(this.#state) && nowMs - (this.#since ?? nowMs) >= REST_MS
  }

  /** The rate is that of some seconds: it shall be readable. */
  #advance({ filesLeft, bytesLeft, bytesPerSecond, more, time }: Extract<LinkEvent, { kind: 'progress' }>): void {
    const before = this.#progress
    const keep = before === null ? 0 : Math.exp(-Math.max(0, time - this.#progressAt) / SMOOTHING_MS)
    const rate = bytesPerSecond * (1 - keep) + (before?.bytesPerSecond ?? 0) * keep
    this.#progressAt = time
    this.#progress = filesLeft === 0 ? null : { filesLeft, bytesLeft, bytesPerSecond: Math.round(rate), more }
  }

  #turn(state: LinkStatus['state'], reason: string | null, time: number): void {
    this.#state = state
    this.#reason = reason
    this.#since = time
    if (state === 'syncing' || state === 'scanning') return
    this.#progress = null
    this.#moving.clear()
  }

  #step({ at, step, item, path, time }: Extract<LinkEvent, { kind: 'step' }>): void {
    if (at === 'begin') {
      if (this.#moving.size < MOVING_MAX) this.#moving.set(item, { step, path })
      return
    }
    // What was new here has another id when it has arrived there.
    if (!this.#moving.delete(item)) for (const [id, one] of this.#moving) if (one.path === path) this.#moving.delete(id)
    if (at === 'end') this.#recent = [{ step, path, time }, ...this.#recent].slice(0, RECENT_MAX)
  }
}
