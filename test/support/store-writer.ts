import { openSyncStore } from '../../client/node/sync/store/open-store.ts'
import type { ItemId } from '../../core/reconcile/item.ts'
import { FOLDER, fileOf, localState, mutationOf, ROOT, settled } from './store-states.ts'

/**
 * A process of its own that writes until it is killed. Every transaction makes one folder with as many files as its number modulo 7, hands the folder of
 * five transactions before to a node, and notes its own number in three places. Prints each number once the transaction is done.
 */
const path = process.argv[2]!
const { store } = openSyncStore({ path, root: ROOT })
const nodeOf = (round: number): ItemId => `0197a000-0000-7000-8000-${round.toString(16).padStart(12, '0')}` as ItemId

for (let round = store.cursor().seen + 1; ; round++) {
  store.write((to) => {
    const folder = to.newLocalId()
    to.setLocal(folder, localState({ name: `d${round}`, content: FOLDER }))
    to.setPending(folder, { mutation: mutationOf(round), fingerprint: folder })
    for (let i = 0; i < round % 7; i++)
      to.setLocal(to.newLocalId(), localState({ parent: folder, name: `f${i}`, isSettled: i % 2 === 0 }))
    to.setMeta('device', folder)
    const before = round - 5
    const older = before > 0 ? store.childNamed('local', ROOT, `d${before}`) : null
    if (older) {
      to.become(older, nodeOf(before))
      to.setPending(nodeOf(before), null)
      const states = settled({ name: `d${before}`, content: FOLDER })
      to.setRemote(nodeOf(before), states.remote)
      to.setSynced(nodeOf(before), states.synced)
      for (const child of store.children('local', nodeOf(before)))
        to.setBlocked(child, { reason: 'busy', detail: fileOf(round).kind })
    }
    to.setCursor({ cursor: `c${round}`, snapshotAfter: null, seen: round })
  })
  process.stdout.write(`${round}\n`)
}
