import { alike } from '../../core/reconcile/alike.ts'
import type { ItemId, Placement } from '../../core/reconcile/item.ts'
import { isSameOnDisk } from '../../core/reconcile/names.ts'
import type { Course } from './course.ts'

/**
 * As far as the trees know. Whoever should have left a name in the same plan may not have come off: what then takes it, though the disk let it, would make two
 * things of one name of them (I7).
 */
export function isNameFree({ store, disk }: Pick<Course, 'store' | 'disk'>, item: ItemId, to: Placement): boolean {
  for (const id of store.childrenAlike('local', to.parent, alike(to.name))) {
    const here = id === item ? null : store.item(id)?.local
    if (here && isSameOnDisk(here.place.name, to.name, disk.abilities)) return false
  }
  return true
}
