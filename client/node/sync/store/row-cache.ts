import type { ItemId } from '../../../../core/reconcile/item.ts'
import type { Row } from './item-table.ts'

/**
 * Rows that are as the table has them, and ids that it does not have. Two generations: what was not asked for since the last turn is
 * dropped. Holds at most `2 * size()` of both.
 */
export type RowCache = {
  /** `null`: the table has no such row; `undefined`: ask the table. */
  get(id: ItemId): Row | null | undefined
  put(row: Row): void
  putAbsent(id: ItemId): void
  drop(id: ItemId): void
  /** `size()` may be smaller now. */
  shrink(): void
  clear(): void
}

export function rowCache(size: () => number): RowCache {
  let young = new Map<ItemId, Row | null>()
  let old = new Map<ItemId, Row | null>()
  const put = (id: ItemId, row: Row | null): void => {
    if (young.size >= size()) {
      old = young
      young = new Map()
    }
    young.set(id, row)
  }
  const clear = (): void => {
    young = new Map()
    old = new Map()
  }
  return {
    put: (row) => put(row.id, row),
    putAbsent: (id) => put(id, null),
    get(id) {
      const found = young.get(id)
      if (found !== undefined) return found
      const older = old.get(id)
      if (older !== undefined) put(id, older)
      return older
    },
    drop(id) {
      young.delete(id)
      old.delete(id)
    },
    shrink() {
      if (young.size + old.size > 2 * size()) clear()
    },
    clear,
  }
}
