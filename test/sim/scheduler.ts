import type { Trace } from './trace.ts'

export type Timer = { readonly atUs: number; cancelled: boolean }
type Event = Timer & { order: number; isIdle: boolean; run: () => void }

/** Events after which the real event loop gets a turn, so that a signal can stop a run. */
const BREATH_EVENTS = 5_000

/**
 * One virtual time line for every device, the server and the people. An event happens, whatever became runnable by it runs until nothing
 * is left but waiting, then the next event happens: nothing depends on real time or on the order in which the machine does things.
 *
 * Everything that code under test waits for must be an event here. Then all that runs in between is microtasks, and
 * `process.nextTick` comes after the last of them.
 */
export class Scheduler {
  readonly #heap: Event[] = []
  readonly #trace: Trace
  #order = 0
  /** Virtual microseconds since the run began. */
  nowUs = 0
  events = 0

  constructor(trace: Trace) {
    this.#trace = trace
  }

  /** @param isIdle a pause that somebody makes because there is nothing to do */
  after(delayUs: number, run: () => void, isIdle = false): Timer {
    const event: Event = {
      atUs: this.nowUs + Math.max(0, Math.round(delayUs)),
      order: this.#order++,
      cancelled: false,
      isIdle,
      run,
    }
    push(this.#heap, event)
    return event
  }

  /** Something other than pauses is under way. */
  isBusy(): boolean {
    return this.#heap.some(({ cancelled, isIdle }) => !cancelled && !isIdle)
  }

  /**
   * Lets things happen.
   * @param isOver asked before every event
   * @returns why it ended
   */
  async run(isOver: () => boolean, eventsMax = Infinity): Promise<'over' | 'nothing-left' | 'too-many'> {
    for (let left = eventsMax; left > 0; left--) {
      await nothingElseRuns()
      if (isOver()) return 'over'
      const event = this.#next()
      if (event === null) return 'nothing-left'
      this.nowUs = event.atUs
      if (++this.events % BREATH_EVENTS === 0) await new Promise((resolve) => setImmediate(resolve))
      event.run()
    }
    return 'too-many'
  }

  #next(): Event | null {
    for (;;) {
      const event = pop(this.#heap)
      if (event === null || !event.cancelled) return event
    }
  }

  note(line: string): void {
    this.#trace.note(`${this.nowUs} ${line}`)
  }
}

const nothingElseRuns = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

const isBefore = (a: Event, b: Event): boolean => a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order)

function push(heap: Event[], event: Event): void {
  let at = heap.push(event) - 1
  while (at > 0) {
    const above = (at - 1) >> 1
    if (!isBefore(event, heap[above]!)) break
    heap[at] = heap[above]!
    at = above
  }
  heap[at] = event
}

function pop(heap: Event[]): Event | null {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined) return null
  if (heap.length === 0) return first
  let at = 0
  for (;;) {
    let below = 2 * at + 1
    if (below >= heap.length) break
    if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
    if (!isBefore(heap[below]!, last)) break
    heap[at] = heap[below]!
    at = below
  }
  heap[at] = last
  return first
}
