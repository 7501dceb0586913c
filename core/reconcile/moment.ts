import { findNameFault, nameKey } from '../names.ts'
import { alike } from './alike.ts'
import { brakeOf, type Brake } from './brake.ts'
import { isSameBytes, remotePlacement } from './changes.ts'
import type { Device } from './device.ts'
import type { Item, ItemId, Trees } from './item.ts'
import { Standings } from './standing.ts'

/** The trees of one moment, with what follows from them whatever is done about it: who is whose counterpart on the other side. */
export class Moment {
  readonly trees: Trees
  readonly device: Device
  readonly brake: Brake
  readonly standings: Standings
  readonly #items = new Map<ItemId, Item | null>()
  readonly #pairs = new Map<ItemId, ItemId | null>()
  readonly #here = new Map<ItemId, ItemId>()

  constructor(trees: Trees, device: Device) {
    this.trees = trees
    this.device = device
    this.brake = brakeOf(trees, device)
    this.standings = new Standings(trees, device, this.item)
  }

  readonly item = (id: ItemId): Item | null => {
    const known = this.#items.get(id)
    if (known !== undefined) return known
    const item = this.trees.item(id)
    this.#items.set(id, item)
    return item
  }

  /** No step is to be made for it, for now or ever. */
  isUntouchable(item: Item): boolean {
    return this.device.isLeftAlone(item) || this.isBusy(item)
  }

  isBusy(item: Item): boolean {
    return this.device.isBusy?.(item) ?? false
  }

  isAboutToLeave(id: ItemId): boolean {
    const item = this.item(id)
    return item !== null && (this.device.isAboutToLeave?.(item) ?? false)
  }

  isWanted(id: ItemId): boolean {
    return this.standings.of(id).is === 'wanted'
  }

  /** The id under which the server has, or will have, what is this folder on the disk. */
  readonly there = (folder: ItemId): ItemId => this.pairOf(folder) ?? folder

  /** The other way round: the id under which its children are listed on the disk. */
  here(folder: ItemId): ItemId {
    const known = this.#here.get(folder)
    if (known !== undefined) return known
    const found = this.#findTwin(folder) ?? folder
    this.#here.set(folder, found)
    return found
  }

  /** What is only on the disk, or not on the server any more, and what of the same name there it should be one item with (CR-03, CR-05). */
  pairOf(id: ItemId): ItemId | null {
    const known = this.#pairs.get(id)
    if (known !== undefined) return known
    const item = id === this.trees.root ? null : this.item(id)
    const pair = item ? this.#findPair(item) : null
    this.#pairs.set(id, pair)
    return pair
  }

  #findPair(item: Item): ItemId | null {
    const { local } = item
    if (item.remote || !local?.content || this.isUntouchable(item)) return null
    if (findNameFault(local.place.name) !== null || this.strongerTwin(item) !== null) return null
    const parent = this.#folderThere(local.place.parent)
    const id = parent && this.trees.childNamed('remote', parent, nameKey(local.place.name))
    const other = id ? this.item(id) : null
    return other && this.#canPair(item, other) ? other.id : null
  }

  #canPair({ local, synced }: Item, other: Item): boolean {
    const { remote } = other
    if (!remote || other.local || remote.content.kind !== local!.kind) return false
    if (this.isUntouchable(other) || !this.isWanted(other.id)) return false
    if (local!.kind === 'folder' || isSameBytes(local!.content!, remote.content)) return true
    // Taken away, and made anew in the same place: that is an edit (AS-02). Deleted here, and moved to this name there: it is another thing.
    return other.synced !== null && !synced && remotePlacement(other, (id) => id) === 'same'
  }

  /** `null`: the server has no such folder yet. */
  #folderThere(folder: ItemId): ItemId | null {
    if (folder === this.trees.root || this.item(folder)?.remote) return folder
    return this.pairOf(folder)
  }

  #findTwin(folder: ItemId): ItemId | null {
    if (folder === this.trees.root) return null
    const item = this.item(folder)
    if (!item?.remote || item.local) return null
    const { parent, name } = item.remote.place
    const alikes = [...this.trees.childrenAlike('local', this.here(parent), alike(name))]
    return alikes.find((id) => this.pairOf(id) === folder) ?? null
  }

  /** A sibling on the disk whose name is the same to the server, and which goes first (NM-04). */
  strongerTwin({ id, remote, local, synced }: Item): ItemId | null {
    const { parent, name } = local!.place
    const rank = (item: Pick<Item, 'remote' | 'synced'>): number => (item.remote ? 2 : item.synced ? 1 : 0)
    for (const other of this.trees.childrenAlike('local', parent, alike(name))) {
      const twin = other === id ? null : this.item(other)
      if (!twin?.local || nameKey(twin.local.place.name) !== nameKey(name)) continue
      const ahead = rank(twin) - rank({ remote, synced })
      if (ahead > 0 || (ahead === 0 && isBefore(twin.local.place.name, name))) return other
    }
    return null
  }
}

/** The composed spelling first, then by code unit. */
const isBefore = (a: string, b: string): boolean => {
  const key = nameKey(a)
  return b !== key && (a === key || a < b)
}
