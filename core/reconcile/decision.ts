import type { ItemId } from './item.ts'
import type { Block } from './names.ts'

/** What one item needs next. In which order, and whether its place is free, is found by whoever lines up the steps. */
export type Action =
  | { do: 'nothing' }
  | { do: 'wait' }
  | { do: 'adopt' }
  | { do: 'forget' }
  | { do: 'pair'; with: ItemId }
  | { do: 'create-remote' }
  | { do: 'upload-version'; base: number }
  | { do: 'move-remote' }
  | { do: 'trash-remote' }
  | { do: 'set-executable-remote' }
  | { do: 'create-local' }
  | { do: 'update-local' }
  | { do: 'move-local' }
  /** What only this device has takes another name: the server gave its name to a thing that it cannot stand beside. */
  | { do: 'dislodge' }
  /** What somebody has edited who may only read: it makes room for what the server has. */
  | { do: 'set-aside' }
  | { do: 'remove-local' }
  | { do: 'set-executable-local' }

/** `blocked`: what the plan finds in the way; the block that is there stays while something is waited for. */
export type Decision = Action & { blocked: Block | null }

export const act = (action: Action): Decision => ({ ...action, blocked: null })
export const NOTHING: Decision = { do: 'nothing', blocked: null }
export const WAIT: Decision = { do: 'wait', blocked: null }
export const ADOPT: Decision = { do: 'adopt', blocked: null }
export const blockedBy = (blocked: Block): Decision => ({ do: 'nothing', blocked })
export const READ_ONLY: Decision = blockedBy({ reason: 'read-only', detail: 'you may read here, not change' })
export const DISLODGE: Decision = act({ do: 'dislodge' })
export const NOT_EMPTY: Decision = blockedBy({
  reason: 'not-empty',
  detail: 'it is gone on the server, but something in it stays here',
})

/** What happens to a folder that should go, by what is in it. */
export type Fate =
  | 'goes'
  | 'stays' // something in it lives
  | 'waits' // something in it is not known yet
  | 'is-held' // something in it stays here, and is not for the server

/** The strongest of what is in it counts. */
const STRENGTH: Record<Fate, number> = { goes: 0, 'is-held': 1, waits: 2, stays: 3 }
export const strongerFate = (a: Fate, b: Fate): Fate => (STRENGTH[a] >= STRENGTH[b] ? a : b)

/** What decisions ask one another for. */
export type Judge = {
  decide(id: ItemId): Decision
  localFate(folder: ItemId): Fate
  remoteFate(folder: ItemId): Fate
}
