import type { ItemId, Stamp } from '../../../core/reconcile/item.ts'
import { alike } from '../../../core/reconcile/alike.ts'
import { isSameFolder, matchFolder } from '../../../core/reconcile/match.ts'
import { parkedName } from '../../../core/reconcile/parked-name.ts'
import type { IgnoreKind, IgnoreRules } from '../ignore.ts'
import { isIgnoredThere } from '../left-alone.ts'
import { digestOf, digestOfKnown, remembered, toRemember } from '../listing.ts'
import { folderOf, joined } from '../local-path.ts'
import type { DiskEntry, LocalPath } from '../ports.ts'
import { findSpot } from './find-spot.ts'
import { observe, type Observation } from './observe.ts'
import { codeOf, isScanBlock, MOUNT, NOT_UTF8, scanFault } from './scan-faults.ts'
import type { FolderToList, KnownItem, Met, ScanRun } from './scan-run.ts'

/** Lists all that is to be listed, and all that turns up on the way. */
export async function listFolders(run: ScanRun, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const folder = run.toList.next()
    if (folder !== undefined) {
      signal?.throwIfAborted()
      await listFolder(run, folder)
      continue
    }
    const undecided = run.undecided.pop()
    if (undecided === undefined) return
    decideFolder(run, undecided.holder, undecided.met)
  }
}

/** All other folders were listed: what had the name was found elsewhere, or it was made anew at the same name (FD-08). */
function decideFolder(run: ScanRun, holder: KnownItem, met: Met): void {
  if (run.moves.has(holder.id)) return listNewFolder(run, met, { isNameTaken: true })
  const place = { parent: met.parent, name: met.entry.name }
  run.madeAnew.add(holder.id)
  run.noteLocal(holder.id, place, folderObservation(met.entry), holder.blocked)
  const { path, entry } = met
  run.toList.push({
    id: holder.id,
    path,
    isKnown: true,
    isDeep: true,
    seen: entry.stamp,
    digest: null,
    blocked: holder.blocked,
  })
}

const folderObservation = ({ stamp }: DiskEntry): Observation => ({
  state: { kind: 'folder', stamp, content: { kind: 'folder' }, isSettled: true },
  blocked: null,
})

async function listFolder(run: ScanRun, folder: FolderToList): Promise<void> {
  if (run.listed.has(folder.id)) return
  if (folder.seen === null && !(await run.isFolderAt(folder.id, folder.path))) return listAbove(run, folder)
  const listing = await listOrTell(run, folder, (known) => run.disk.listChanged(known))
  if (listing === null) return
  run.listed.add(folder.id)
  if (folder.blocked !== null && isScanBlock(folder.blocked)) run.note((to) => to.setBlocked(folder.id, null))
  if (Array.isArray(listing)) return compareAll(run, folder, listing)
  const below = listing.folders === 0 ? [] : [...run.store.localIn(folder.id, 'folder')]
  if (below.some(({ id }) => run.moves.has(id))) {
    // One of them was met elsewhere, a moment ago.
    const entries = await listOrTell(run, folder, ({ path, seen }) => run.disk.list(path, seen))
    return entries === null ? undefined : compareAll(run, folder, entries)
  }
  run.sums.seen += listing.entries
  for (const known of below)
    goOn(run, known, { path: joined(folder.path, known.state.place.name), seen: known.state.stamp })
}

async function compareAll(run: ScanRun, folder: FolderToList, entries: DiskEntry[]): Promise<void> {
  run.sums.seen += entries.length
  const isIgnored = askOnce(run.rules, folder.path)
  const { known, vacated, wanted, isAll } = knownIn(run, folder, isIgnored)
  const isShown = ({ name, kind }: DiskEntry): boolean => wanted.has(name) || !isIgnored(name, kind)
  const shown = entries.filter(isShown)
  const { same, changed, taken, appeared, missing } = matchFolder(known, shown)
  const meet = metIn(folder)
  if (isAll && same.length === known.length && same.length === shown.length)
    rememberAll(run, folder, { known, entries })
  for (const { known, found } of same) {
    if (found.fault !== undefined && found.kind === 'folder') noteFault(run, known, found)
    else if (found.kind === 'folder' && folder.isDeep)
      goOn(run, known, { path: joined(folder.path, found.name), seen: found.stamp })
  }
  await noteChanged(
    run,
    changed.map(({ known, found }) => ({ known, met: meet(found) })),
    folder.isDeep,
  )
  for (const { known, found } of taken) await meetTaken(run, known, meet(found))
  await meetAppeared(run, appeared.map(meet), vacated)
  const isTaken = missing.length === 0 ? () => false : takenNames(run, shown)
  for (const { id, state } of missing) {
    const { name } = state.place
    // Asking for it would find what has its name: another item, or what the disk takes for the same name.
    run.lost.set(id, { isTaken: isTaken(name), path: joined(folder.path, name), folder: folder.path })
  }
}

/** Something else has its name, or nothing: the folder above shows what. Each is gone up from once: there may be a thousand in a chain that is gone. */
async function listAbove(run: ScanRun, { id, path }: FolderToList): Promise<void> {
  if (run.leftUpwards.has(id)) return
  run.leftUpwards.add(id)
  const above = run.store.item(id)?.local?.place.parent
  if (above === undefined) return
  const { blocked = null } = run.store.item(above) ?? {}
  await listFolder(run, {
    id: above,
    path: folderOf(path),
    isKnown: true,
    isDeep: false,
    seen: null,
    digest: null,
    blocked,
  })
}

const metIn =
  ({ id, path }: FolderToList) =>
  (entry: DiskEntry): Met => ({ entry, parent: id, path: joined(path, entry.name) })

function takenNames({ disk }: ScanRun, entries: DiskEntry[]): (name: string) => boolean {
  const { isCaseSensitive, normalises } = disk.abilities
  const keyOf = isCaseSensitive && normalises === 'nothing' ? (name: string): string => name : alike
  const taken = new Set(entries.map(({ name }) => keyOf(name)))
  return (name) => taken.has(keyOf(name))
}

type IsIgnored = (name: string, kind: IgnoreKind) => boolean

/** Of what is in one folder: nearly every name is asked for twice, as known and as found, and rules are dear. */
function askOnce(rules: IgnoreRules, folder: LocalPath): IsIgnored {
  const answers = new Map<string, boolean>()
  return (name, kind) => {
    const key = `${kind}/${name}`
    let answer = answers.get(key)
    if (answer === undefined) answers.set(key, (answer = rules.isIgnored(joined(folder, name), kind)))
    return answer
  }
}

type KnownIn = { known: KnownItem[]; vacated: Set<string>; wanted: Set<string>; isAll: boolean }

/**
 * Without what is ignored, which is never missing (P8), and what was found elsewhere already: `vacated` are the names that such have in the trees until the
 * end of the scan. `wanted`: ignored by their names here, and not by those that the server gave them since. `isAll`: there are none of all these.
 */
function knownIn(run: ScanRun, { id, isKnown }: FolderToList, isIgnored: IsIgnored): KnownIn {
  const found: KnownIn = { known: [], vacated: new Set(), wanted: new Set(), isAll: true }
  for (const item of isKnown ? run.store.localIn(id) : []) {
    const { kind, place } = item.state
    const isMoved = run.moves.has(item.id)
    if (!isMoved && !isIgnored(place.name, kind)) {
      found.known.push(item)
      continue
    }
    found.isAll = false
    if (isMoved) found.vacated.add(place.name)
    else if (isWantedThere(run, item.id)) {
      found.known.push(item)
      found.wanted.add(place.name)
    } else run.leftOut.set(item.id, place)
  }
  return found
}

function isWantedThere(run: ScanRun, id: ItemId): boolean {
  const item = run.store.item(id)
  return item?.remote != null && !isIgnoredThere(run, item)
}

/** @returns `null`: it cannot be listed, which is noted */
async function listOrTell<Found>(
  run: ScanRun,
  folder: FolderToList,
  list: (folder: FolderToList) => Promise<Found>,
): Promise<Found | null> {
  const { id, path } = folder
  try {
    return await list(folder)
  } catch (error) {
    const fault = scanFault(error)
    if (path === '' || fault.is === 'fatal') throw error
    run.unlisted.push({ path, code: codeOf(error) })
    if (fault.is === 'blocked') run.note((to) => to.setBlocked(id, fault.blocked))
    else run.again.add(fault.is === 'busy' ? path : folderOf(path))
    return null
  }
}

function goOn(
  run: ScanRun,
  { id, blocked, digest }: KnownItem,
  { path, seen }: { path: LocalPath; seen: Stamp },
): void {
  run.toList.push({ id, path, isKnown: true, isDeep: true, seen, digest: remembered(run.rules, path, digest), blocked })
}

/**
 * All is as it was known. When the next scan finds the same, by the digest, nothing need be compared. Of single folders, which were asked for since something has
 * changed there, that is not remembered.
 */
function rememberAll(
  run: ScanRun,
  { id, path, isDeep }: FolderToList,
  all: { known: KnownItem[]; entries: DiskEntry[] },
) {
  const isPlain = all.entries.every(({ fault }) => fault === undefined)
  if (!isDeep || !isPlain || id === run.store.root) return
  const digestNow = (known: Iterable<KnownItem>): string => digestOfKnown(Array.from(known, ({ state }) => state))
  const [found, before] = [digestOf(all.entries), digestNow(all.known)]
  run.remember((to) => {
    // Contents may be read, and answers of the server come in between.
    if (digestNow(run.store.localIn(id)) === before) to.setDigest(id, toRemember(run.rules, path, found))
  })
}

/** What was in order keeps its state, below it too: it is only said that it cannot be followed (RT-03). */
function noteFault(run: ScanRun, known: KnownItem, entry: DiskEntry): void {
  const isTold = isScanBlock(known.blocked)
  if (!isTold) run.note((to) => to.setBlocked(known.id, entry.fault === 'mount' ? MOUNT : NOT_UTF8))
}

/** Where entries came or went in a folder, it is listed too, even when only single folders were asked for. */
async function noteChanged(run: ScanRun, changed: { known: KnownItem; met: Met }[], isDeep: boolean): Promise<void> {
  if (changed.length === 0) return
  const begun = await run.disk.timeNs()
  for (const { known, met } of changed) {
    if (met.entry.fault === 'mount') {
      noteFault(run, known, met.entry)
      continue
    }
    const observation = await look(run, met, { id: known.id, begun })
    run.noteLocal(known.id, known.state.place, observation, known.blocked)
    const { id, blocked } = known
    if (observation.state.content?.kind === 'folder')
      run.toList.push({ id, path: met.path, isKnown: true, isDeep, seen: met.entry.stamp, digest: null, blocked })
  }
}

/** Something else is at the name of a known item. */
async function meetTaken(run: ScanRun, known: KnownItem, met: Met): Promise<void> {
  const { entry, path } = met
  if (entry.fault === 'mount') return noteFault(run, known, entry)
  const folder = folderOf(path)
  if (entry.kind === 'special' || entry.fault === 'not-utf8')
    return void run.lost.set(known.id, { isTaken: true, path, folder, special: met })
  const isUndecided = entry.kind === 'folder' && known.state.kind === 'folder'
  if (entry.kind !== 'folder') {
    run.lost.set(known.id, { isTaken: true, path, folder })
    run.spots.push(await findSpot(run, met, known))
    return
  }
  const way = await findMovedFolder(run, met)
  if (way === 'moving') return
  if (way === 'moved') {
    if (!run.moves.has(known.id)) run.lost.set(known.id, { isTaken: true, path, folder })
  } else if (isUndecided) run.undecided.push({ holder: known, met })
  else {
    run.lost.set(known.id, { isTaken: true, path, folder })
    listNewFolder(run, met, { isNameTaken: true })
  }
}

async function meetAppeared(run: ScanRun, appeared: Met[], vacated: ReadonlySet<string>): Promise<void> {
  if (appeared.length === 0) return
  const begun = await run.disk.timeNs()
  for (const met of appeared) {
    const { entry, parent } = met
    const isNameTaken = vacated.has(entry.name)
    if (entry.kind === 'folder' && entry.fault === undefined) {
      if ((await findMovedFolder(run, met)) === 'new') listNewFolder(run, met, { isNameTaken })
      continue
    }
    const spot = await findSpot(run, met, null)
    if (isNameTaken || spot.owners.length > 0 || spot.home !== null) {
      run.spots.push(spot)
      continue
    }
    const observation = await look(run, met, { id: null, begun })
    run.noteLocal(run.newId(), { parent, name: entry.name }, observation, null)
  }
}

/**
 * A folder is in one place: one with a known inode and known things in it was moved here, whatever else is listed later.
 * @returns `moving`: it was listed where it was, and is not there any more, or cannot be listed here; a later scan sees it in one place
 */
async function findMovedFolder(run: ScanRun, met: Met): Promise<'moved' | 'moving' | 'new'> {
  const { entry, parent, path } = met
  for (const id of run.store.localByIno(entry.stamp.ino)) {
    const { local, blocked } = run.store.item(id) ?? { local: null, blocked: null }
    if (local?.kind !== 'folder' || run.moves.has(id) || run.madeAnew.has(id)) continue
    if (run.listed.has(id)) {
      if (await isThere(run, id, entry)) continue
      run.again.add(folderOf(path))
      run.moving.add(id)
      return 'moving'
    }
    const folder = { id, path, isKnown: true, isDeep: true, seen: entry.stamp, digest: null, blocked }
    const found = await listOrTell(run, folder, ({ path, seen }) => run.disk.list(path, seen))
    // It cannot be listed now: nobody can say whether it is this one, and gone it is not (P7).
    if (found === null) {
      run.unreached.add(id)
      return 'moving'
    }
    if (!isSameFolder(notMovedOut(run, id), found)) continue
    run.moves.set(id, { place: { parent, name: entry.name }, ...folderObservation(entry).state })
    run.lost.delete(id)
    run.toList.push(folder)
    return 'moved'
  }
  return 'new'
}

/** What a folder has lost by moves does not speak against it (MV-05). */
function* notMovedOut(run: ScanRun, folder: ItemId): Generator<KnownItem> {
  for (const known of run.store.localIn(folder)) {
    const isElsewhere = run.spots.some(({ owners }) => owners.some(({ id }) => id === known.id))
    if (!run.moves.has(known.id) && !isElsewhere) yield known
  }
}

async function isThere(run: ScanRun, id: ItemId, { stamp }: DiskEntry): Promise<boolean> {
  const path = run.pathNow(id)
  return path !== null && (await run.disk.stat(path))?.stamp.ino === stamp.ino
}

/**
 * While another item has the name in the trees, the new one is noted by a name of ours, with nothing known of it: no plan does anything with it until
 * the end of the scan gives it its own.
 */
function listNewFolder(run: ScanRun, { entry, parent, path }: Met, { isNameTaken }: { isNameTaken: boolean }): void {
  const id: ItemId = run.newId()
  const place = { parent, name: entry.name }
  const { state, blocked } = folderObservation(entry)
  if (isNameTaken) {
    run.moves.set(id, { place, ...state })
    run.noteLocal(id, { parent, name: parkedName(id) }, { state: { ...state, content: null }, blocked }, null)
  } else run.noteLocal(id, place, { state, blocked }, null)
  run.toList.push({ id, path, isKnown: false, isDeep: true, seen: entry.stamp, digest: null, blocked: null })
}

/** @param of.id what is known to be this, and to have changed */
export async function look(
  run: ScanRun,
  { entry, path }: Met,
  of: { id: ItemId | null; begun: bigint },
): Promise<Observation> {
  if (of.id !== null && entry.kind === 'file' && isRestless(run, of.id)) {
    const state = { kind: entry.kind, stamp: entry.stamp, content: null, isSettled: false }
    return { state, blocked: null }
  }
  const before = of.id === null || run.disk.abilities.executableBit ? null : run.store.item(of.id)
  const content = before?.synced?.content ?? before?.remote?.content
  const executableBefore = content?.kind === 'file' && content.executable
  const seen = await observe(
    run.disk,
    { entry, path },
    { inlineBytes: run.limits.inlineBytes, executableBefore, begun: of.begun },
  )
  if (of.id !== null && seen.state.content !== null) run.restless.read(of.id)
  return seen
}

function isRestless({ restless }: ScanRun, id: ItemId): boolean {
  restless.changed(id)
  return restless.waitMs(id) > 0
}
