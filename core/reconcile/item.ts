import type { MutationId, NodeId, Sha256 } from '../ids.ts'
import { nameKey } from '../names.ts'

/**
 * One thing that a device keeps in step: a file, folder or symlink, with what the server says of it (remote), what the disk shows of it (local),
 * and what both last agreed on (synced). Only observations are stored, never intentions: what is to be done follows from the three,
 * and is thought out anew after every crash.
 *
 *     remote ──┐                       ┌── nothing: all three are one
 *     local  ──┼──► plan(three trees) ─┤
 *     synced ──┘                       └── steps, each of which makes two of them more alike
 */
declare const brand: unique symbol
/** Given by the device to what the server does not know yet: `local:<n>`. */
export type LocalId = string & { readonly [brand]: 'local' }
export type ItemId = NodeId | LocalId

export const isLocalId = (id: ItemId): id is LocalId => id.startsWith('local:')

/** Names are as that side has them: a disk may spell one otherwise than the server (NM-04, NM-05). */
export type Placement = { parent: ItemId; name: string }

export type ItemContent =
  | { kind: 'folder' }
  | { kind: 'file'; sha256: Sha256; size: number; executable: boolean }
  | { kind: 'symlink'; target: string }

export type ItemKind = ItemContent['kind']

/**
 * As the journal said; only of what lives: with a folder goes all that lies below it. A folder that is not selected has its state too;
 * of what lies below it nothing need be kept.
 */
export type RemoteState = {
  place: Placement
  content: ItemContent
  contentRevision: number
  placementRevision: number
  /** Nanoseconds since 1970, decimal; `null` when nobody said. Shown and set on the disk, never compared to decide. */
  mtimeNs: string | null
}

/**
 * How one state of a file is told from another without reading it. Equal stamps do not prove equal bytes (TM-01, TM-02): see
 * `LocalState.isSettled`.
 */
export type Stamp = { ino: string; size: number; mtimeNs: string; ctimeNs: string }

/**
 * As the last scan found it. Where the disk has no executable bit, `content` repeats the one of `synced`, else of `remote` (PM-01): a bit that cannot be
 * set was not taken away.
 */
export type LocalState = {
  place: Placement
  kind: ItemKind
  stamp: Stamp
  /** `null`: not read since it changed. Nothing is decided about a file before its bytes are known. */
  content: ItemContent | null
  /** It was older than the grain of the clock when it was read: the stamp stands for the bytes. */
  isSettled: boolean
}

/** What both sides had, durably, at one moment: the server acknowledged this revision and the disk held these bytes (I9). */
export type SyncedState = {
  /**
   * Where both had it. After a change was sent: the place that was *asked for*. When the server answers with another (the name of a conflicted copy, P2),
   * that is one more change on its side, which the device follows.
   */
  place: Placement
  /** As the disk spells it: at most another normalisation of `place.name`. */
  localName: string
  content: ItemContent
  contentRevision: number
  placementRevision: number
  stamp: Stamp
}

/** Why an item cannot be as it should (P7). It is shown, and never deleted, renamed or uploaded because of it. */
export type BlockReason =
  | 'name-not-possible' // this system cannot hold the name
  | 'name-clash' // this system takes it for the name of a sibling
  | 'path-too-long'
  | 'no-symlinks' // this system has no symbolic links
  | 'left-out' // the folder that it belongs in is ignored on this device
  | 'not-empty' // gone on the server, but what is in it stays here: it is ignored or blocked
  | 'special-file' // neither file, folder nor symlink
  | 'not-utf8'
  | 'no-permission' // the disk refuses
  | 'busy' // it changes faster than it can be read, or another program holds it
  | 'read-only' // the person may read here, not write
  | 'no-space' // on this disk
  | 'over-quota' // on the server
  | 'content-damaged' // the bytes on the server do not match their hash
  | 'damaged-here' // other bytes than were written here, though nobody has written (DK-12)
  | 'unreadable'
  | 'refused' // the server refused it for another reason: see its code

export type Item = {
  id: ItemId
  remote: RemoteState | null
  local: LocalState | null
  synced: SyncedState | null
  blocked: { reason: BlockReason; detail: string } | null
  /** The mutation that was last sent for it and not yet answered: sent again under the same id (P10). */
  pending: { mutation: MutationId; fingerprint: string } | null
}

/** The trees of one root, as a plan reads them. Synchronous: a plan is a function of one moment. */
export type Trees = {
  /** The folder on the server that is the root on the disk. */
  readonly root: NodeId
  item(id: ItemId): Item | null
  /** Ids of items whose three states are not one, the nearest to the root first. */
  unsettled(): Iterable<ItemId>
  /** Children by the side's own parent pointers. */
  children(side: 'remote' | 'local' | 'synced', parent: ItemId): Iterable<ItemId>
  /** By the name as that side has it, compared as bytes. */
  childNamed(side: 'remote' | 'local', parent: ItemId, name: string): ItemId | null
  /** Children whose `alike(name)` is this: at most a few. */
  childrenAlike(side: 'remote' | 'local', parent: ItemId, key: string): Iterable<ItemId>
  /**
   * How many items both sides had (`synced`), and how many of those are on the server and not here any more (`local`), or here and not on the
   * server (`remote`), or older here than what both had (`back`): what a brake is measured by.
   */
  gone(): { local: number; remote: number; back: number; synced: number }
}

/** Its three states are not one, or something is still to be said of it: the index behind `Trees.unsettled`. */
export function isUnsettled({ remote, local, synced, blocked, pending }: Item): boolean {
  if (blocked !== null || pending !== null) return true
  if (!remote && !local && !synced) return false
  if (!remote || !local || !synced || !local.content) return true
  return (
    remote.contentRevision !== synced.contentRevision ||
    remote.placementRevision !== synced.placementRevision ||
    !isSamePlacement(remote.place, synced.place) ||
    local.place.parent !== synced.place.parent ||
    local.place.name !== synced.localName ||
    nameKey(synced.localName) !== nameKey(synced.place.name) ||
    !isSameContent(remote.content, synced.content) ||
    !isSameContent(local.content, synced.content)
  )
}

export const isSameContent = (a: ItemContent, b: ItemContent): boolean => {
  switch (a.kind) {
    case 'folder':
      return b.kind === 'folder'
    case 'file':
      return b.kind === 'file' && a.sha256 === b.sha256 && a.size === b.size && a.executable === b.executable
    case 'symlink':
      return b.kind === 'symlink' && a.target === b.target
  }
}

export const isSamePlacement = (a: Placement, b: Placement): boolean => a.parent === b.parent && a.name === b.name

export const isSameStamp = (a: Stamp, b: Stamp): boolean =>
  a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
