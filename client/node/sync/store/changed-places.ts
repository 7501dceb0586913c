import type { Item, ItemId } from '../../../../core/reconcile/item.ts'
import type { Row } from './item-table.ts'

/** A place in a tree; or anywhere in a folder, on the disk or as it was agreed. */
export type Where = { side: 'remote' | 'local'; parent: ItemId; name: string } | { below: ItemId }

/** Where rows are that are yet to be written. Of most places that are asked for it is plain at once that none is there. */
export type ChangedPlaces = {
  /** One of them is there now. */
  add(item: Item): void
  has(where: Where): boolean
  clear(): void
}

export function changedPlaces(changed: ReadonlyMap<ItemId, Row>): ChangedPlaces {
  const folders = new Set<ItemId>()
  const named = new Set<string>()
  const mayHave = (where: Where): boolean =>
    'below' in where ? folders.has(where.below) : named.has(key(where.side, where.parent, where.name))
  return {
    add({ remote, local, synced }) {
      if (remote) named.add(key('remote', remote.place.parent, remote.place.name))
      if (local) named.add(key('local', local.place.parent, local.place.name))
      if (local) folders.add(local.place.parent)
      if (synced) folders.add(synced.place.parent)
    },
    has(where) {
      if (!mayHave(where)) return false
      for (const { item } of changed.values()) if (isAt(item, where)) return true
      return false
    },
    clear() {
      folders.clear()
      named.clear()
    },
  }
}

const key = (side: 'remote' | 'local', parent: ItemId, name: string): string => `${side}/${parent}/${name}`

function isAt(item: Item, where: Where): boolean {
  if ('below' in where) return item.local?.place.parent === where.below || item.synced?.place.parent === where.below
  const place = item[where.side]?.place
  return place?.name === where.name && place.parent === where.parent
}
