import { type Item, isSameContent, isSamePlacement, isSameStamp } from '../../core/reconcile/item.ts'

/** Whether a state that is noted says anything new. What does not, is not written. */
const orNull = <T>(isSame: (a: T, b: T) => boolean) => {
  return (a: T | null, b: T | null): boolean => a === b || (a !== null && b !== null && isSame(a, b))
}

type State<Side extends 'remote' | 'local' | 'synced'> = NonNullable<Item[Side]>

export const isSameRemote = orNull<State<'remote'>>(
  (a, b) =>
    a.contentRevision === b.contentRevision &&
    a.placementRevision === b.placementRevision &&
    a.mtimeNs === b.mtimeNs &&
    isSamePlacement(a.place, b.place) &&
    isSameContent(a.content, b.content),
)

export const isSameLocal = orNull<State<'local'>>(
  (a, b) =>
    a.kind === b.kind &&
    a.isSettled === b.isSettled &&
    isSameStamp(a.stamp, b.stamp) &&
    isSamePlacement(a.place, b.place) &&
    orNull(isSameContent)(a.content, b.content),
)

export const isSameSynced = orNull<State<'synced'>>(
  (a, b) =>
    a.contentRevision === b.contentRevision &&
    a.placementRevision === b.placementRevision &&
    a.localName === b.localName &&
    isSameStamp(a.stamp, b.stamp) &&
    isSamePlacement(a.place, b.place) &&
    isSameContent(a.content, b.content),
)
