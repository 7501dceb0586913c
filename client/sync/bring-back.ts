import { numberedName } from '../../core/names.ts'
import type { ItemContent, Stamp } from '../../core/reconcile/item.ts'
import type { Course } from './course.ts'
import { folderOf, joined } from './local-path.ts'
import { isCoarse, isSameFile } from './local-states.ts'
import { TRASH_FOLDER } from './own-folder.ts'
import type { LocalPath } from './ports.ts'
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

/** A coarse clock gives what is written in the same tick the same stamp: there the bytes have to tell. */
async function isOtherByBytes({ disk }: Course, kept: LocalPath, { stamp, content }: Displaced): Promise<boolean> {
  if (content?.kind !== 'file' || !isCoarse(disk.abilities)) return false
  if (isSettled(disk, stamp, await disk.timeNs())) return false
  try {
    return (await hashFile(disk, kept)).sha256 !== content.sha256
  } catch (error) {
    if (!isOfPort(error)) throw error
    // It is being written to.
    return true
  }
}

/** A process that ended between the two could not look at what it had displaced: that is made up for. */
export async function bringBackMissed(course: Course, path: LocalPath, displaced: Displaced): Promise<void> {
  const { disk } = course
  const kept = (await disk.list(TRASH_FOLDER)).find(({ stamp }) => stamp.ino === displaced.stamp.ino)
  if (kept === undefined) return
  const at = joined(TRASH_FOLDER, kept.name)
  if (await isOther(course, { path: at, stamp: kept.stamp }, displaced)) await bringBack(course, at, path)
}

const NAMES_TRIED = 1_000

/**
 * Under the next free name beside it, or further up when that folder has gone meanwhile or takes nothing: the next scan finds it as something new.
 * @throws what the disk throws at the root
 */
export async function bringBack(course: Course, kept: LocalPath, path: LocalPath): Promise<void> {
  const name = nameOf(path)
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    try {
      return await bringInto(course, kept, { folder, name })
    } catch (error) {
      if (folder === '' || systemCode(error) === null) throw error
    }
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
}

const nameOf = (path: LocalPath): string => path.slice(path.lastIndexOf('/') + 1)
