import { nameKey } from '../names.ts'
import { alike } from './alike.ts'
import type { ItemId, Placement } from './item.ts'
import type { Moment } from './moment.ts'
import { isSameOnDisk } from './names.ts'

type Side = 'local' | 'remote'

/** Who has which name when the steps so far are done: the trees, and what the steps change in them. Parents go by the server's ids. */
export class Slots {
  readonly #moment: Moment
  /** `null`: gone. */
  readonly #moved = { local: new Map<ItemId, Placement | null>(), remote: new Map<ItemId, Placement | null>() }
  readonly #arrived = { local: new Map<string, ItemId[]>(), remote: new Map<string, ItemId[]>() }

  constructor(moment: Moment) {
    this.#moment = moment
  }

  placeOf(side: Side, id: ItemId): Placement | null {
    const moved = this.#moved[side].get(id)
    if (moved !== undefined) return moved
    return this.#moment.item(id)?.[side]?.place ?? null
  }

  put(side: Side, id: ItemId, place: Placement | null): void {
    this.#moved[side].set(id, place)
    if (!place) return
    const key = this.#key(place)
    this.#arrived[side].set(key, [...(this.#arrived[side].get(key) ?? []), id])
  }

  isThere(side: Side, folder: ItemId): boolean {
    const { there, trees } = this.#moment
    const id = side === 'remote' ? there(folder) : this.#moment.here(folder)
    return id === trees.root || this.placeOf(side, id) !== null
  }

  /** Whatever else has this name on the server. */
  remoteHolder(place: Placement, except: ItemId): ItemId | null {
    const parent = this.#moment.there(place.parent)
    const stored = this.#moment.trees.childNamed('remote', parent, nameKey(place.name))
    const arrived = this.#arrived.remote.get(this.#key(place)) ?? []
    for (const id of stored ? [stored, ...arrived] : arrived) {
      const held = id === except ? null : this.placeOf('remote', id)
      if (held && this.#moment.there(held.parent) === parent && nameKey(held.name) === nameKey(place.name)) return id
    }
    return null
  }

  /** Whatever else this disk takes for the same name. */
  localHolders(place: Placement, except: ItemId): ItemId[] {
    const parent = this.#moment.there(place.parent)
    const stored = this.#moment.trees.childrenAlike('local', this.#moment.here(parent), alike(place.name))
    const holders = new Set([...stored, ...(this.#arrived.local.get(this.#key(place)) ?? [])])
    return [...holders].filter((id) => {
      const held = id === except ? null : this.placeOf('local', id)
      return (
        held !== null &&
        this.#moment.there(held.parent) === parent &&
        isSameOnDisk(held.name, place.name, this.#moment.device.abilities)
      )
    })
  }

  /** Going up from a folder, `id` is met. What is not on this side yet comes to where it is on the other. */
  isBelow(side: Side, folder: ItemId, id: ItemId): boolean {
    const { there, trees } = this.#moment
    const seen = new Set<ItemId>()
    for (let at = folder; at !== trees.root && !seen.has(at);) {
      if (at === id || there(at) === id) return true
      seen.add(at)
      const ids = { remote: there(at), local: this.#moment.here(at) }
      const other = side === 'remote' ? 'local' : 'remote'
      const place = this.placeOf(side, ids[side]) ?? this.placeOf(other, ids[other])
      if (!place) return false
      at = place.parent
    }
    return false
  }

  #key({ parent, name }: Placement): string {
    return `${this.#moment.there(parent)}/${alike(name)}`
  }
}
