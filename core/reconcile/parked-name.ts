import type { ItemId } from './item.ts'

const PREFIX = '.bitvault-moving-'

/** Where an item stands while others move through its name (RN-03): short, and no other item's. */
export const parkedName = (item: ItemId): string => PREFIX + item.replaceAll(':', '-')

const OURS = /^\.bitvault-moving-(?:local-\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** That of some item: it stood aside and was left like this, or a person took it away from where it stood. No name to keep. */
export const isNameOfParked = (name: string): boolean => OURS.test(name)

/** Given by us, not by the person. */
export const isParkedName = (item: ItemId, name: string): boolean => name === parkedName(item)
