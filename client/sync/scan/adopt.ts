import type { Item, ItemId, Placement } from '../../../core/reconcile/item.ts'
import { resolveSpots, type SpotVerdict } from '../../../core/reconcile/match.ts'
import { folderOf, joined } from '../local-path.ts'
import type { DiskEntry, LocalPath, StoreWriter } from '../ports.ts'
import { look } from './list-folders.ts'
import type { Observation } from './observe.ts'
import { isScanBlock, scanFault } from './scan-faults.ts'
import { putLocal, type Lost, type MetSpot, type ScanRun } from './scan-run.ts'

/** Removed in one transaction. */
const BATCH = 512

/**
 * The end of a scan that failed nowhere fatally: tells what is at each spot, and notes moves and what is gone. Whatever has to do with one another
 * in names (swaps, things in each other's place) is one transaction, so that the trees have one item a name at any time (I7).
 * @param mayBelieve whether what is lost, by its ids, may be taken for moved or gone yet
 */
export async function adoptLost(run: ScanRun, mayBelieve: (lost: Iterable<ItemId>) => boolean): Promise<void> {
  run.flush()
  await findOwnersLost(run)
  if (!mayBelieve(lostIds(run))) return waitWithAll(run)
  const verdicts = resolveSpots(run.spots, run.isLost)
  const arrivals: Arrival[] = []
  for (const [i, verdict] of verdicts.entries()) arrivals.push(await arrive(run, run.spots[i] as MetSpot, verdict))
  const arrived = new Set(arrivals.map(({ id }) => id))
  const gone = [...run.lost].filter(([id]) => !run.moves.has(id) && !arrived.has(id))
  const proven = await proveGone(
    run,
    gone.filter(([, { isTaken }]) => !isTaken),
  )
  arrivals.push(...(await specials(run, new Set(gone.map(([id]) => id)))))
  noteArrivals(
    run,
    arrivals,
    gone.flatMap(([id, { isTaken, special }]) => (isTaken && !special ? [id] : [])),
  )
  for (const id of proven) {
    if (run.isStill(id)) removeTree(run, id)
    else run.again.add(run.lost.get(id)!.folder)
  }
}

/**
 * The folder was listed to its end, but names that come and go meanwhile can be missed: asked for by its name it must not be there either. And the folder must
 * still be the one that it was in: else its name may have gone to another one before it was listed.
 */
async function proveGone(run: ScanRun, missing: readonly (readonly [ItemId, Lost])[]): Promise<ItemId[]> {
  const proven: ItemId[] = []
  const isSameFolder = new Map<ItemId, boolean>()
  for (const [id, { path, folder }] of missing) {
    const parent = run.store.item(id)?.local?.place.parent
    if (parent === undefined || run.unreached.has(id)) continue
    const isSame = isSameFolder.get(parent) ?? (await run.isFolderAt(parent, folder))
    isSameFolder.set(parent, isSame)
    if (isSame && !run.moving.has(id) && (await run.disk.stat(path)) === null) proven.push(id)
    else run.again.add(isSame ? folder : folderOf(folder))
  }
  return notRenamed(run, proven)
}

/**
 * A rename while a folder is listed may show neither name, and a clock that stands still does not tell of it: so each folder is listed once more, and must show
 * neither the name nor the inode under one that this scan has not met.
 */
async function notRenamed(run: ScanRun, missing: readonly ItemId[]): Promise<ItemId[]> {
  const listed = new Map<LocalPath, Shown | null>()
  const gone: ItemId[] = []
  for (const id of missing) {
    const { folder } = run.lost.get(id)!
    const local = run.store.item(id)?.local
    if (!local) continue
    if (!listed.has(folder)) listed.set(folder, await listAgain(run, { id: local.place.parent, path: folder }))
    const shown = listed.get(folder) ?? null
    if (shown === null || shown.names.has(local.place.name) || shown.unmet.has(local.stamp.ino)) run.again.add(folder)
    else gone.push(id)
  }
  return gone
}

/** `unmet`: inodes of what this scan has not met there, nor left out */
type Shown = { names: ReadonlySet<string>; unmet: ReadonlySet<string> }

/** @returns `null`: it cannot be listed now, so nothing in it counts as gone. @throws what is fatal for a scan */
async function listAgain(run: ScanRun, { id, path }: { id: ItemId; path: LocalPath }): Promise<Shown | null> {
  const met = new Set(run.spots.map((spot) => spot.path))
  const isMet = ({ name, kind }: DiskEntry): boolean =>
    run.store.childNamed('local', id, name) !== null ||
    met.has(joined(path, name)) ||
    run.rules.isIgnored(joined(path, name), kind)
  try {
    const entries = await run.disk.list(path)
    return {
      names: new Set(entries.map(({ name }) => name)),
      unmet: new Set(entries.filter((entry) => !isMet(entry)).map(({ stamp }) => stamp.ino)),
    }
  } catch (error) {
    if (scanFault(error).is === 'fatal') throw error
    return null
  }
}

function* lostIds(run: ScanRun): Generator<ItemId> {
  yield* run.moves.keys()
  yield* run.lost.keys()
}

/** In a scan of single folders: is what is known by an inode that turned up still where it was? */
async function findOwnersLost(run: ScanRun): Promise<void> {
  for (const { id } of run.spots.flatMap(({ owners }) => owners)) {
    const local = run.store.item(id)?.local
    if (!local || run.isLost(id) || run.moves.has(id) || run.listed.has(local.place.parent)) continue
    const path = run.pathNow(id)
    if (path === null) continue
    const there = await run.disk.stat(path)
    if (there?.stamp.ino !== local.stamp.ino)
      run.lost.set(id, { isTaken: there !== null, path, folder: folderOf(path) })
  }
}

/**
 * What cannot be synchronised and has the name of an item: that item, as far as anybody can tell, or something new where the item was found elsewhere. A folder
 * stays in the trees with all below it.
 */
async function specials(run: ScanRun, gone: ReadonlySet<ItemId>): Promise<Arrival[]> {
  const arrivals: Arrival[] = []
  for (const [holder, { special }] of run.lost) {
    if (!special) continue
    const { entry, parent } = special
    const item = run.store.item(holder)
    const isHolder = gone.has(holder)
    const observation = await look(run, special, { id: null, begun: 0n })
    if (isHolder && item?.local?.kind === 'folder') run.note((to) => to.setBlocked(holder, observation.blocked))
    else {
      const id = isHolder ? holder : run.newId()
      const before = isHolder ? (item?.blocked ?? null) : null
      arrivals.push({ id, place: { parent, name: entry.name }, observation, before })
    }
  }
  run.flush()
  return arrivals
}

/** Nothing of it is noted; the folders in question are scanned again. */
function waitWithAll(run: ScanRun): void {
  for (const { folder } of run.lost.values()) run.again.add(folder)
  for (const { path } of run.spots) run.again.add(folderOf(path))
  for (const id of run.moves.keys()) {
    const path = run.pathNow(id)
    if (path !== null) run.again.add(folderOf(path))
  }
}

type Arrival = { id: ItemId; place: Placement; observation: Observation; before: Item['blocked'] }

async function arrive(run: ScanRun, spot: MetSpot, verdict: SpotVerdict): Promise<Arrival> {
  const id = verdict.is === 'new' ? run.newId() : verdict.item
  const met = { entry: spot.found, parent: spot.parent, path: spot.path }
  // Read again even where size and time say that it was only moved: the move has changed the ctime, so nothing vouches for the bytes (TM-02).
  const observation = await look(run, met, { id, begun: await run.disk.timeNs() })
  const place = { parent: spot.parent, name: spot.found.name }
  return { id, place, observation, before: run.store.item(id)?.blocked ?? null }
}

/** What had the name has another id since an answer of the server came in between: the next scan sees what it is now. */
function isFree({ store }: ScanRun, { parent, name }: Placement, leaving: ReadonlySet<ItemId>): boolean {
  const holder = store.childNamed('local', parent, name)
  return holder === null || leaving.has(holder)
}

function noteArrivals(run: ScanRun, arrivals: Arrival[], displaced: ItemId[]): void {
  const isNothing = arrivals.length + displaced.length + run.moves.size === 0
  if (isNothing) return
  const leaving = new Set([...run.moves.keys(), ...arrivals.map(({ id }) => id), ...displaced])
  run.store.write((to) => {
    for (const [id, state] of run.moves) {
      const before = run.store.item(id)?.blocked ?? null
      if (run.isStill(id)) putLocal(to, id, state, { blocked: null, before })
      else run.lookAgainIn(state.place.parent)
    }
    for (const { id, place, observation, before } of arrivals) {
      const local = { place, ...observation.state }
      if (run.isStill(id) && isFree(run, place, leaving))
        putLocal(to, id, local, { blocked: observation.blocked, before })
      else run.lookAgainIn(place.parent)
    }
    // What was found elsewhere is not below them any more.
    for (const id of displaced) for (const below of treeUp(run, id)) removeOne(run, to, below)
  })
  run.sums.moved += run.moves.size
  run.sums.changed += run.moves.size + arrivals.length
}

/** From the leaves up, so that every folder that is still there is so in the trees, wherever it is cut off. */
function removeTree(run: ScanRun, top: ItemId): void {
  const ids = treeUp(run, top)
  for (let from = 0; from < ids.length; from += BATCH)
    run.store.write((to) => {
      for (const id of ids.slice(from, from + BATCH)) removeOne(run, to, id)
    })
}

function treeUp({ store }: ScanRun, top: ItemId): ItemId[] {
  const ids = [top]
  for (const id of ids) ids.push(...store.children('local', id))
  return ids.reverse()
}

function removeOne(run: ScanRun, to: StoreWriter, id: ItemId): void {
  const item = run.store.item(id)
  run.sums.gone++
  run.sums.changed++
  to.setLocal(id, null)
  const isOnlyHere = item !== null && !item.remote && !item.synced
  if (item?.blocked && (isOnlyHere || isScanBlock(item.blocked))) to.setBlocked(id, null)
}
