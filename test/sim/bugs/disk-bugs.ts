import { isSameStamp, type Stamp } from '../../../core/reconcile/item.ts'
import { isSameFile } from '../../../client/sync/local-states.ts'
import { TRASH_FOLDER } from '../../../client/sync/own-folder.ts'
import { countOf } from '../../../client/sync/listing.ts'
import type { DiskEntry, LocalPath } from '../../../client/sync/ports.ts'
import type { Bug } from '../bug.ts'
import { mix } from '../dice.ts'
import type { InodeTree } from '../inode-tree.ts'
import type { VirtualDisk } from '../virtual-disk.ts'
import { butDisk } from '../../support/but.ts'
import { believingDisk, lyingDisk } from './wrap.ts'

/** What an engine once read, over all its lives. */
const lastMarkers = new WeakMap<InodeTree, { id: string }>()

function emptyTrash(tree: InodeTree, expected: Stamp): void {
  const trash = tree.folderAt(TRASH_FOLDER)
  for (const { name, inode } of trash.entries.values())
    if (tree.stamp(inode).ino === expected.ino && !isSameFile(tree.stamp(inode), expected)) tree.unlink(trash, name)
}

/** What goes wrong where the disk is looked at and changed. */
export const DISK_BUGS: readonly Bug[] = [
  {
    name: 'no look before overwriting',
    isSoonFound: true,
    story: 'a download replaces whatever is there, and says that it was what was expected',
    disk: (disk) =>
      butDisk(disk, {
        replace: async (temp, path, expected) => {
          const now = await disk.stat(path)
          return { ...(await disk.replace(temp, path, now?.stamp ?? expected)), displaced: expected }
        },
      }),
  },
  {
    name: 'no look before removing',
    isSoonFound: true,
    story: 'a delete from the server removes whatever has the name, for good',
    disk: (disk) =>
      butDisk(disk, {
        discard: async (path, expected) => {
          await disk.discard(path, null)
          if (expected) emptyTrash((disk as VirtualDisk).tree, expected)
        },
      }),
  },
  {
    name: 'trust in size and mtime',
    isSoonFound: true,
    story: 'a file whose size and mtime are the same is never read again',
    disk: (disk) => lyingDisk(disk, (_path, stamp) => ({ ...stamp, ctimeNs: stamp.mtimeNs })),
  },
  {
    name: 'synced tree ahead of fsync',
    isSoonFound: true,
    story: 'what was downloaded is called durable while it is in the page cache',
    isForgetful: true,
  },
  {
    name: 'delete on a listing that broke off',
    story: 'an error of a listing is swallowed; what did not come is taken for deleted',
    disk: (disk) => believingDisk(disk, (error) => (error as { cameSoFar?: DiskEntry[] }).cameSoFar ?? null),
  },
  {
    name: 'delete on a folder that cannot be read',
    story: 'a folder without permission is taken for an empty one',
    disk: (disk) => believingDisk(disk, (error) => ((error as { code?: string }).code === 'EACCES' ? [] : null)),
  },
  {
    name: 'inode taken for identity',
    isSoonFound: true,
    story: 'a new file with the inode of one that is gone is that file, moved and unchanged',
    disk: (disk) => {
      const first = new Map<string, { path: LocalPath; stamp: Stamp }>()
      return lyingDisk(disk, (path, stamp) => {
        const known = first.get(stamp.ino)
        if (!known || known.path === path) {
          first.set(stamp.ino, { path, stamp })
          return stamp
        }
        return known.stamp
      })
    },
  },
  {
    name: 'rename as delete and create',
    isSoonFound: true,
    story: 'what has another path is another thing',
    disk: (disk) => lyingDisk(disk, (path, stamp) => ({ ...stamp, ino: String(mix(path, stamp.ino)) })),
  },
  {
    name: 'marker not looked at',
    story: 'an empty mount point is taken for the root',
    disk: (disk) =>
      butDisk(disk, {
        marker: async () => {
          const { tree } = disk as VirtualDisk
          const found = await disk.marker()
          if ('id' in found) lastMarkers.set(tree, found)
          return lastMarkers.get(tree) ?? found
        },
      }),
  },
  {
    name: 'moves over what is there',
    story: 'a rename from the server removes what has the name',
    disk: (disk) =>
      butDisk(disk, {
        move: async (from, to, expected) => {
          try {
            return await disk.move(from, to, expected)
          } catch (error) {
            if ((error as { code?: string }).code !== 'EEXIST') throw error
            await disk.discard(to, null)
            return disk.move(from, to, expected)
          }
        },
      }),
  },
  {
    name: 'folder trusted by its time',
    story: 'a folder whose own time has not moved is not looked into: what was edited in place in it is not seen',
    disk: (disk) => {
      const last = new Map<LocalPath, { seen: Stamp; count: { entries: number; folders: number } }>()
      return butDisk(disk, {
        listChanged: async (folder) => {
          const { path, seen } = folder
          const before = last.get(path)
          if (before && seen && isSameStamp(before.seen, seen)) return before.count
          const listing = await disk.listChanged(folder)
          if (seen) last.set(path, { seen, count: Array.isArray(listing) ? countOf(listing) : listing })
          return listing
        },
      })
    },
  },
  {
    name: 'watcher trusted over scan',
    isSoonFound: true,
    story: 'what the watcher does not tell is never looked at',
    options: { times: { settleMs: 25, pullMs: 60_000, scanMs: 1e12 } },
  },
]
