import type { Item, ItemId } from '../../core/reconcile/item.ts'
import type { Clock } from './ports.ts'

/** Failures in a row, of an item as it is, that are tried again at once: the world was otherwise than thought. */
const AT_ONCE = 3
const FIRST_MS = 1_000
const CLASSES = 9

type Setback = { tries: number; state: string; isWaiting: boolean }

/**
 * Items that failed, and wait before they are tried again: twice as long each time, about 4 minutes at most. When an item changes, what was tried is
 * no reason to wait. In memory only: a restart tries everything again.
 */
export class Setbacks {
  readonly #setbacks = new Map<ItemId, Setback>()
  readonly #queues: Queue[]

  /** @param onDue somebody may be tried again */
  constructor(clock: Clock, signal: AbortSignal, onDue: () => void) {
    const due = (ids: Iterable<ItemId>): void => {
      for (const id of ids) {
        const setback = this.#setbacks.get(id)
        if (setback) setback.isWaiting = false
      }
      onDue()
    }
    this.#queues = Array.from({ length: CLASSES }, (_, at) => new Queue(clock, signal, FIRST_MS * 2 ** at, due))
  }

  isWaiting(item: Item): boolean {
    const setback = this.#setbacks.get(item.id)
    return setback !== undefined && setback.isWaiting && setback.state === stateOf(item)
  }

  /** @returns `true`: it waits now, and somebody should be told why */
  failed(item: Item, { mayRetryAtOnce }: { mayRetryAtOnce: boolean }): boolean {
    const state = stateOf(item)
    const known = this.#setbacks.get(item.id)
    const tries = (known?.state === state ? known.tries : 0) + 1
    const isWaiting = !mayRetryAtOnce || tries > AT_ONCE
    this.#setbacks.set(item.id, { tries, state, isWaiting })
    const turn = mayRetryAtOnce ? tries - AT_ONCE - 1 : tries - 1
    if (isWaiting) this.#queues[Math.min(turn, CLASSES - 1)]?.add(item.id)
    return isWaiting
  }

  succeeded(id: ItemId): void {
    this.#setbacks.delete(id)
  }

  /** Somebody asks for everything to be tried now. */
  clear(): void {
    this.#setbacks.clear()
  }
}

/** What decides about the item: when this is another, so is the trial. */
function stateOf({ remote, local }: Item): string {
  const here = local && [local.place.parent, local.place.name, local.stamp.ino, local.stamp.mtimeNs, local.stamp.size]
  const there = remote && [remote.place.parent, remote.place.name, remote.contentRevision, remote.placementRevision]
  return JSON.stringify([here, there])
}

/** Whoever comes waits for one to two times `ms`: one timer for all. */
class Queue {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #ms: number
  readonly #onDue: (ids: Iterable<ItemId>) => void
  #next = new Set<ItemId>()
  #later = new Set<ItemId>()
  #isRunning = false

  constructor(clock: Clock, signal: AbortSignal, ms: number, onDue: (ids: Iterable<ItemId>) => void) {
    this.#clock = clock
    this.#signal = signal
    this.#ms = ms
    this.#onDue = onDue
  }

  add(id: ItemId): void {
    this.#later.add(id)
    if (this.#isRunning) return
    this.#isRunning = true
    this.#run().catch((error: unknown) => {
      if (!this.#signal.aborted) throw error
    })
  }

  async #run(): Promise<void> {
    for (;;) {
      const due = this.#next
      this.#next = this.#later
      this.#later = new Set()
      if (due.size > 0) this.#onDue(due)
      if (this.#next.size === 0 && this.#later.size === 0) break
      await this.#clock.sleep(this.#ms, this.#signal)
    }
    this.#isRunning = false
  }
}
