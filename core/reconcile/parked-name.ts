import type { ItemId } from './item.ts'

const PREFIX = '.bitvault-moving-'

/** Where an item stands while others move through its name (RN-03): short, and no other item's. */
export const parkedName = (item: ItemId): string => PREFIX + item.replaceAll(':', '-')

/** Given by us, not by the person. */
export const isParkedName = (item: ItemId, name: string): boolean => name === parkedName(item)
