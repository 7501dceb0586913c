import type { Item, ItemId } from '../../core/reconcile/item.ts'
import type { IgnoreRules } from './ignore.ts'
import { shownPath } from './local-path.ts'
import { OWN_FOLDER } from './own-folder.ts'
import type { SyncStore } from './ports.ts'

type Asked = { store: SyncStore; rules: IgnoreRules; isBusy: (item: Item) => boolean }

/**
 * Who is left alone by one plan: what is on its way, what waits after a failure, and what is ignored on either side. With an ignored folder goes all
 * that lies below it. Each path is judged once.
 */
export function leftAlone({ store, rules, isBusy }: Asked): (item: Item) => boolean {
  const ignored = new Map<ItemId, boolean>()
  const isIgnored = (item: Item): boolean => {
    const known = ignored.get(item.id)
    if (known !== undefined) return known
    const kind = item.local?.kind ?? item.remote?.content.kind ?? item.synced?.content.kind
    const path = shownPath(store, item.id)
    const judged = kind !== undefined && path !== '' && (isOwn(path) || rules.isIgnored(path, kind))
    ignored.set(item.id, judged)
    return judged
  }
  return (item) => isBusy(item) || isIgnored(item)
}

/** The name of our own folder in the root is not for things of the server. */
const isOwn = (path: string): boolean => path === OWN_FOLDER || path.startsWith(`${OWN_FOLDER}/`)
