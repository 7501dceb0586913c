import type { ItemId } from './item.ts'
import type { Block } from './names.ts'

/**
 * How a piece of lining up ended. `circle`: it needs something that in the end waits for it, the item that is named and was begun before: whoever
 * stands in whose place has to step aside, and where nobody does, the named one goes ahead.
 */
export type Outcome = 'done' | 'waits' | { circle: ItemId } | { blocked: Block } | Below
/** It lies below something that is blocked: whoever is shown that one needs no more. */
export type Below = { below: Block }

/** A piece of work that yields what has to be done before it, and is told how that ended. */
export interface Task extends Generator<Task, Outcome, Outcome> {}

/** Runs tasks as calls would, on a stack of its own: chains of renames and deep trees are longer than the machine's (RN-02, SC-04). */
export function run(first: Task): Outcome {
  const stack = [first]
  let answer: Outcome = 'done'
  for (let task: Task | undefined = first; task; task = stack.at(-1)) {
    const next = task.next(answer)
    if (next.done) {
      stack.pop()
      answer = next.value
    } else stack.push(next.value)
  }
  return answer
}

/** Of a folder, for what is to be in it. */
export const asGround = (outcome: Outcome): Outcome =>
  typeof outcome === 'object' && 'blocked' in outcome ? below(outcome.blocked) : outcome

export const below = ({ reason, detail }: Block): Below => ({
  below: { reason, detail: `the folder that it belongs in is not synchronised: ${detail}` },
})

export const isBelow = (outcome: Outcome): outcome is Below => typeof outcome === 'object' && 'below' in outcome

/** What a dependant makes of it: the block is of the one that it waits for, not its own. */
export const asDependency = (outcome: Outcome): Outcome =>
  typeof outcome === 'object' && 'blocked' in outcome ? 'waits' : outcome

export const circleOf = (outcome: Outcome): ItemId | null =>
  typeof outcome === 'object' && 'circle' in outcome ? outcome.circle : null
