import type { Mass } from './device.ts'
import type { BlockReason, ItemContent, ItemId, Placement, Stamp } from './item.ts'

/**
 * One thing to do, with what it relies on: whoever does it looks again right before, and leaves it when that no longer holds. After any subset of
 * the steps, done in the given order, a new plan goes on from there. Beside notes, an item has at most one step in a plan. A step may name as
 * parent or item what an earlier one of the same plan has turned into another item (a created folder, a pair): whoever does it follows.
 */
export type Step = RemoteStep | LocalStep | NoteStep

/** Sent to the server, in one push where possible; in the order in which the server must decide them. */
export type RemoteStep =
  /** The folder of that name, when there is one. */
  | { do: 'create-remote-folder'; item: ItemId; place: Placement }
  | { do: 'upload-new'; item: ItemId; place: Placement; content: ItemContent; stamp: Stamp }
  /** A new version, with the revision that this device had seen: the server keeps both when it is stale. */
  | { do: 'upload-version'; item: ItemId; base: number; content: ItemContent; stamp: Stamp }
  /** When the name is taken, both stay: the server gives this one that of a conflicted copy. */
  | { do: 'move-remote'; item: ItemId; to: Placement; base: number }
  /** Of a folder: all below it that was seen, with the seq of our cursor; what was not survives on the server (P4). */
  | { do: 'trash-remote'; item: ItemId; base: number }
  | { do: 'set-executable-remote'; item: ItemId; executable: boolean }

/** Done on the disk. `expects`: what must still be there, and what may be displaced, since it is held elsewhere (P1). */
export type LocalStep =
  | { do: 'make-local-folder'; item: ItemId; to: Placement }
  | { do: 'download'; item: ItemId; to: Placement; expects: Expectation }
  | { do: 'move-local'; item: ItemId; to: Placement; expects: Expectation }
  /** To a name of our own in the same folder (`parkedName`), to break a circle of names (RN-03). */
  | { do: 'park-local'; item: ItemId; expects: Expectation }
  /**
   * What somebody has edited who may only read gets another name, and is a thing of its own there, only here; the item is then as if it had never been here (SH-01).
   */
  | { do: 'set-aside'; item: ItemId; to: Placement; expects: Expectation }
  /** Into the safety trash of this device. The item is then as if it had never been here: neither local nor synced. */
  | { do: 'remove-local'; item: ItemId; expects: Expectation }
  | { do: 'set-executable-local'; item: ItemId; executable: boolean; expects: Expectation }

/** Written into the trees only. */
export type NoteStep =
  /** What is the same on both sides now is what both agree on: the content, the place, or both. */
  | { do: 'adopt'; item: ItemId }
  /**
   * Something new on the disk is something on the server: one item from now on. What `local` had synced is forgotten, what `remote` had
   * stays.
   */
  | { do: 'pair'; local: ItemId; remote: ItemId }
  /** That it was ever here: `synced` goes. */
  | { do: 'forget'; item: ItemId }
  | { do: 'block'; item: ItemId; reason: BlockReason; detail: string }
  | { do: 'unblock'; item: ItemId }

/** `nothing`: the name is free. `content`: these bytes, which the server has acknowledged. */
export type Expectation = { is: 'nothing' } | { is: 'content'; content: ItemContent; stamp: Stamp }

export type Plan = {
  steps: Step[]
  /** More at once than the brake lets through, of items that both sides had: none of them is among the steps (P9). */
  brake: { mass: Mass; items: number; of: number } | null
  /** There is more than one plan holds: do these, then plan again. */
  more: boolean
}
