import type { ItemId } from '../../../../core/reconcile/item.ts'
import type { Connection } from './connection.ts'
import type { Notes } from './notes.ts'
import { packId } from './value-codec.ts'
import { NOTE } from './writer.ts'

/** The digests of folders in the table: each stands for what is known of its folder, so whoever changes that forgets it, in the same transaction. */
export type Digests = {
  set(folder: ItemId, digest: string): void
  /** Of these. The table has what was changed. */
  forget(folders: Iterable<ItemId>): void
}

/** @param begin before the first statement of a transaction */
export function openDigests(db: Connection, notes: Notes, begin: () => void): Digests {
  const put = db.prepare('update item set l_digest = ? where id = ? and l_state is not null')
  const drop = db.prepare('update item set l_digest = null where id = ? and l_digest is not null')
  return {
    set(folder, digest) {
      begin()
      put.run(digest, packId(folder))
      // Until there is one, nobody looks for any: not while a tree is fetched or sent for the first time.
      notes.set(NOTE.digests, 'yes')
    },
    forget(folders) {
      if (notes.get(NOTE.digests) === null) return
      for (const folder of folders) drop.run(packId(folder))
    },
  }
}
