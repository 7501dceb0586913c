import type { Stamp } from '../../../core/reconcile/item.ts'
import { isSameStamp } from '../../../core/reconcile/item.ts'
import type { Disk, DiskEntry, LocalPath, Remote, StoreWriter, SyncStore } from '../../../client/sync/ports.ts'
import { but, butDisk } from '../../support/but.ts'

export const butRemote = (remote: Remote, other: Partial<Remote>): Remote => but(remote, other)

/** @param other the writer with some of its ways broken */
export const butWriter = (store: SyncStore, other: (to: StoreWriter) => Partial<StoreWriter>): SyncStore =>
  but(store, { write: (change) => store.write((to) => change(but(to, other(to)))) })

/**
 * A disk whose stamps are told wrongly, always in the same way; what the engine says that it expects is understood as it was told.
 * @param shown what is told of the stamp of something
 */
export function lyingDisk(disk: Disk, shown: (path: LocalPath, stamp: Stamp) => Stamp): Disk {
  const join = (folder: LocalPath, name: string): LocalPath => (folder === '' ? name : `${folder}/${name}`)
  const show = (path: LocalPath, entry: DiskEntry): DiskEntry => ({ ...entry, stamp: shown(path, entry.stamp) })
  const meant = async (path: LocalPath, expected: Stamp): Promise<Stamp> => {
    const real = await disk.stat(path)
    return real && isSameStamp(shown(path, real.stamp), expected) ? real.stamp : expected
  }
  return butDisk(disk, {
    list: async (folder) => (await disk.list(folder)).map((entry) => show(join(folder, entry.name), entry)),
    stat: async (path) => {
      const entry = await disk.stat(path)
      return entry && show(path, entry)
    },
    placeNew: async (temp, path) => show(path, await disk.placeNew(temp, path)),
    replace: async (temp, path, expected) => {
      const { placed, displaced, kept } = await disk.replace(temp, path, await meant(path, expected))
      return { placed: show(path, placed), displaced: shown(path, displaced), kept }
    },
    makeFolder: async (path) => show(path, await disk.makeFolder(path)),
    makeSymlink: async (path, target) => show(path, await disk.makeSymlink(path, target)),
    move: async (from, to, expected) => show(to, await disk.move(from, to, expected && (await meant(from, expected)))),
    discard: async (path, expected) => disk.discard(path, expected && (await meant(path, expected))),
    setExecutable: async (path, executable) => show(path, await disk.setExecutable(path, executable)),
  })
}

/**
 * A disk that has no errors of listings: what did not come is not there, whoever asks, and who asks at once again gets the same answer, as from a cache.
 * @param believed what is taken for the whole in spite of an error
 */
export function believingDisk(disk: Disk, believed: (error: unknown) => DiskEntry[] | null): Disk {
  const cached = new Map<LocalPath, { entries: DiskEntry[]; isAskedAgain: boolean }>()
  return butDisk(disk, {
    list: async (folder) => {
      const before = cached.get(folder)
      if (before && !before.isAskedAgain) {
        before.isAskedAgain = true
        return before.entries
      }
      try {
        const entries = await disk.list(folder)
        cached.delete(folder)
        return entries
      } catch (error) {
        const entries = believed(error)
        if (entries === null) throw error
        cached.set(folder, { entries, isAskedAgain: false })
        return entries
      }
    },
    stat: async (path) => {
      const slash = path.lastIndexOf('/')
      const known = cached.get(path.slice(0, Math.max(0, slash)))
      return known && !known.entries.some(({ name }) => name === path.slice(slash + 1)) ? null : disk.stat(path)
    },
  })
}
