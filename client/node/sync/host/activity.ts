import type { LinkEvent } from './link-event.ts'
import type { LinkStatus } from './link-status.ts'

const MOVING_MAX = 64
const MOVING_SHOWN = 8
const RECENT_MAX = 8

type Shown = Pick<LinkStatus, 'state' | 'reason' | 'since' | 'progress' | 'moving' | 'recent' | 'brake'>

/** What the events of a link come to: how it is now. Bounded, however much happens. */
export class Activity {
  #state: LinkStatus['state'] = 'starting'
  #reason: string | null = null
  #since: number | null = null
  #progress: LinkStatus['progress'] = null
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
        this.#progress = event.filesLeft > 0 ? { ...event } : null
        return
      case 'brake':
        this.#brake = { direction: event.direction, deletes: event.deletes, of: event.of }
        return
      case 'brake-over':
        this.#brake = null
        return
      default:
        return
    }
  }

  get shown(): Shown {
    const progress = this.#progress && {
      filesLeft: this.#progress.filesLeft,
      bytesLeft: this.#progress.bytesLeft,
      bytesPerSecond: this.#progress.bytesPerSecond,
    }
    return {
      state: this.#state,
      reason: this.#reason,
      since: this.#since,
      progress,
      moving: [...this.#moving.values()].slice(0, MOVING_SHOWN),
      recent: this.#recent,
      brake: this.#brake,
    }
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
