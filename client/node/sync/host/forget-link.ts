import { readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OWN_FOLDER } from '../../../sync/own-folder.ts'
import { lockRoot } from '../disk/root-lock.ts'
import { openRoot } from '../disk/root.ts'
import { readMarker } from '../disk/root-marker.ts'
import { linkFolder } from '../links/link-folder.ts'
import type { Link } from '../links/link.ts'
import { takeStoreLock } from '../store/store-lock.ts'

/**
 * Takes away what was kept of a link that is no more: its mark in the folder, its database. Files stay, and so does what the safety trash holds.
 * @param state see `stateFolder`
 * @returns where the safety trash is, if anything is in it
 * @throws AppError `busy`: somebody still works on it
 */
export async function forgetLink(link: Pick<Link, 'id' | 'root'>, state: string): Promise<string | null> {
  const folder = linkFolder(link.id, state)
  const unlock = takeStoreLock(folder.database)
  try {
    const trash = unmark(link)
    unlock()
    await rm(folder.path, { recursive: true, force: true })
    return trash
  } finally {
    unlock()
  }
}

/** A folder that is not there, or carries another mark, is left as it is. */
function unmark({ id, root }: Pick<Link, 'id' | 'root'>): string | null {
  if (markOf(root) !== id) return null
  lockRoot(root).release()
  const own = join(openRoot(root).path, OWN_FOLDER)
  const trash = join(own, 'trash')
  for (const name of namesIn(own)) if (name !== 'trash') rmSync(join(own, name), { recursive: true, force: true })
  if (namesIn(trash).length > 0) return trash
  rmSync(own, { recursive: true, force: true })
  return null
}

function markOf(root: string): string | null {
  try {
    const marker = readMarker(openRoot(root))
    return 'id' in marker ? marker.id : null
  } catch {
    return null
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
