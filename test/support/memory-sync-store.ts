import { invariant } from '../../core/errors.ts'
import type { NodeId } from '../../core/ids.ts'
import { alike } from '../../core/reconcile/alike.ts'
import type { Item, ItemId } from '../../core/reconcile/item.ts'
import type { MetaKey, StoreWriter, SyncStore } from '../../client/sync/ports.ts'
import { isSameLocal, isSameRemote, isSameSynced } from '../../client/sync/same-state.ts'
import {
  addToTally,
  blankItem,
  DEPTH_MAX,
  handOver,
  isBlank,
  isListedUnsettled,
  isUnread,
  NO_TALLY,
  type Side,
} from '../../client/sync/store-rules.ts'

/**
 * What a store keeps: plain data, so that `structuredClone` is a backup of it. A store that is opened on it anew goes on where the last `write` that
 * ended left it, like one on a disk.
 */
export type MemoryStoreData = {
  items: Map<ItemId, Item>
  /** In which snapshot the remote state was last told. */
  seenIn: Map<ItemId, number>
  /** Grows with every state that is to be read. */
  unread: Map<ItemId, number>
  digests: Map<ItemId, string>
  meta: Map<MetaKey, string>
  cursor: { cursor: string | null; snapshotAfter: string | null; seen: number }
  snapshot: number
  localIds: number
  lastUnread: number
}

export const emptyStoreData = (): MemoryStoreData => ({
  items: new Map(),
  seenIn: new Map(),
  unread: new Map(),
  digests: new Map(),
  meta: new Map(),
  cursor: { cursor: null, snapshotAfter: null, seen: 0 },
  snapshot: 0,
  localIds: 0,
  lastUnread: 0,
})

const SIDES: readonly Side[] = ['remote', 'local', 'synced']

/** The three trees in memory: by the plainest means, so that the one on a disk can be compared with it. */
export class MemorySyncStore implements SyncStore {
  readonly root: NodeId
  readonly data: MemoryStoreData
  readonly #below: Record<Side, Map<ItemId, Set<ItemId>>> = { remote: new Map(), local: new Map(), synced: new Map() }
  readonly #unsettled = new Set<ItemId>()
  readonly #tally = { ...NO_TALLY }
  /** What to do, last first, to undo what a `write` did so far. */
  #undo: (() => void)[] | null = null

  constructor(root: NodeId, data: MemoryStoreData = emptyStoreData()) {
    this.root = root
    this.data = data
    for (const item of data.items.values()) this.#index(item, 1)
  }

  item(id: ItemId): Item | null {
    const found = this.data.items.get(id)
    return found ? { ...found } : null
  }

  unsettled(): ItemId[] {
    const deep = [...this.#unsettled].map((id) => ({ id, depth: this.#depth(id) }))
    return deep.sort((a, b) => a.depth - b.depth || compareIds(a.id, b.id)).map(({ id }) => id)
  }

  children = (side: Side, parent: ItemId): ItemId[] => [...(this.#below[side].get(parent) ?? [])]

  childNamed(side: 'remote' | 'local', parent: ItemId, name: string): ItemId | null {
    return this.#find(side, parent, (child) => child === name)[0] ?? null
  }

  childrenAlike(side: 'remote' | 'local', parent: ItemId, key: string): ItemId[] {
    return this.#find(side, parent, (child) => alike(child) === key)
  }

  *localIn(parent: ItemId, kind?: 'folder'): ReturnType<SyncStore['localIn']> & Generator {
    for (const id of this.children('local', parent)) {
      const item = this.item(id)
      if (!item?.local || (kind !== undefined && item.local.kind !== kind)) continue
      yield { id, state: item.local, blocked: item.blocked, digest: this.data.digests.get(id) ?? null }
    }
  }

  gone = () => ({
    local: this.#tally.goneLocal,
    remote: this.#tally.goneRemote,
    back: this.#tally.goneBack,
    synced: this.#tally.synced,
  })
  counts = () => ({ items: this.#tally.items, unsettled: this.#tally.unsettled, blocked: this.#tally.blocked })
  cursor = () => ({ ...this.data.cursor })
  meta = (key: MetaKey): string | null => this.data.meta.get(key) ?? null
  localByIno = (ino: string): ItemId[] => this.#byIno('local', ino)
  syncedByIno = (ino: string): ItemId[] => this.#byIno('synced', ino)
  unread = (): ItemId[] => [...this.data.unread].sort(([, a], [, b]) => a - b).map(([id]) => id)

  blocked(limit: number): Item[] {
    const items = [...this.data.items.values()].filter((item) => item.blocked)
    return items.sort((a, b) => compareIds(a.id, b.id)).slice(0, limit)
  }

  localFrom(place: string | null, limit: number): { items: Item[]; next: string | null } {
    const here = [...this.data.items.values()].filter(({ id, local }) => local && (place === null || id > place))
    const items = here.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit)
    return { items: items.map((item) => ({ ...item })), next: items.length < limit ? null : items.at(-1)!.id }
  }

  close(): void {}

  write<T>(change: (to: StoreWriter) => T): T {
    invariant(this.#undo === null, 'one write at a time')
    const undo: (() => void)[] = []
    this.#undo = undo
    let isDone = false
    try {
      const result = change(this.#writer)
      invariant(!(result instanceof Promise), 'a transaction ends before anything else goes on')
      isDone = true
      return result
    } finally {
      this.#undo = null
      if (!isDone) for (const step of undo.reverse()) step()
    }
  }

  readonly #writer: StoreWriter = {
    setRemote: (id, state) => {
      const item = this.#get(id)
      if (state) this.#setIn(this.data.seenIn, id, this.data.snapshot)
      if (!isSameRemote(item.remote, state)) this.#put({ ...item, remote: state })
    },
    setLocal: (id, state) => {
      const item = this.#get(id)
      if (isSameLocal(item.local, state)) return
      this.#noteUnread(id, state)
      this.#forgetDigests(id, item.local, state)
      this.#put({ ...item, local: state })
    },
    setSynced: (id, state) => {
      const item = this.#get(id)
      if (!isSameSynced(item.synced, state)) this.#put({ ...item, synced: state })
    },
    setBlocked: (id, blocked) => this.#put({ ...this.#get(id), blocked }),
    setPending: (id, pending) => this.#put({ ...this.#get(id), pending }),
    setDigest: (folder, digest) => {
      if (this.#get(folder).local) this.#setIn(this.data.digests, folder, digest)
    },
    become: (from, to) => this.#become(from, to),
    newLocalId: () => `local:${this.#set('localIds', this.data.localIds + 1)}` as ItemId,
    setCursor: (cursor) => void this.#set('cursor', { ...cursor }),
    setMeta: (key, value) => this.#setIn(this.data.meta, key, value),
    beginSnapshot: () => void this.#set('snapshot', this.data.snapshot + 1),
    endSnapshot: () => {
      const seen = (id: ItemId): number => this.data.seenIn.get(id) ?? 0
      const left = [...this.data.items.values()].filter(({ id, remote }) => remote && seen(id) < this.data.snapshot)
      for (const item of left) this.#put({ ...item, remote: null })
      return left.length
    },
  }

  #become(from: ItemId, to: ItemId): void {
    const source = this.data.items.get(from)
    if (!source || from === to) return
    invariant(from !== this.root && to !== this.root, 'the root is what it is')
    const target = this.#get(to)
    invariant(!source.local || !target.local, 'two things on the disk cannot become one item')
    const handed = handOver(source, target)
    if (source.local) {
      this.#noteUnread(from, null)
      this.#noteUnread(to, source.local)
    }
    this.#forgetDigests(from, source.local, null)
    this.#forgetDigests(to, target.local, source.local)
    this.#put(handed.from)
    this.#put(handed.to)
    for (const id of this.children('local', from)) this.#rehang(id, 'local', to)
    for (const id of this.children('synced', from)) this.#rehang(id, 'synced', to)
  }

  #rehang(id: ItemId, side: 'local' | 'synced', parent: ItemId): void {
    const item = this.#get(id)
    const state = item[side]
    if (!state) return
    if (side === 'local') this.#forgetDigests(id, item.local, null)
    this.#put({ ...item, [side]: { ...state, place: { ...state.place, parent } } })
  }

  #get = (id: ItemId): Item => this.data.items.get(id) ?? blankItem(id)

  #noteUnread(id: ItemId, state: Item['local']): void {
    const place = isUnread(state) ? this.#set('lastUnread', this.data.lastUnread + 1) : null
    this.#setIn(this.data.unread, id, place)
  }

  #forgetDigests(id: ItemId, before: Item['local'], after: Item['local']): void {
    for (const changed of [id, before?.place.parent, after?.place.parent])
      if (changed !== undefined) this.#setIn(this.data.digests, changed, null)
  }

  #put(item: Item): void {
    const before = this.data.items.get(item.id)
    this.#swap(before, item)
    this.#undo!.push(() => this.#swap(item, before ?? blankItem(item.id)))
  }

  #swap(before: Item | undefined, after: Item): void {
    if (before) this.#index(before, -1)
    if (isBlank(after)) this.data.items.delete(after.id)
    else this.data.items.set(after.id, after)
    this.#index(after, 1)
  }

  #index(item: Item, sign: 1 | -1): void {
    addToTally(this.#tally, item, { root: this.root, sign })
    if (sign === 1 && isListedUnsettled(item, this.root)) this.#unsettled.add(item.id)
    else this.#unsettled.delete(item.id)
    for (const side of SIDES) {
      const parent = item[side]?.place.parent
      if (parent === undefined) continue
      const siblings = this.#below[side].get(parent) ?? new Set()
      if (sign === 1) siblings.add(item.id)
      else siblings.delete(item.id)
      this.#below[side].set(parent, siblings)
    }
  }

  #set<Key extends keyof MemoryStoreData>(key: Key, value: MemoryStoreData[Key]): MemoryStoreData[Key] {
    invariant(this.#undo, 'only inside of a write')
    const before = this.data[key]
    this.#undo.push(() => void (this.data[key] = before))
    return (this.data[key] = value)
  }

  #setIn<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | null): void {
    const before = map.get(key) ?? null
    const put = (some: Value | null): void => void (some === null ? map.delete(key) : map.set(key, some))
    this.#undo!.push(() => put(before))
    put(value)
  }

  #find(side: 'remote' | 'local', parent: ItemId, isWanted: (name: string) => boolean): ItemId[] {
    const found = this.children(side, parent).filter((id) => isWanted(this.data.items.get(id)![side]!.place.name))
    return found.sort(compareIds)
  }

  #byIno(side: 'local' | 'synced', ino: string): ItemId[] {
    return [...this.data.items.values()].filter((item) => item[side]?.stamp.ino === ino).map(({ id }) => id)
  }

  #depth(id: ItemId): number {
    const { remote, local, synced } = this.data.items.get(id)!
    if (!remote && !local) return synced ? this.#depthIn('synced', id) : 0
    return Math.max(remote ? this.#depthIn('remote', id) : 0, local ? this.#depthIn('local', id) : 0)
  }

  #depthIn(side: Side, id: ItemId): number {
    let depth = 0
    for (let at = id; at !== this.root && depth < DEPTH_MAX; depth++) {
      const parent = this.data.items.get(at)?.[side]?.place.parent
      if (parent === undefined) break
      at = parent
    }
    return depth
  }
}

/** Local ids by their number, then all others as text. */
export function compareIds(a: ItemId, b: ItemId): number {
  const [left, right] = [a, b].map((id) => (/^local:\d+$/.test(id) ? Number(id.slice(6)) : null))
  if (left !== null && right !== null) return left! - right!
  if (left !== null || right !== null) return left !== null ? -1 : 1
  return a < b ? -1 : 1
}
