import { expect, test } from 'vitest'
import type { NodeId, Sha256 } from '../../core/ids.ts'
import type { ItemContent, ItemId, Stamp } from '../../core/reconcile/item.ts'
import { MemorySyncStore } from '../../test/support/memory-sync-store.ts'
import { Announcements, announcementOf } from './announced.ts'

const ROOT = 'root' as NodeId
const ID = 'node' as ItemId
const PLACE = { parent: ROOT, name: 'f' }
const bytesOf = (digit: string): ItemContent => ({
  kind: 'file',
  sha256: digit.repeat(64) as Sha256,
  size: 1,
  executable: false,
})
const stampOf = (ino: string): Stamp => ({ ino, size: 1, mtimeNs: '1', ctimeNs: '1' })

/** Of a process that died between giving version 2 its name, over version 1, and noting that: a scan has shown it since. */
function afterDeath() {
  const store = new MemorySyncStore(ROOT)
  const remote = { place: PLACE, content: bytesOf('2'), contentRevision: 2, placementRevision: 1, mtimeNs: null }
  const agreed = { place: PLACE, localName: 'f', content: bytesOf('1'), contentRevision: 1, placementRevision: 1 }
  const step = { do: 'download', item: ID, to: PLACE, expects: { is: 'nothing' } } as const
  store.write((to) => {
    to.setRemote(ID, remote)
    to.setSynced(ID, { ...agreed, stamp: stampOf('old') })
    to.setLocal(ID, { kind: 'file', place: PLACE, stamp: stampOf('new'), content: bytesOf('2'), isSettled: true })
    to.setPending(ID, announcementOf({ step, remote }, 0, new Uint8Array(10)))
  })
  return store
}

test('DK-06: what was announced and is there is what both sides agree on', () => {
  const store = afterDeath()
  new Announcements(store).settle()
  expect(store.item(ID)).toMatchObject({ pending: null, synced: { contentRevision: 2, stamp: stampOf('new') } })
})

test('EE-05: what it displaced is told until somebody has looked after it, also to a process after one that died again', () => {
  const store = afterDeath()
  const before = [{ id: ID, synced: expect.objectContaining({ contentRevision: 1, stamp: stampOf('old') }) }]
  expect(new Announcements(store).settle()).toEqual(before)
  const again = new Announcements(store)
  expect(again.settle()).toEqual(before)
  expect(again.settle()).toEqual(before)
  again.lookedAfter()
  expect(again.settle()).toEqual([])
  expect(new Announcements(store).settle()).toEqual([])
})
