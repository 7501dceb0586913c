/**
 * One alarm for several tasks: an object has only one. Each task says when it wants to run next; the alarm stands at the
 * earliest.
 *
 * What each task wants is remembered in this life only, the alarm itself outlives it. So a task of which this life knows
 * nothing yet runs with the first ring, whatever that ring was meant for: every task must be safe to run at any time, and
 * answers when it is wanted again. A task that fails takes no other with it, and comes again.
 */
export type AlarmClock<Name extends string> = {
  /** Runs the task not later than at `atMs`. Costs nothing when it is due earlier already. */
  arm(name: Name, atMs: number): Promise<void>
  /** What the object's `alarm` does. Never throws: the runtime gives up an alarm that keeps failing. */
  ring(): Promise<void>
}

/** Runs what is due, and answers when it must run again; `null`: when it is armed. */
export type AlarmTask = () => Promise<number | null>

export type AlarmClockDeps<Name extends string> = {
  storage: Pick<DurableObjectStorage, 'getAlarm' | 'setAlarm'>
  tasks: Record<Name, AlarmTask>
  clock: () => number
  onFailure: (task: Name, error: unknown) => void
}

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 60_000

type Want = { atMs: number | 'unknown'; failures: number }

export function alarmClock<Name extends string>(deps: AlarmClockDeps<Name>): AlarmClock<Name> {
  const { storage, tasks, clock, onFailure } = deps
  const names = Object.keys(tasks) as Name[]
  const wants = Object.fromEntries(names.map((name) => [name, { atMs: 'unknown', failures: 0 }])) as Record<Name, Want>
  /** When the alarm rings, as far as this life knows: `null` before it has asked. */
  let ringsAtMs: number | null = null

  const set = async (atMs: number): Promise<void> => {
    // An earlier life may have left an alarm that is nearer.
    const before = ringsAtMs ?? (await storage.getAlarm()) ?? Infinity
    if (before <= atMs) return void (ringsAtMs = Math.min(ringsAtMs ?? Infinity, before))
    if (ringsAtMs !== null && ringsAtMs <= atMs) return
    ringsAtMs = atMs
    await storage.setAlarm(atMs).catch((error: unknown) => {
      ringsAtMs = null
      throw error
    })
  }
  const want = (name: Name, atMs: number): void => {
    const known = wants[name]
    known.atMs = known.atMs === 'unknown' ? atMs : Math.min(known.atMs, atMs)
  }
  const run = async (name: Name): Promise<void> => {
    const state = wants[name]
    // Whatever is armed while it runs must count.
    state.atMs = Infinity
    try {
      const next = await tasks[name]()
      state.failures = 0
      if (next !== null) want(name, next)
    } catch (error) {
      state.failures += 1
      onFailure(name, error)
      want(name, clock() + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (state.failures - 1)))
    }
  }
  const isDue = (name: Name, nowMs: number): boolean => {
    const { atMs } = wants[name]
    return atMs === 'unknown' || atMs <= nowMs
  }
  return {
    async arm(name, atMs) {
      if (wants[name].atMs !== 'unknown') want(name, atMs)
      await set(atMs)
    },
    async ring() {
      // The alarm that rang is gone, and only one rings at a time.
      ringsAtMs = Infinity
      const nowMs = clock()
      await Promise.all(names.filter((name) => isDue(name, nowMs)).map(run))
      const next = Math.min(...names.map((name) => numberOf(wants[name].atMs)))
      if (next < Infinity) await set(next)
    },
  }
}

const numberOf = (atMs: Want['atMs']): number => (atMs === 'unknown' ? 0 : atMs)
