import { isSameBytes } from '../../core/reconcile/changes.ts'
import type { Item, ItemId, SyncedState } from '../../core/reconcile/item.ts'
import { nameKey } from '../../core/names.ts'
import type { Wanted } from './place-version.ts'
import type { StoreWriter, SyncStore } from './ports.ts'
import { newMutationId } from './push-steps.ts'
import { sentOf, type Announced } from './sent.ts'

/** What is written before a version gets its name here. Its id is nobody's: nothing is sent. */
export function announcementOf(
  { step, remote }: Wanted,
  nowMs: number,
  random: Uint8Array,
): NonNullable<Item['pending']> {
  const { content, contentRevision, placementRevision } = remote
  const announced: Announced = { do: 'download', place: step.to, content, contentRevision, placementRevision }
  return { mutation: newMutationId(nowMs, random), fingerprint: JSON.stringify(announced) }
}

export type Overwritten = { id: ItemId; synced: SyncedState }

/**
 * After a start: what was announced and is on the disk was placed, and is no edit of anybody, whatever the server has by now (DK-06). What is not there
 * was not placed, and is fetched anew. Asked after each scan, until all are settled.
 */
export class Announcements {
  readonly #store: SyncStore
  #open: ItemId[] | null = null

  constructor(store: SyncStore) {
    this.#store = store
  }

  /**
   * @returns files over which a version was placed, as they were before: nobody has looked yet whether somebody wrote into them meanwhile. They stay noted
   * until `lookedAfter`, whoever dies in between.
   */
  settle(): Overwritten[] {
    const store = this.#store
    this.#open ??= [...store.unsettled()].filter((id) => announcedOf(store.item(id)) !== null)
    if (this.#open.length === 0) return readOverwritten(store)
    const open = this.#open
    const before = open.map((id) => ({ id, synced: store.item(id)?.synced ?? null }))
    this.#open = store.write((to) => {
      const left = open.filter((id) => !settleOne(store, to, id))
      const overwritten = before.flatMap(({ id, synced }) => {
        const isNew = synced !== null && store.item(id)?.synced?.contentRevision !== synced.contentRevision
        return isNew ? [{ id, synced }] : []
      })
      if (overwritten.length > 0) noteOverwritten(to, [...readOverwritten(store), ...overwritten])
      return left
    })
    return readOverwritten(store)
  }

  /** Of all that `settle` told. */
  lookedAfter(): void {
    if (readOverwritten(this.#store).length > 0) this.#store.write((to) => noteOverwritten(to, []))
  }
}

const readOverwritten = (store: SyncStore): Overwritten[] =>
  JSON.parse(store.meta('overwritten') ?? '[]') as Overwritten[]

const noteOverwritten = (to: StoreWriter, overwritten: readonly Overwritten[]): void =>
  to.setMeta('overwritten', overwritten.length === 0 ? null : JSON.stringify(overwritten))

function announcedOf(item: Item | null): Announced | null {
  const sent = item && sentOf(item)
  return sent?.do === 'download' ? sent : null
}

/** @returns `false`: its bytes are not known yet */
function settleOne(store: SyncStore, to: StoreWriter, id: ItemId): boolean {
  const item = store.item(id)
  const announced = announcedOf(item)
  if (item === null || announced === null) return true
  const here = item.local === null ? unknownAt(store, announced) : item
  if (here?.local && here.local.content === null) return false
  if (here?.local?.content && isSameBytes(here.local.content, announced.content)) {
    if (here.id !== id) to.become(here.id, id)
    to.setSynced(id, agreedBy(announced, here.local, item.synced))
  }
  to.setPending(id, null)
  return true
}

/** Something that only this device has, in the place that was announced. */
function unknownAt(store: SyncStore, { place }: Announced): Item | null {
  for (const id of store.children('local', place.parent)) {
    const item = store.item(id)
    if (item?.local && !item.remote && !item.synced && nameKey(item.local.place.name) === nameKey(place.name))
      return item
  }
  return null
}

function agreedBy(
  { place, content, contentRevision, placementRevision }: Announced,
  { place: here, stamp }: NonNullable<Item['local']>,
  synced: SyncedState | null,
): SyncedState {
  const known = synced ?? { place, localName: here.name, placementRevision }
  const { place: agreed, localName, placementRevision: revision } = known
  return { place: agreed, localName, placementRevision: revision, content, contentRevision, stamp }
}
