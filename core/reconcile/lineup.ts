import type { Decider } from './decider.ts'
import type { Decision, Fate } from './decision.ts'
import type { BlockReason, Item, ItemId, Placement } from './item.ts'
import {
  createLocal,
  moveLocal,
  removeLocal,
  updateLocal,
  dislodge,
  setAside,
  setExecutableLocal,
} from './local-steps.ts'
import type { Moment } from './moment.ts'
import type { Block } from './names.ts'
import { createRemote, moveRemote, setExecutableRemote, trashRemote, uploadVersion } from './remote-steps.ts'
import { Slots } from './slots.ts'
import type { Step } from './step.ts'
import { circleOf, isBelow, type Outcome, type Task } from './task.ts'

/** Found by a plan, and lifted by one. The others are set and lifted by whoever meets them. */
const OF_PLANS: ReadonlySet<BlockReason> = new Set([
  'name-not-possible',
  'name-clash',
  'path-too-long',
  'no-symlinks',
  'not-utf8',
  'read-only',
  'left-out',
  'not-empty',
])

/**
 * Lines up steps so that each can be done when those before it are: parents before children, whoever leaves a name before whoever
 * takes it, and in a circle one stands aside (RC-12, RC-13). One step an item.
 */
export class Lineup {
  readonly moment: Moment
  readonly slots: Slots
  readonly #steps: Step[] = []
  readonly #last: Step[] = []
  /** Folders whose own place, and that of every folder above, is settled as far as this plan can. */
  readonly grounded: { local: Set<ItemId>; remote: Set<ItemId> }
  /** Moves that the server could not make: they are taken back here, so what is there stays there. */
  readonly undone = new Set<ItemId>()
  readonly #decider: Decider
  readonly #doing = new Set<ItemId>()
  readonly #ended = new Map<ItemId, Outcome>()
  readonly #stepped = new Set<ItemId>()
  #isCut = false

  constructor(moment: Moment, decider: Decider) {
    this.moment = moment
    this.slots = new Slots(moment)
    this.#decider = decider
    const { root } = moment.trees
    this.grounded = { local: new Set([root]), remote: new Set([root]) }
  }

  get steps(): Step[] {
    return [...this.#steps, ...this.#last]
  }

  get isFull(): boolean {
    return this.#steps.length + this.#last.length >= this.moment.device.maxSteps
  }

  /** A step was left out for want of room. */
  get isCut(): boolean {
    return this.#isCut
  }

  decide(id: ItemId): Decision {
    return this.#decider.decide(id)
  }

  localFate(folder: ItemId): Fate {
    return this.#decider.localFate(folder)
  }

  hasStep(id: ItemId): boolean {
    return this.#stepped.has(id)
  }

  /** @returns `waits` when the plan is full */
  push(id: ItemId, step: Step): Outcome {
    if (this.isFull) {
      this.#isCut = true
      return 'waits'
    }
    this.#stepped.add(id)
    this.#steps.push(step)
    return 'done'
  }

  /**
   * What the server brings back to life comes after every delete: it may come into a folder that this plan deletes, and whoever deletes it
   * would seem to have seen it.
   */
  pushLast(id: ItemId, step: Step): Outcome {
    const outcome = this.push(id, step)
    if (outcome === 'done') this.#last.push(this.#steps.pop()!)
    return outcome
  }

  /** A step that gives an item another place. */
  pushMove(side: 'local' | 'remote', id: ItemId, step: Step, to: Placement | null): Outcome {
    const outcome = this.push(id, step)
    if (outcome === 'done') this.slots.put(side, id, to)
    return outcome
  }

  /** Does what an item needs, once; what it depends on before it. */
  *perform(id: ItemId): Task {
    const ended = this.#ended.get(id)
    if (ended) return ended
    if (this.#stepped.has(id)) return 'done'
    if (this.#doing.has(id)) return { circle: id }
    const item = this.moment.item(id)
    if (!item) return 'waits'
    this.#doing.add(id)
    const outcome = yield* this.#act(item)
    this.#doing.delete(id)
    if (circleOf(outcome) === null) this.#ended.set(id, outcome)
    this.#noteBlock(item, outcome)
    return outcome
  }

  *#act(item: Item): Task {
    const decision = this.decide(item.id)
    switch (decision.do) {
      case 'nothing':
        return 'done'
      case 'wait':
        return 'waits'
      case 'adopt':
      case 'forget':
        return this.push(item.id, { do: decision.do, item: item.id })
      case 'pair':
        return this.push(item.id, { do: 'pair', local: item.id, remote: decision.with })
      case 'create-remote':
        return yield* createRemote(this, item)
      case 'upload-version':
        return uploadVersion(this, item, decision.base)
      case 'move-remote':
        return yield* moveRemote(this, item)
      case 'trash-remote':
        return yield* trashRemote(this, item)
      case 'set-executable-remote':
        return setExecutableRemote(this, item)
      case 'create-local':
        return yield* createLocal(this, item)
      case 'update-local':
        return updateLocal(this, item)
      case 'move-local':
        return yield* moveLocal(this, item, item.remote!.place)
      case 'dislodge':
        return dislodge(this, item)
      case 'set-aside':
        return setAside(this, item)
      case 'remove-local':
        return yield* removeLocal(this, item)
      case 'set-executable-local':
        return setExecutableLocal(this, item)
    }
  }

  #noteBlock(item: Item, outcome: Outcome): void {
    const found = typeof outcome === 'object' && 'blocked' in outcome ? outcome.blocked : this.decide(item.id).blocked
    if (found) {
      if (!isSame(item.blocked, found)) this.#push({ do: 'block', item: item.id, ...found })
    } else if (item.blocked && (outcome === 'done' || isBelow(outcome)) && this.#isOver(item, item.blocked))
      this.#push({ do: 'unblock', item: item.id })
  }

  #isOver(item: Item, blocked: Block): boolean {
    const { reason } = blocked
    if (this.moment.isUntouchable(item)) return false
    if (item.local && this.moment.device.isSeenOnDisk?.(blocked)) return false
    if (OF_PLANS.has(reason)) return item.remote !== null || item.local !== null || item.synced !== null
    // Of what is not to be here whatever was in the way is so no more.
    return !this.#stepped.has(item.id) && item.remote !== null && (item.local !== null || item.synced === null)
  }

  #push(step: Step): void {
    if (this.isFull) this.#isCut = true
    else this.#steps.push(step)
  }
}

const isSame = (a: Block | null, b: Block): boolean => a !== null && a.reason === b.reason && a.detail === b.detail
