import type { NodeId } from '../../core/ids.ts'
import { alike } from '../../core/reconcile/alike.ts'
import { isGoneBack } from '../../core/reconcile/changes.ts'
import type { TreeWriter } from '../../core/reconcile/apply.ts'
import {
  isUnsettled,
  type Item,
  type ItemId,
  type LocalId,
  type LocalState,
  type RemoteState,
  type SyncedState,
  type Trees,
} from '../../core/reconcile/item.ts'

const SIDES = ['remote', 'local', 'synced'] as const
type Side = (typeof SIDES)[number]

/** The three trees of one root in memory, with the indexes of the store. */
export class MemoryTrees implements Trees, TreeWriter {
  readonly root: NodeId
  readonly #items = new Map<ItemId, Item>()
  readonly #unsettled = new Set<ItemId>()
  readonly #children = {
    remote: new Map<ItemId, Set<ItemId>>(),
    local: new Map<ItemId, Set<ItemId>>(),
    synced: new Map<ItemId, Set<ItemId>>(),
  }
  /** By side, parent and `alike` name. */
  readonly #alike = new Map<string, Set<ItemId>>()
  #gone = { local: 0, remote: 0, back: 0, synced: 0 }
  #made = 0

  constructor(root: NodeId) {
    this.root = root
  }

  item(id: ItemId): Item | null {
    return this.#items.get(id) ?? null
  }

  items(): Iterable<Item> {
    return this.#items.values()
  }

  unsettled(): ItemId[] {
    const depths = new Map<ItemId, number>([[this.root, 0]])
    return [...this.#unsettled]
      .map((id) => ({ id, depth: this.#depth(id, depths) }))
      .sort((a, b) => a.depth - b.depth)
      .map(({ id }) => id)
  }

  /** An index that grows in the order in which things happened: plans must not depend on it. */
  shuffleUnsettled(pick: (count: number) => number): void {
    const ids = [...this.#unsettled]
    this.#unsettled.clear()
    while (ids.length > 0) this.#unsettled.add(ids.splice(pick(ids.length), 1)[0]!)
  }

  children(side: Side, parent: ItemId): ItemId[] {
    return [...(this.#children[side].get(parent) ?? [])]
  }

  childNamed(side: 'remote' | 'local', parent: ItemId, name: string): ItemId | null {
    for (const id of this.childrenAlike(side, parent, alike(name)))
      if (this.#items.get(id)![side]!.place.name === name) return id
    return null
  }

  childrenAlike(side: 'remote' | 'local', parent: ItemId, key: string): ItemId[] {
    return [...(this.#alike.get(`${side} ${parent} ${key}`) ?? [])]
  }

  gone() {
    return { ...this.#gone }
  }

  setRemote(id: ItemId, remote: RemoteState | null): void {
    this.#set(id, { remote })
  }
  setLocal(id: ItemId, local: LocalState | null): void {
    this.#set(id, { local })
  }
  setSynced(id: ItemId, synced: SyncedState | null): void {
    this.#set(id, { synced })
  }
  setBlocked(id: ItemId, blocked: Item['blocked']): void {
    this.#set(id, { blocked })
  }

  become(from: ItemId, to: ItemId): void {
    const { local, synced } = this.#items.get(from) ?? EMPTY
    this.#set(from, { local: null, synced: null, blocked: null })
    this.#set(to, { local, synced })
    for (const id of this.children('local', from)) {
      const child = this.#items.get(id)!.local!
      this.#set(id, { local: { ...child, place: { ...child.place, parent: to } } })
    }
    for (const id of this.children('synced', from)) {
      const child = this.#items.get(id)!.synced!
      this.#set(id, { synced: { ...child, place: { ...child.place, parent: to } } })
    }
  }

  newLocalId(): LocalId {
    return `local:${++this.#made}` as LocalId
  }

  copy(): MemoryTrees {
    const other = new MemoryTrees(this.root)
    for (const item of this.#items.values()) other.#set(item.id, item)
    other.#made = this.#made
    return other
  }

  #set(id: ItemId, change: Partial<Item>): void {
    const before = this.#items.get(id) ?? { id, ...EMPTY }
    const after = { ...before, ...change }
    this.#index(before, -1)
    this.#items.delete(id)
    this.#unsettled.delete(id)
    if (!after.remote && !after.local && !after.synced && !after.blocked) return
    this.#items.set(id, after)
    this.#index(after, 1)
    if (isUnsettled(after)) this.#unsettled.add(id)
  }

  #index(item: Item, by: 1 | -1): void {
    for (const side of SIDES) {
      const parent = item[side]?.place.parent
      if (parent === undefined) continue
      list(this.#children[side], parent, item.id, by)
      list(this.#alike, `${side} ${parent} ${alike(item[side]!.place.name)}`, item.id, by)
    }
    if (!item.synced) return
    this.#gone.synced += by
    if (item.remote && !item.local) this.#gone.local += by
    if (item.local && !item.remote) this.#gone.remote += by
    if (isGoneBack(item)) this.#gone.back += by
  }

  #depth(id: ItemId, known: Map<ItemId, number>): number {
    const way: ItemId[] = []
    let at = id
    for (; !known.has(at) && !way.includes(at) && way.length < 2_000;) {
      way.push(at)
      const item = this.#items.get(at)
      const place = item?.local?.place ?? item?.remote?.place ?? item?.synced?.place
      if (!place) break
      at = place.parent
    }
    let depth = known.get(at) ?? 0
    for (const step of way.toReversed()) known.set(step, ++depth)
    return known.get(id)!
  }
}

const EMPTY: Omit<Item, 'id'> = { remote: null, local: null, synced: null, blocked: null, pending: null }

function list<K>(index: Map<K, Set<ItemId>>, key: K, id: ItemId, by: 1 | -1): void {
  const listed = index.get(key)
  if (by === 1) index.set(key, (listed ?? new Set()).add(id))
  else if (listed?.delete(id) && listed.size === 0) index.delete(key)
}
