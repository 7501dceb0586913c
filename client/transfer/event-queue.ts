/**
 * From many producers to one consumer. `tell` keeps only the newest state (progress); `push` keeps every item (results) and
 * resolves when there is room again, so that a slow consumer slows the producers.
 */
export type EventQueue<T> = {
  push(event: T): void
  /** Replaces the state that was not consumed yet. */
  tell(state: () => T): void
  /** Resolves when few events wait. */
  room(): Promise<void>
  end(error?: unknown): void
  events(): AsyncGenerator<T, void, undefined>
}

const ROOM = 2_000

export function createEventQueue<T>(): EventQueue<T> {
  let items: T[] = []
  let state: (() => T) | null = null
  let ended: { error: unknown } | null = null
  let wake: (() => void) | null = null
  let roomWaiters: (() => void)[] = []

  const notify = () => {
    wake?.()
    wake = null
  }
  async function* events(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const taken = items
      items = []
      for (const waiter of roomWaiters.splice(0)) waiter()
      yield* taken
      if (state !== null) {
        const newest = state
        state = null
        yield newest()
      }
      if (items.length > 0 || state !== null) continue
      if (ended !== null) {
        if (ended.error !== undefined) throw ended.error
        return
      }
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return {
    push: (event) => {
      items.push(event)
      notify()
    },
    tell: (newest) => {
      state = newest
      notify()
    },
    room: () => {
      if (items.length < ROOM || ended !== null) return Promise.resolve()
      return new Promise((resolve) => roomWaiters.push(resolve))
    },
    end: (error) => {
      ended ??= { error }
      roomWaiters.splice(0).forEach((waiter) => waiter())
      roomWaiters = []
      notify()
    },
    events,
  }
}
