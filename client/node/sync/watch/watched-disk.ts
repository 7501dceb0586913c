import type { LocalPath, Watcher } from '../../../sync/ports.ts'
import type { OpenDisk } from '../disk/open-disk.ts'
import { identityOf } from '../disk/root.ts'
import { FolderWatches } from './folder-watches.ts'
import { watchTree } from './watch-tree.ts'

export type WatchedDisk = { disk: OpenDisk; watcher: Watcher }

/**
 * A disk, and what hints at changes on it: by what the system offers. macOS and Windows watch a whole tree; on Linux each folder is watched that the disk is asked
 * to list or to make.
 */
export function watchedDisk(disk: OpenDisk, platform: NodeJS.Platform = process.platform): WatchedDisk {
  return platform === 'linux' ? watchingWhatIsListed(disk) : { disk, watcher: watchTree(disk.rootPath) }
}

function watchingWhatIsListed(disk: OpenDisk): WatchedDisk {
  const folderAt = async (path: LocalPath): Promise<string | null> => {
    const entry = path === '' ? null : await disk.stat(path).catch(() => null)
    return entry?.kind === 'folder' ? entry.stamp.ino : null
  }
  const identityAt = async (path: LocalPath) => (path === '' ? identityOf(disk.rootPath) : folderAt(path))
  const watches = new FolderWatches(disk.rootPath, { identityAt })
  const cover = async (path: LocalPath, seen: { ino: string } | null): Promise<void> => {
    const identity = seen?.ino ?? (await identityAt(path))
    if (identity !== null) watches.cover(path, identity)
  }
  return {
    disk: {
      ...disk,
      get abilities() {
        return disk.abilities
      },
      list: async (path, seen = null) => {
        await cover(path, path === '' ? null : seen)
        return disk.list(path, seen)
      },
      listChanged: async (folder) => {
        await cover(folder.path, folder.path === '' ? null : folder.seen)
        return disk.listChanged(folder)
      },
      expect: (folders) => {
        for (const { path, seen } of folders ?? []) if (seen !== null) watches.cover(path, seen.ino)
        disk.expect(folders)
      },
      makeFolder: async (path) => {
        const made = await disk.makeFolder(path)
        watches.cover(path, made.stamp.ino)
        return made
      },
      move: async (from, to, expected) => {
        const moved = await disk.move(from, to, expected)
        if (moved.kind === 'folder') watches.moved(from, to)
        return moved
      },
    },
    watcher: watches,
  }
}
