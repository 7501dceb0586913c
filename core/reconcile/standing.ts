import type { Device } from './device.ts'
import type { Item, ItemId, Trees } from './item.ts'
import { countUnits, findLocalNameFault, isSameOnDisk, OWN_NAME, type Block } from './names.ts'
import { alike } from './alike.ts'

/** Whether what the server has should be on this device. A function of the remote tree and the abilities alone (I18), but for where the reason is told. */
export type Standing =
  | { is: 'wanted' }
  /** Not selected, below what is not wanted, or with the reason why this system cannot hold it. */
  | { is: 'not-wanted'; blocked: Block | null }
  /** The folders above it are not all known yet. */
  | { is: 'unknown' }

const WANTED: Standing = { is: 'wanted' }
const NOT_WANTED: Standing = { is: 'not-wanted', blocked: null }
const UNKNOWN: Standing = { is: 'unknown' }

/** More levels than any tree has: a circle of parents ends here. */
const MAX_LEVELS = 100_000

export class Standings {
  readonly #trees: Trees
  readonly #device: Device
  readonly #item: (id: ItemId) => Item | null
  readonly #known = new Map<ItemId, Standing>()
  /** Units of the path of a folder, with the separator behind it. */
  readonly #units = new Map<ItemId, number>()

  constructor(trees: Trees, device: Device, item: (id: ItemId) => Item | null) {
    this.#trees = trees
    this.#device = device
    this.#item = item
    this.#known.set(trees.root, WANTED)
    this.#units.set(trees.root, 0)
  }

  /** Of an item that the server has. */
  of(id: ItemId): Standing {
    const known = this.#known.get(id)
    if (known) return known
    const way: ItemId[] = []
    for (let at: ItemId | undefined = id; at !== undefined && !this.#known.has(at);) {
      way.push(at)
      if (way.length > MAX_LEVELS) return UNKNOWN
      at = this.#item(at)?.remote?.place.parent
    }
    for (const at of way.toReversed()) this.#known.set(at, this.#find(at))
    return this.#known.get(id)!
  }

  #find(id: ItemId): Standing {
    const item = this.#item(id)
    if (!item?.remote) return UNKNOWN
    const { parent, name } = item.remote.place
    const above = this.#known.get(parent) ?? UNKNOWN
    if (above.is === 'unknown') return UNKNOWN
    // A folder that somebody made here all the same, so that both sides have it, is blocked for nobody to see: what is to come into it tells why it does not.
    if (above.is === 'not-wanted') return this.#item(parent)?.local ? above : NOT_WANTED
    if (!this.#device.isSelected(item)) return NOT_WANTED
    const before = this.#units.get(parent) ?? 0
    const blocked = this.#findFault(item, before) ?? this.#findClash(item, before)
    if (blocked) return { is: 'not-wanted', blocked }
    this.#units.set(id, before + countUnits(name, this.#device.abilities) + 1)
    return WANTED
  }

  #findFault({ remote }: Item, before: number): Block | null {
    const { abilities } = this.#device
    const { place, content } = remote!
    if (content.kind === 'symlink' && !abilities.symlinks)
      return { reason: 'no-symlinks', detail: 'this system has no symbolic links' }
    if (place.parent === this.#trees.root && isSameOnDisk(place.name, OWN_NAME, abilities))
      return { reason: 'name-not-possible', detail: 'a folder that synchronising needs has this name here' }
    const fault = findLocalNameFault(place.name, abilities)
    const units = before + countUnits(place.name, abilities)
    if (fault || abilities.pathMax === null || units <= abilities.pathMax) return fault
    return { reason: 'path-too-long', detail: `the path has ${units} units, at most ${abilities.pathMax}` }
  }

  /**
   * Of two names that are one to this disk, the item with the smaller id stays: ids are given in the order of time, so what came
   * later does not displace what is here (NM-01).
   */
  #findClash({ id, remote }: Item, before: number): Block | null {
    const { abilities } = this.#device
    const { parent, name } = remote!.place
    // The server has no two names that are one to such a disk.
    if (abilities.isCaseSensitive) return null
    for (const other of this.#trees.childrenAlike('remote', parent, alike(name))) {
      if (other >= id) continue
      const there = this.#item(other)
      if (!there?.remote || !isSameOnDisk(there.remote.place.name, name, abilities)) continue
      if (!this.#device.isSelected(there) || this.#findFault(there, before)) continue
      return { reason: 'name-clash', detail: `${JSON.stringify(there.remote.place.name)} is the same name here` }
    }
    return null
  }
}
