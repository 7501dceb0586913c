import { alike } from '../../core/reconcile/alike.ts'
import type { Item, ItemId, Placement } from '../../core/reconcile/item.ts'
import { NAME_HELD } from '../../core/reconcile/local-steps.ts'
import { isSameOnDisk } from '../../core/reconcile/names.ts'
import type { Course } from './course.ts'
import { Otherwise } from './otherwise.ts'

type Asked = Pick<Course, 'store' | 'disk'>

/**
 * As far as the trees know. Whoever should have left a name in the same plan may not have come off: what then takes it, though the disk let it, would make two
 * things of one name of them (I7).
 */
export const isNameFree = (asked: Asked, item: ItemId, to: Placement): boolean => nameHolder(asked, item, to) === null

/** @throws Otherwise: somebody has the name, for good perhaps: a folder that does not get empty */
export function requireFreeName(asked: Asked, item: ItemId, to: Placement): void {
  const holder = nameHolder(asked, item, to)
  if (holder) throw new Otherwise(holder.blocked ? NAME_HELD : null)
}

function nameHolder({ store, disk }: Asked, item: ItemId, to: Placement): Item | null {
  for (const id of store.childrenAlike('local', to.parent, alike(to.name))) {
    const other = id === item ? null : store.item(id)
    if (other?.local && isSameOnDisk(other.local.place.name, to.name, disk.abilities)) return other
  }
  return null
}
