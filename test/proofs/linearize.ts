/**
 * Checks a recorded history of concurrent clients (Herlihy and Wing, "Linearizability", 1990). Changes have a place in the one order
 * already: their seq. So what is left to check is that this order respects real time, and that everything which changed nothing (a
 * refusal, a replay, a read) can be put somewhere between its call and its return so that it answers what the model answers there.
 *
 *     client 1   ├─ write, seq 7 ─┤        ├── read: sees 7 ──┤
 *     client 2         ├──── refused: would-cycle ────┤
 *     order      ·····7·····✓(here the model says the same)·····
 */
export type Call = {
  /** Any clock that all clients share. */
  called: number
  returned: number
  /** Place among the changes, 1, 2, …; `null`: it changed nothing. */
  order: number | null
}

export type Model<C extends Call> = {
  /** Performs a change. @returns what is wrong with its answer, or `null` */
  change(call: C): string | null
  /** Whether the model, as it is now, gives the answer of a call that changed nothing. */
  agrees(call: C): boolean
  /** The call, for the report. */
  describe(call: C): string
}

/** @returns everything that contradicts one order; empty = linearisable */
export function findContradictions<C extends Call>(calls: readonly C[], model: Model<C>): string[] {
  const changes = calls.filter(({ order }) => order !== null).toSorted((a, b) => a.order! - b.order!)
  const others = calls.filter(({ order }) => order === null).toSorted((a, b) => a.called - b.called)
  const faults = againstTime(changes)
  const windows = others.map((call) => windowOf(call, changes))
  const fitting = others.map(() => [] as number[])
  for (let done = 0; ; done++) {
    for (const [i, call] of others.entries())
      if (windows[i]!.from <= done && done <= windows[i]!.to && model.agrees(call)) fitting[i]!.push(done)
    const next = changes[done]
    if (!next) break
    const fault = model.change(next)
    if (fault) faults.push(`change ${next.order}: ${fault}`)
  }
  return [
    ...faults,
    ...placeAll(others, fitting).map((call) => `no place in the order gives the answer of ${model.describe(call)}`),
  ]
}

/** A change that returned before another was called comes before it. */
function againstTime(changes: readonly Call[]): string[] {
  const faults: string[] = []
  let earliestReturn = Infinity
  for (const change of changes.toReversed()) {
    if (earliestReturn < change.called) faults.push(`change ${change.order} was called after a later one had returned`)
    earliestReturn = Math.min(earliestReturn, change.returned)
  }
  return faults
}

/** How many changes are done at least and at most when this call takes effect. */
function windowOf(call: Call, changes: readonly Call[]): { from: number; to: number } {
  const from = changes.findLastIndex(({ returned }) => returned < call.called) + 1
  const firstLater = changes.findIndex(({ called }) => called > call.returned)
  return { from, to: firstLater === -1 ? changes.length : firstLater }
}

/**
 * The earliest place for each, in the order of their calls: no choice leaves more room to those that come after.
 * @returns those for which there is none
 */
function placeAll<C extends Call>(others: readonly C[], fitting: readonly number[][]): C[] {
  const homeless: C[] = []
  const placed: { returned: number; at: number }[] = []
  for (const [i, call] of others.entries()) {
    const least = Math.max(0, ...placed.filter(({ returned }) => returned < call.called).map(({ at }) => at))
    const at = fitting[i]!.find((place) => place >= least)
    if (at === undefined) homeless.push(call)
    else placed.push({ returned: call.returned, at })
  }
  return homeless
}
