import { link, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDisk, type OpenDisk } from '../../client/node/sync/disk/open-disk.ts'
import { OUTSIDE_NAME, OUTSIDE_TEXT, type DiskWorld } from '../contract/sync-disk-world.ts'
import { temporaryFolder } from './temporary-folder.ts'

export type NodeDiskWorld = DiskWorld & { disk: OpenDisk; root: string }

/** The real disk in a temporary folder. */
export async function nodeDiskWorld(): Promise<NodeDiskWorld> {
  const base = await temporaryFolder()
  const [root, outside] = [join(base, 'root'), join(base, 'outside')]
  await mkdir(root)
  await mkdir(outside)
  await writeFile(join(outside, OUTSIDE_NAME), OUTSIDE_TEXT)
  const disk = openDisk(root)
  await disk.writeMarker('root-1')
  const at = (path: string) => join(root, path)
  return {
    disk,
    root,
    user: {
      write: (path, text) => writeFile(at(path), text),
      read: (path) => readFile(at(path), 'utf8'),
      rename: (from, to) => rename(at(from), at(to)),
      remove: (path) => rm(at(path), { recursive: true }),
      makeFolder: async (path) => void (await mkdir(at(path))),
      symlink: (path, target) => symlink(target, at(path)),
      link: (from, to) => link(at(from), at(to)),
      setMtime: (path, mtimeNs) => utimes(at(path), new Date(), Number(mtimeNs) / 1e9),
      outside: { folder: outside, read: () => readFile(join(outside, OUTSIDE_NAME), 'utf8') },
    },
    close: async () => {
      disk.close()
      await rm(base, { recursive: true, force: true })
    },
  }
}
