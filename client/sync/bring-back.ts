import { AppError } from '../../core/errors.ts'
import { numberedName } from '../../core/names.ts'
import type { Abilities } from '../../core/reconcile/abilities.ts'
import type { ItemContent, Stamp } from '../../core/reconcile/item.ts'
import type { Course } from './course.ts'
import { folderOf, joined } from './local-path.ts'
import { isSameFile } from './local-states.ts'
import { TRASH_FOLDER } from './own-folder.ts'
import type { LocalPath, SyncStore } from './ports.ts'
import { hashFile, isSettled } from './scan/observe.ts'
import { isOfPort, systemCode } from './trouble.ts'

/** What somebody wrote into a file while it was being displaced is theirs: it is in the safety trash, and gets a name again (EE-05). */

type Displaced = { stamp: Stamp; content: ItemContent | null }

/** @param kept in the safety trash @param displaced as it was when it was last looked at */
export async function isOther(
  course: Course,
  kept: { path: LocalPath; stamp: Stamp },
  displaced: Displaced,
): Promise<boolean> {
  return !isSameFile(kept.stamp, displaced.stamp) || (await isOtherByBytes(course, kept.path, displaced))
}

/** Two contents may have had this stamp, when one was written in the tick of the clock in which it was given: there the bytes have to tell (TM-01, TM-02). */
async function isOtherByBytes({ disk }: Course, kept: LocalPath, { stamp, content }: Displaced): Promise<boolean> {
  if (content?.kind !== 'file') return false
  const isYoung = !isSettled(disk, stamp, await disk.timeNs())
  if (!isYoung && !mayHideWrite(stamp, disk.abilities)) return false
  try {
    return (await hashFile(disk, kept)).sha256 !== content.sha256
  } catch (error) {
    if (!isOfPort(error)) throw error
    // It is being written to; or nobody may read it, which says nothing of a write.
    return isYoung
  }
}

/** To read more once more would be felt, and to write as much in one tick, and put its time back, is hard. */
const REREAD_MAX_BYTES = 1024 * 1024

/** What we have placed was not read since, and its time is older than the moment in which it came: whoever wrote into it in that tick left no trace. */
const mayHideWrite = ({ size, mtimeNs, ctimeNs }: Stamp, { grainNs }: Abilities): boolean =>
  size <= REREAD_MAX_BYTES && BigInt(ctimeNs) - BigInt(mtimeNs) > grainNs

/** A process that ended between the two could not look at what it had displaced: that is made up for. */
export async function bringBackMissed(course: Course, path: LocalPath, displaced: Displaced): Promise<void> {
  const { disk } = course
  const kept = (await disk.list(TRASH_FOLDER)).find(({ stamp }) => stamp.ino === displaced.stamp.ino)
  if (kept === undefined) return
  const at = joined(TRASH_FOLDER, kept.name)
  if (await isOther(course, { path: at, stamp: kept.stamp }, displaced)) await bringBack(course, at, path)
}

const NAMES_TRIED = 1_000

type Rescue = { kept: LocalPath; path: LocalPath }

/**
 * Under the next free name beside it, or further up when that folder has gone meanwhile or takes nothing: the next scan finds it as something new. What a failing
 * disk does not let happen is tried again with every round.
 */
export async function bringBack(course: Course, kept: LocalPath, path: LocalPath): Promise<void> {
  if (!(await hasBroughtBack(course, { kept, path })))
    writeRescues(course.store, [...readRescues(course.store), { kept, path }])
}

export async function bringBackLeft(course: Course): Promise<void> {
  const waiting = readRescues(course.store)
  if (waiting.length === 0) return
  const left: Rescue[] = []
  for (const rescue of waiting) if (!(await hasBroughtBack(course, rescue))) left.push(rescue)
  if (left.length < waiting.length) writeRescues(course.store, left)
}

const readRescues = (store: SyncStore): Rescue[] => JSON.parse(store.meta('rescues') ?? '[]') as Rescue[]

const writeRescues = (store: SyncStore, rescues: readonly Rescue[]): void =>
  store.write((to) => to.setMeta('rescues', rescues.length === 0 ? null : JSON.stringify(rescues)))

/** @returns `false`: the disk is in trouble. What is not in the trash any more, somebody has taken out of it. */
async function hasBroughtBack(course: Course, { kept, path }: Rescue): Promise<boolean> {
  const name = nameOf(path)
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    try {
      await bringInto(course, kept, { folder, name })
      return true
    } catch (error) {
      if (!isOfPort(error)) throw error
      if (folder === '') return (await isThere(course, kept)) === false
    }
  }
}

/** @returns `null`: nobody can say */
async function isThere({ disk }: Course, path: LocalPath): Promise<boolean | null> {
  try {
    return (await disk.stat(path)) !== null
  } catch (error) {
    if (!isOfPort(error)) throw error
    return null
  }
}

type Spot = { folder: LocalPath; name: string }

async function bringInto({ disk, again }: Course, kept: LocalPath, { folder, name }: Spot): Promise<void> {
  again.folder(folder)
  for (let number = 2; number < NAMES_TRIED; number++) {
    const free = joined(folder, numberedName(name, number))
    try {
      if ((await disk.stat(free)) !== null) continue
      await disk.move(kept, free, null)
      return
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }
  throw new AppError('name-taken', { detail: `${NAMES_TRIED} names beside it are taken` })
}

const nameOf = (path: LocalPath): string => path.slice(path.lastIndexOf('/') + 1)
