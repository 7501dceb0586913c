import type { Abilities } from '../../core/reconcile/abilities.ts'
import type { ItemContent, LocalState, Placement, RemoteState, Stamp, SyncedState } from '../../core/reconcile/item.ts'
import type { DiskEntry } from './ports.ts'

/** A clock so coarse that somebody may write within the tick of a change of ours, and put the time of the file back. */
const COARSE_NS = 1_000_000_000n

export const isCoarse = ({ grainNs }: Abilities): boolean => grainNs >= COARSE_NS

/**
 * Placed by us, with the time of the original: a later write gets a later time, unless the original is as young as the grain of the clock, or the clock is
 * coarse. Only times of this disk are compared.
 */
const standsForBytes = ({ mtimeNs, ctimeNs }: Stamp, abilities: Abilities): boolean =>
  !isCoarse(abilities) && BigInt(ctimeNs) - BigInt(mtimeNs) > 2n * abilities.grainNs

/** After a change of ours that gave it another ctime: whether the stamp still stands for the bytes. */
export const staysSettled = (wasSettled: boolean, abilities: Abilities): boolean => wasSettled && !isCoarse(abilities)

/** Our own changes of names give another ctime. */
export const isSameFile = (a: Stamp, b: Stamp): boolean =>
  a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs

/** What is on the disk since we put it there. */
export const placedState = (
  entry: DiskEntry,
  { parent, content, abilities }: { parent: Placement['parent']; content: ItemContent; abilities: Abilities },
): LocalState => ({
  place: { parent, name: entry.name },
  kind: content.kind,
  stamp: entry.stamp,
  content,
  isSettled: content.kind !== 'file' || standsForBytes(entry.stamp, abilities),
})

/** Both sides have it, as the server has it. */
export const agreedState = (
  { contentRevision, placementRevision }: RemoteState,
  { place, content }: { place: Placement; content: ItemContent },
  { name, stamp }: DiskEntry,
): SyncedState => ({ place, localName: name, content, contentRevision, placementRevision, stamp })
