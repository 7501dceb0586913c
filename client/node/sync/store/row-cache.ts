import type { ItemId } from '../../../../core/reconcile/item.ts'
import type { Row } from './item-table.ts'

/** Rows that are as the table has them. Two generations: what was not asked for since the last turn is dropped. Holds at most `2 * size`. */
export type RowCache = {
  get(id: ItemId): Row | undefined
  put(row: Row): void
  drop(id: ItemId): void
  clear(): void
}

export function rowCache(size: number): RowCache {
  let young = new Map<ItemId, Row>()
  let old = new Map<ItemId, Row>()
  const put = (row: Row): void => {
    if (young.size >= size) {
      old = young
      young = new Map()
    }
    young.set(row.id, row)
  }
  return {
    put,
    get(id) {
      const found = young.get(id)
      if (found) return found
      const older = old.get(id)
      if (older) put(older)
      return older
    },
    drop(id) {
      young.delete(id)
      old.delete(id)
    },
    clear() {
      young = new Map()
      old = new Map()
    },
  }
}
