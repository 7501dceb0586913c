import {
  isLocalId,
  type Item,
  type ItemId,
  type LocalState,
  type Placement,
  type Stamp,
} from '../../../core/reconcile/item.ts'
import type { Known, Spot } from '../../../core/reconcile/match.ts'
import type { IgnoreRules } from '../ignore.ts'
import { joined, localPath } from '../local-path.ts'
import type { DiskEntry, LocalPath, StoreWriter } from '../ports.ts'
import { WriteBuffer } from '../write-buffer.ts'
import { Agenda } from './agenda.ts'
import { isScanBlock } from './scan-faults.ts'
import type { Restless } from './restless.ts'
import type { Observation } from './observe.ts'
import type { ScanLimits, ScanPorts } from './scan-types.ts'

/** Ids are taken from the store in handfuls. */
const IDS = 128

export type KnownItem = Known & { blocked: Item['blocked']; digest: string | null }

/**
 * A folder that is to be listed. `isKnown`: there may be items in it. `isDeep`: and all folders below it. `seen`: how the listing of the folder above has just
 * shown it there; `null`: it has not, and something else may have its name by now. `digest`: as `FolderSeen` has it, as long as the same is left out.
 */
export type FolderToList = {
  id: ItemId
  path: LocalPath
  isKnown: boolean
  isDeep: boolean
  seen: Stamp | null
  digest: string | null
  blocked: Item['blocked']
}

/** Where an entry was met. */
export type Met = { entry: DiskEntry; parent: ItemId; path: LocalPath }
export type MetSpot = Spot<DiskEntry> & Omit<Met, 'entry'>

/**
 * `isTaken`: something else has its name. `folder`: where it was listed as missing. `special`: what has its name cannot be synchronised; when it is found
 * nowhere else, that is no delete (P7).
 */
export type Lost = { isTaken: boolean; path: LocalPath; folder: LocalPath; special?: Met }

/**
 * What one scan holds in memory: what it has still to list, and what cannot be told before it ends. Everything else goes to the store as it comes; so
 * memory grows with what was moved and removed, not with the tree.
 */
export class ScanRun {
  readonly disk: ScanPorts['disk']
  readonly store: ScanPorts['store']
  readonly rules: IgnoreRules
  readonly restless: Restless
  readonly limits: ScanLimits
  readonly toList: Agenda
  readonly listed = new Set<ItemId>()
  /** Folders found elsewhere, by what is in them, and things noted under a name for the time of the scan: how they are to be in the end. */
  readonly moves = new Map<ItemId, LocalState>()
  readonly lost = new Map<ItemId, Lost>()
  readonly spots: MetSpot[] = []
  /** Folders that may be the one that had the name, unless that one is found elsewhere. */
  readonly undecided: { holder: KnownItem; met: Met }[] = []
  /** Folders that were met where they were and where they went: this scan tells neither. */
  readonly moving = new Set<ItemId>()
  /** Folders that may be where one was met that cannot be listed now: that is tried again, and until then they are not gone. */
  readonly unreached = new Set<ItemId>()
  /** Folders of which it was decided that they are still at their name, with another inode. */
  readonly madeAnew = new Set<ItemId>()
  /** Ignored here and on the server, where they are. */
  readonly leftOut = new Map<ItemId, Placement>()
  /** Folders that were not where they were asked for, so the one above was listed. */
  readonly leftUpwards = new Set<ItemId>()
  readonly again = new Set<LocalPath>()
  readonly unlisted: { path: LocalPath; code: string }[] = []
  readonly sums = { seen: 0, changed: 0, moved: 0, gone: 0 }
  readonly #buffer: WriteBuffer
  #ids: ItemId[] = []
  /** Ids of ours are given in the order of their numbers. */
  #firstNew: number | null = null
  constructor(
    { disk, store }: ScanPorts,
    options: { rules: IgnoreRules; restless: Restless; limits: ScanLimits; readsAhead: boolean },
  ) {
    this.disk = disk
    this.store = store
    this.rules = options.rules
    this.restless = options.restless
    this.limits = options.limits
    this.toList = new Agenda(disk, options)
    this.#buffer = new WriteBuffer(store)
  }

  newId(): ItemId {
    if (this.#ids.length === 0)
      this.#ids = this.store.write((to) => Array.from({ length: IDS }, () => to.newLocalId())).reverse()
    const id = this.#ids.pop() as ItemId
    this.#firstNew ??= numberOf(id)
    return id
  }

  /** In one of the next transactions, in order. */
  note(change: (to: StoreWriter) => void): void {
    this.sums.changed++
    this.#buffer.add(change)
  }

  /** Nothing new, but how the next scan gets to know that soon. */
  remember(change: (to: StoreWriter) => void): void {
    this.#buffer.add(change)
  }

  noteLocal(id: ItemId, place: Placement, { state, blocked }: Observation, before: Item['blocked']): void {
    this.note((to) => {
      if (this.isStill(id)) putLocal(to, id, { place, ...state }, { blocked, before })
      else this.lookAgainIn(place.parent)
    })
  }

  /** While one looks, the server may answer to what was sent: then what was known by an id of ours has that of its node (P2). */
  isStill(id: ItemId): boolean {
    if (this.#isNew(id)) return true
    const item = this.store.item(id)
    return item !== null && (item.local !== null || isMissed(item))
  }

  #isNew(id: ItemId): boolean {
    return isLocalId(id) && this.#firstNew !== null && numberOf(id) >= this.#firstNew
  }

  lookAgainIn(folder: ItemId): void {
    this.again.add(localPath(this.store, folder) ?? '')
  }

  /** Before the trees are read where they may have changed. */
  flush(): void {
    this.#buffer.flush()
  }

  /** It is there, and not something else with its name. The root's marker was looked at. */
  async isFolderAt(id: ItemId, path: LocalPath): Promise<boolean> {
    if (id === this.store.root) return true
    const known = this.moves.get(id) ?? this.store.item(id)?.local
    const found = await this.disk.stat(path)
    return found?.kind === 'folder' && found.stamp.ino === known?.stamp.ino
  }

  /** Where it is, as far as this scan knows by now; `null`: nowhere. */
  pathNow(id: ItemId): LocalPath | null {
    const moved = this.moves.get(id)
    if (moved === undefined && this.moves.size === 0) return localPath(this.store, id)
    if (id === this.store.root) return ''
    const place = moved?.place ?? this.store.item(id)?.local?.place
    if (place === undefined) return null
    const above = this.pathNow(place.parent)
    return above === null ? null : joined(above, place.name)
  }

  /** It, or a folder above it, is not where it was, and was not found elsewhere. */
  isLost = (id: ItemId): boolean => {
    for (let at = id; at !== this.store.root;) {
      const moved = this.moves.get(at)
      if (moved === undefined && this.lost.has(at)) return true
      const item = this.store.item(at)
      const place = moved?.place ?? item?.local?.place
      if (place === undefined) return at === id && item !== null && isMissed(item)
      at = place.parent
    }
    return false
  }
}

/** Taken for gone by an earlier look; the server has not heard of it. */
export const isMissed = ({ local, remote, synced }: Item): boolean =>
  local === null && remote !== null && synced !== null

const numberOf = (id: ItemId): number => Number(id.slice(id.indexOf(':') + 1))

/** A block of an earlier scan goes when this one finds nothing in the way; those of others stay. */
export function putLocal(
  to: StoreWriter,
  id: ItemId,
  local: LocalState,
  { blocked, before }: { blocked: Item['blocked']; before: Item['blocked'] },
): void {
  to.setLocal(id, local)
  if (blocked !== null) to.setBlocked(id, blocked)
  else if (isScanBlock(before) && local.content !== null) to.setBlocked(id, null)
}
