import type { ItemId, ItemKind, LocalState, Stamp } from './item.ts'

/**
 * What a listing shows, against what the last scan left. A name alone does not make an item, and neither does an inode: programs save
 * by putting a new file at an old name, people swap names, and file systems give old inodes to new files.
 *
 *     same name, same inode       it is that item, as it was or edited in place
 *     same name, other inode      a spot: an edit by an atomic save, or something that was moved there
 *     other name, known inode     a spot: something that was moved there, or new with a used inode or a second link
 *     name gone                   lost: moved to a spot, or gone; only when everything was seen is that told (P8)
 */
export type Found = {
  name: string
  kind: ItemKind | 'special'
  stamp: Stamp
}
export type Known = { id: ItemId; state: LocalState }

export type FolderMatch<F extends Found, K extends Known> = {
  /** Nothing has changed, as far as a stamp can tell. */
  same: { known: K; found: F }[]
  /** Written to in place; of folders: entries came or went. */
  changed: { known: K; found: F }[]
  /** Another thing has the name of a known one. */
  taken: { known: K; found: F }[]
  appeared: F[]
  /** Provisional. */
  missing: K[]
}

/** One folder's listing against what was in it. Linear. */
export function matchFolder<F extends Found, K extends Known>(
  known: Iterable<K>,
  found: Iterable<F>,
): FolderMatch<F, K> {
  const match: FolderMatch<F, K> = { same: [], changed: [], taken: [], appeared: [], missing: [] }
  const byName = new Map<string, K>()
  for (const item of known) {
    // Two items at one name: the scan before was cut off. The second is found by its inode, or gone.
    if (byName.has(item.state.place.name)) match.missing.push(item)
    else byName.set(item.state.place.name, item)
  }
  for (const entry of found) {
    const item = byName.get(entry.name)
    if (item === undefined) {
      match.appeared.push(entry)
      continue
    }
    byName.delete(entry.name)
    match[compare(item.state, entry)].push({ known: item, found: entry })
  }
  match.missing.push(...byName.values())
  return match
}

function compare({ kind, stamp, content }: LocalState, found: Found): 'same' | 'changed' | 'taken' {
  // What cannot be read has no kind of its own in the trees.
  if (found.stamp.ino !== stamp.ino || (found.kind !== kind && found.kind !== 'special')) return 'taken'
  // Something was in the way of this folder (a mount), or the link could not be read: it may be otherwise by now.
  const isKnown = kind === 'file' || content !== null
  const isSame = isKnown && found.stamp.mtimeNs === stamp.mtimeNs && found.stamp.ctimeNs === stamp.ctimeNs
  return isSame && found.stamp.size === stamp.size && found.kind === kind ? 'same' : 'changed'
}

/**
 * Whether a folder with a known inode is that folder: something that was in it still is. An inode alone may be a reused one (MV-20); of
 * a folder that was empty nothing is lost by a mistake.
 */
export function isSameFolder(knownChildren: Iterable<Known>, found: readonly Found[]): boolean {
  const inodes = new Set(found.map(({ stamp }) => stamp.ino))
  let wasEmpty = true
  for (const { state } of knownChildren) {
    if (inodes.has(state.stamp.ino)) return true
    wasEmpty = false
  }
  return wasEmpty
}

/**
 * A place where something is that is not yet known to be an item; never a folder: those are told by what is in them, on the way down.
 * `holder`: the item that had the name. `owners`: items that had the inode, whose bytes may be these (`mayBe`). `home`: an item that both
 * sides had at this place, and that was elsewhere since.
 */
export type Spot<F extends Found> = {
  found: F
  holder: ItemId | null
  /** The holder could be edited by what is here: it is of the same kind. */
  isSameKind: boolean
  owners: readonly { id: ItemId; isAcknowledged: boolean }[]
  home: ItemId | null
}

export type SpotVerdict = { is: 'moved'; item: ItemId } | { is: 'edited'; item: ItemId } | { is: 'new' }

/**
 * Tells for each spot what is there, once all that is lost is known.
 *
 * - A file put at the name of another that stays where it is not known from is an edit of it: the atomic save (AS-01, AS-02), also when the
 *   old one was moved aside. So it is when the mover was never on the server: a temporary file of that save.
 * - Otherwise a lost item whose inode and bytes are here was moved here, and what had the name is lost (MD-04, RN-09); swaps and rotations are
 *   that in a circle (RN-03).
 * - A new file where a lost item was at home is that item, saved by way of a backup (AS-02).
 * @param isLost not where it was; folders above it count
 */
export function resolveSpots<F extends Found>(
  spots: readonly Spot<F>[],
  isLost: (item: ItemId) => boolean,
): SpotVerdict[] {
  const staying = findStaying(spots, isLost)
  const claimed = new Set<ItemId>()
  const claim = (item: ItemId): boolean => {
    if (claimed.has(item) || staying.has(item) || !isLost(item)) return false
    claimed.add(item)
    return true
  }
  const verdicts = spots.map((spot): SpotVerdict => {
    if (spot.holder !== null && staying.has(spot.holder)) return { is: 'edited', item: spot.holder }
    const mover = spot.owners.find(({ id }) => claim(id))
    return mover ? { is: 'moved', item: mover.id } : { is: 'new' }
  })
  return verdicts.map((verdict, i) => {
    if (verdict.is !== 'new') return verdict
    const { holder, isSameKind, home } = spots[i] as Spot<F>
    // All movers are told by now: what nobody moved is edited where it was, or where it was at home.
    if (holder !== null && isSameKind && claim(holder)) return { is: 'edited', item: holder }
    return home !== null && claim(home) ? { is: 'edited', item: home } : verdict
  })
}

/** Holders whose spot has no mover; one that stays moves nowhere, which may leave another spot without its mover: on to the end. */
function findStaying<F extends Found>(
  spots: readonly Spot<F>[],
  isLost: (item: ItemId) => boolean,
): ReadonlySet<ItemId> {
  const staying = new Set<ItemId>()
  const spotsOf = new Map<ItemId, Spot<F>[]>()
  for (const spot of spots) {
    for (const { id } of spot.owners) spotsOf.set(id, [...(spotsOf.get(id) ?? []), spot])
  }
  const hasMover = ({ owners }: Spot<F>): boolean =>
    owners.some(({ id, isAcknowledged }) => isAcknowledged && !staying.has(id) && isLost(id))
  const left = spots.filter(({ holder, isSameKind }) => holder !== null && isSameKind)
  for (let spot = left.pop(); spot !== undefined; spot = left.pop()) {
    const { holder, isSameKind } = spot
    if (holder === null || !isSameKind || staying.has(holder) || hasMover(spot)) continue
    staying.add(holder)
    left.push(...(spotsOf.get(holder) ?? []))
  }
  return staying
}
