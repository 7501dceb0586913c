import type { Item, ItemId } from '../../core/reconcile/item.ts'
import type { IgnoreRules } from './ignore.ts'
import { localPath, remotePath } from './local-path.ts'
import type { SyncStore } from './ports.ts'

type Asked = { store: SyncStore; rules: IgnoreRules }

/**
 * What is left alone since it is ignored, or lies in an ignored folder. What both sides have is so only when it is ignored on both: what one side gives a
 * name that is not ignored is synchronised from then on. Each item is judged once.
 */
export function leftAlone(asked: Asked): (item: Item) => boolean {
  const ignored = new Map<ItemId, boolean>()
  return (item) => {
    const known = ignored.get(item.id)
    if (known !== undefined) return known
    const judged = isIgnored(asked, item)
    ignored.set(item.id, judged)
    return judged
  }
}

function isIgnored(asked: Asked, item: Item): boolean {
  const { store, rules } = asked
  const path = item.local && localPath(store, item.id)
  if (path && !rules.isIgnored(path, item.local!.kind)) return false
  return path !== null && !item.remote ? true : isIgnoredThere(asked, item)
}

/** By the place that it has on the server. */
export function isIgnoredThere({ store, rules }: Asked, { id, remote }: Item): boolean {
  const path = remote && remotePath(store, id)
  return path !== null && rules.isIgnored(path, remote!.content.kind)
}
