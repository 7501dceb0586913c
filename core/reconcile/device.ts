import type { Abilities } from './abilities.ts'
import type { Item, ItemId } from './item.ts'
import type { Block } from './names.ts'

/** What a plan needs to know of the device that it is for. */
export type Device = {
  abilities: Abilities
  /** The person may change this place on the server. */
  canWrite: boolean
  brake: BrakeSetting
  /** Of steps in one plan. */
  maxSteps: number
  /** Selective sync, asked of items on the server: with a folder goes what lies below it. By id, not by path (SS-06). */
  isSelected(item: Item): boolean
  /** The topmost of what is not selected: looked at even where both sides agree on it, so that it goes from here. */
  unselected?: Iterable<ItemId>
  /** On its way, or waiting after a failure: for now no step is made for it, and whatever needs it gone or settled waits. */
  isBusy?(item: Item): boolean
  /** Of what is busy, that which will leave its name on the server once something else is there: what is to take that name waits. */
  isAboutToLeave?(item: Item): boolean
  /** Of what is busy, that of which its id alone tells it: thousands that are on their way cost a plan nothing. */
  isOnItsWay?(id: ItemId): boolean
  /**
   * Ignored by rule: no step is made for it, it keeps its name, and it is never taken for deleted. For what lies below an
   * ignored folder too.
   */
  isLeftAlone(item: Item): boolean
  /** Found by whoever looks at the disk, and lifted by nobody else: it says what is there, not what a step met. */
  isSeenOnDisk?(blocked: Block): boolean
}

/** What so much of is asked about first: deletes here, deletes on the server, or files that have become older than they were (DB-02). */
export type Mass = 'local' | 'remote' | 'older'

/**
 * `ask`: nobody has answered. `keep` restores what is gone, `delete` lets it go (P9). Of older files: `keep` keeps what the server has, and theirs beside it;
 * `delete` makes them the newest versions.
 */
export type BrakeAnswer = 'ask' | 'keep' | 'delete'

export type BrakeSetting = {
  /** Fewer deletes than this never trip it. */
  atLeast: number
  /** Of what both sides had: more than this part, 0 to 1. */
  share: number
  answer: Readonly<Record<Mass, BrakeAnswer>>
  /** Deletes of the last minutes, by where they were done: many that come one after the other are many. */
  lately?: Readonly<Record<'local' | 'remote', number>>
}
