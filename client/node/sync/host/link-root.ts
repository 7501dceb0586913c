import { AppError } from '../../../../core/errors.ts'
import { systemCode } from '../../../sync/trouble.ts'
import { openDisk, type OpenDisk } from '../disk/open-disk.ts'
import { lockRoot } from '../disk/root-lock.ts'
import { readMarker } from '../disk/root-marker.ts'
import { openRoot } from '../disk/root.ts'
import type { Link } from '../links/link.ts'

/** The folder of a link, ours alone. */
export type LinkRoot = { disk: OpenDisk; close(): void }

/**
 * Why the folder cannot be worked on now. `root-missing`: it, or its marker, is not there: a drive that is not mounted (RT-01). `root-other`: another folder is in
 * its place (RT-07). `root-busy`: another process works on it, see `detail` (RT-09). All pass by themselves, or a person helps.
 */
export type RootFault = { is: 'root-missing' | 'root-other' | 'root-busy' | 'root-unreadable'; detail: string }

export function openLinkRoot(link: Pick<Link, 'id' | 'root'>): Promise<LinkRoot | RootFault> {
  return openFolder(link).catch((error: unknown) => {
    const code = systemCode(error)
    if (code === null) throw error
    if (code === 'ENOENT' || code === 'ENOTDIR') return { is: 'root-missing' as const, detail: link.root }
    return { is: 'root-unreadable' as const, detail: code }
  })
}

/**
 * A marker is made when a folder is linked, and never again: an empty mount point must not look like a new folder. It is read first: opening a disk
 * writes to one that is marked, and this may be somebody else's (I13).
 */
async function openFolder({ id, root }: Pick<Link, 'id' | 'root'>): Promise<LinkRoot | RootFault> {
  const marker = readMarker(openRoot(root))
  if ('missing' in marker) return { is: 'root-missing', detail: root }
  if (marker.id !== id) return { is: 'root-other', detail: root }
  const disk = openDisk(root)
  try {
    const lock = lockRoot(root)
    const close = (): void => {
      disk.close()
      lock.release()
    }
    return { disk, close }
  } catch (error) {
    disk.close()
    if (error instanceof AppError && error.code === 'busy') return { is: 'root-busy', detail: error.message }
    throw error
  }
}
