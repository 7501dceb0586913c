import { AppError } from '../errors.ts'
import { conflictedCopyName, numberedName } from '../names.ts'
import type { NodeState } from './model.ts'
import type { Active } from './rules.ts'
import { childOf, expectChild, knowsChild, type View } from './view.ts'

/** How often a name is varied before giving up. */
const ATTEMPTS = 50
/** How many of them are looked up in one round. */
const AT_ONCE = 8

/** The name itself when no child of `parent` has it, else the first free `name (2)`, `name (3)` … @throws name-taken */
export function freeName(view: View, parent: NodeState, name: string): string {
  return firstFree(view, parent, (attempt) => (attempt === 1 ? name : numberedName(name, attempt)))
}

/** The first free name of a conflicted copy (P2). @throws name-taken */
export function freeCopyName(view: View, principal: Active, parent: NodeState, name: string): string {
  const at = new Date(view.now)
  return firstFree(view, parent, (attempt) => conflictedCopyName(name, principal.device, at, attempt))
}

function firstFree(view: View, parent: NodeState, nameOf: (attempt: number) => string): string {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const name = nameOf(attempt)
    if (attempt > 1 && !knowsChild(view, parent.id, name))
      for (let ahead = 0; ahead < AT_ONCE; ahead++) expectChild(view, parent.id, nameOf(attempt + ahead))
    if (!childOf(view, parent.id, name)) return name
  }
  throw new AppError('name-taken', { field: 'name', detail: 'too many siblings of this name: rename some first' })
}
