import { localChange, remoteChange } from './changes.ts'
import { isMovedHere } from './decide-placement.ts'
import { decideMissing } from './decide-missing.ts'
import { decidePresent, decideUnwanted } from './decide-present.ts'
import { NOTHING, strongerFate, WAIT, type Decision, type Fate, type Judge } from './decision.ts'
import type { Item, ItemId } from './item.ts'
import type { Moment } from './moment.ts'

/**
 * What each item needs next, each found once. Most depends on the item alone; whether a folder may go, on all that is in it: on the disk when the
 * server deleted it, on the server when it was deleted here. A folder below another is found in the same pass, so a pass is linear.
 */
export class Decider implements Judge {
  readonly #moment: Moment
  readonly #decisions = new Map<ItemId, Decision>()
  readonly #localFates = new Map<ItemId, Fate>()
  readonly #remoteFates = new Map<ItemId, Fate>()

  constructor(moment: Moment) {
    this.#moment = moment
  }

  readonly decide = (id: ItemId): Decision => {
    const known = this.#decisions.get(id)
    if (known) return known
    // Whoever asks for what asks for him, in trees that no two people made, is told to wait for the next plan.
    this.#decisions.set(id, WAIT)
    const item = id === this.#moment.trees.root ? null : this.#moment.item(id)
    const decision = item ? this.#decide(item) : NOTHING
    this.#decisions.set(id, decision)
    return decision
  }

  #decide(item: Item): Decision {
    if (this.#moment.device.isLeftAlone(item)) return NOTHING
    if (this.#moment.isBusy(item)) return WAIT
    if (!item.remote) return decideMissing(this.#moment, this, item)
    const standing = this.#moment.standings.of(item.id)
    switch (standing.is) {
      case 'unknown':
        return WAIT
      case 'not-wanted':
        return decideUnwanted(this.#moment, this, item, standing.blocked)
      case 'wanted':
        return decidePresent(this.#moment, this, item)
    }
  }

  /** Of a folder that is here and should go (FD-01, FD-02). */
  localFate(folder: ItemId): Fate {
    return this.#fate(folder, this.#localFates, {
      children: (id) => this.#moment.trees.children('local', id),
      isFolderToGo: (item) => this.#shouldGoHere(item),
      fateOf: (item) => this.#localFateOf(item),
    })
  }

  /** Of a folder that was deleted here (P4, FD-05, MD-03). */
  remoteFate(folder: ItemId): Fate {
    return this.#fate(folder, this.#remoteFates, {
      children: (id) => this.#moment.trees.children('remote', id),
      isFolderToGo: (item) => item.remote?.content.kind === 'folder' && this.#isDeletedHere(item),
      fateOf: (item) => this.#remoteFateOf(item),
    })
  }

  /** Children before their folder, without recursion: trees are deep (SC-04). */
  #fate(top: ItemId, known: Map<ItemId, Fate>, side: Side): Fate {
    const open: { id: ItemId; children: ItemId[]; next: number; fate: Fate }[] = []
    const enter = (id: ItemId): void => void open.push({ id, children: [...side.children(id)], next: 0, fate: 'goes' })
    if (!known.has(top)) enter(top)
    for (let at = open.at(-1); at; at = open.at(-1)) {
      const child = at.children[at.next]
      if (child === undefined) {
        known.set(at.id, at.fate)
        open.pop()
        continue
      }
      const item = this.#moment.item(child)
      const isFolder = item !== null && !this.#moment.isUntouchable(item) && side.isFolderToGo(item)
      if (isFolder && !known.has(child)) enter(child)
      else {
        at.next++
        if (item) at.fate = strongerFate(at.fate, isFolder ? known.get(child)! : side.fateOf(item))
      }
    }
    return known.get(top)!
  }

  #shouldGoHere(item: Item): boolean {
    if (item.local?.kind !== 'folder') return false
    // Where it was moved here, it is sent before it goes.
    if (item.remote) return this.#moment.standings.of(item.id).is === 'not-wanted' && !isMovedHere(this.#moment, item)
    return item.synced !== null && this.#moment.pairOf(item.id) === null
  }

  #localFateOf(item: Item): Fate {
    if (this.#moment.device.isLeftAlone(item)) return 'is-held'
    const decision = this.decide(item.id)
    switch (decision.do) {
      case 'remove-local':
      case 'move-local':
        return 'goes'
      case 'nothing':
        return decision.blocked ? 'is-held' : 'waits'
      case 'wait':
        // What cannot be read may stay like this for ever.
        return item.blocked && item.local?.content === null ? 'is-held' : 'waits'
      case 'adopt':
      case 'forget':
      case 'pair':
        return 'waits'
      default:
        return 'stays'
    }
  }

  #isDeletedHere(item: Item): boolean {
    return localChange(item) === 'gone' && remoteChange(item) === 'same' && this.#moment.isWanted(item.id)
  }

  #remoteFateOf(item: Item): Fate {
    if (this.#moment.device.isLeftAlone(item)) return 'stays'
    if (this.#moment.isBusy(item)) return 'waits'
    if (this.#isDeletedHere(item)) return 'goes'
    if (!item.local) return 'stays'
    const decision = this.decide(item.id)
    if (decision.do === 'move-remote') return 'goes'
    return decision.do === 'wait' ? 'waits' : 'stays'
  }
}

type Side = {
  children(folder: ItemId): Iterable<ItemId>
  isFolderToGo(item: Item): boolean
  fateOf(item: Item): Fate
}
