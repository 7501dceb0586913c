import {
  isSameContent,
  isSamePlacement,
  type Item,
  type ItemContent,
  type Placement,
  type RemoteState,
  type Stamp,
  type SyncedState,
} from '../../core/reconcile/item.ts'
import { nameKey } from '../../core/names.ts'
import type { RemoteStep } from '../../core/reconcile/step.ts'

/**
 * What was sent for an item and not answered yet, kept beside its mutation id (P10). Only the very same change is sent again under the
 * same id; and when an answer is lost for good, the journal shows what became of it (NW-01, DK-07, MV-18).
 */
type WithoutItem<S> = S extends unknown ? Omit<S, 'item'> : never
export type Sent = (WithoutItem<RemoteStep> & { seen?: number }) | Announced

/** A version that is about to get its name on this disk. */
export type Announced = {
  do: 'download'
  place: Placement
  content: ItemContent
  contentRevision: number
  placementRevision: number
}

/** @param seen of a delete: the seq of the cursor, which is a part of the request */
export function fingerprintOf(step: RemoteStep, seen: number): string {
  const { item: _item, ...sent } = step
  return JSON.stringify(step.do === 'trash-remote' ? { ...sent, seen } : sent)
}

/**
 * Whether both ask the server for the same. Of a file's stamp it is told when the file was written; a rename here changes the rest of it, and under another id the
 * same would be done twice.
 */
export function isSameRequest(pending: NonNullable<Item['pending']>, fingerprint: string): boolean {
  if (pending.fingerprint === fingerprint) return true
  const before = requestOf(pending.fingerprint)
  return before !== null && before === requestOf(fingerprint)
}

/** `null`: it was written by a version that wrote it in another way. */
function requestOf(fingerprint: string): string | null {
  const told = (key: string, value: unknown): unknown => (key === 'stamp' ? (value as Stamp).mtimeNs : value)
  try {
    return JSON.stringify(JSON.parse(fingerprint), told)
  } catch {
    return null
  }
}

/** `null`: nothing was sent, or by a version that wrote it in another way. */
export function sentOf({ pending }: Pick<Item, 'pending'>): Sent | null {
  if (pending === null) return null
  try {
    return JSON.parse(pending.fingerprint) as Sent
  } catch {
    return null
  }
}

/**
 * The journal shows the effect of what was sent for this item: what both sides agree on is that, whatever the file has become since.
 * @returns `null` when this is somebody else's change, or an older one
 */
export function agreedBySent(item: Item, remote: RemoteState): SyncedState | null {
  const sent = sentOf(item)
  const { synced } = item
  if (sent?.do === 'upload-version' && synced !== null) {
    const isOurs = remote.contentRevision === sent.base + 1 && isSameContent(remote.content, sent.content)
    const { content, stamp } = sent
    return isOurs ? { ...synced, content, stamp, contentRevision: remote.contentRevision } : null
  }
  if (sent?.do === 'move-remote' && synced !== null && isSamePlacement(remote.place, sent.to)) {
    const { name } = item.local?.place ?? sent.to
    const localName = nameKey(name) === nameKey(sent.to.name) ? name : sent.to.name
    return { ...synced, place: sent.to, localName, placementRevision: remote.placementRevision }
  }
  return null
}

/** The same for something new, which the device has under an id of its own yet. */
export function agreedByCreation(item: Item, remote: RemoteState): SyncedState | null {
  const sent = sentOf(item)
  if (item.local === null || (sent?.do !== 'upload-new' && sent?.do !== 'create-remote-folder')) return null
  const content = sent.do === 'upload-new' ? sent.content : ({ kind: 'folder' } as const)
  if (!isSamePlacement(sent.place, remote.place) || !isSameContent(content, remote.content)) return null
  const { contentRevision, placementRevision } = remote
  const stamp = sent.do === 'upload-new' ? sent.stamp : item.local.stamp
  return { place: sent.place, localName: item.local.place.name, content, contentRevision, placementRevision, stamp }
}
