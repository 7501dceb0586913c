import { closeSync, constants, fstatSync, openSync, readlinkSync, writeSync } from 'node:fs'
import { LINUX, type Abilities } from '../../../../core/reconcile/abilities.ts'
import { listingOf } from '../../../sync/listing.ts'
import type { Disk, Listing, LocalPath } from '../../../sync/ports.ts'
import { OWN_FOLDER } from '../../../sync/own-folder.ts'
import { discardEntry, makeFolder, makeSymlink, moveEntry, setExecutable } from './change-names.ts'
import { lookAt, toEntry, type Looks } from './disk-entry.ts'
import { createGroupCommit } from './group-commit.ts'
import { createListAhead, type ListAhead } from './list-ahead.ts'
import { listFolder } from './list-folder.ts'
import { placeNew, replaceFile, type Workshop } from './place-files.ts'
import { probeAbilities } from './probe-abilities.ts'
import { readFile } from './read-file.ts'
import { checkRoot, inside, insideOrNull, openRoot, type Root } from './root.ts'
import { makeOwnFolders, readMarker, writeMarkerFile } from './root-marker.ts'
import { createSafetyTrash } from './safety-trash.ts'
import { systemError } from './system-error.ts'
import { createTempFiles } from './temp-files.ts'

/** A disk, and what closes it. */
export type OpenDisk = Disk & { readonly rootPath: string; close(): void }

/**
 * The file system below `path`. Nothing is written before the root has a marker: until `writeMarker` the abilities are a guess, and an
 * empty mount point stays empty (RT-01).
 * @throws ENOENT, ENOTDIR, EACCES of the root; EINVAL of a broken marker
 */
export function openDisk(path: string, now: () => number = Date.now): OpenDisk {
  const root = openRoot(path)
  const clock = createFileClock(root)
  const looks: Looks = { birthTime: false, executableBit: LINUX.executableBit, dev: root.dev }
  let abilities: Abilities = LINUX
  const ahead = createListAhead(root, looks)
  const shop: Workshop = {
    root,
    looks,
    temps: createTempFiles(root),
    trash: createSafetyTrash(root, now),
    commit: createGroupCommit(),
  }
  const probe = (): void => {
    makeOwnFolders(root)
    const found = probeAbilities(root)
    abilities = found.abilities
    Object.assign(looks, found.looks)
  }
  if ('id' in readMarker(root)) probe()
  return {
    get abilities() {
      return abilities
    },
    rootPath: root.path,
    ...reading(root, looks, ahead),
    ...changing(shop),
    timeNs: async () => clock.read(),
    marker: async () => readMarker(root),
    writeMarker: async (id) => {
      writeMarkerFile(root, id)
      probe()
    },
    close: () => {
      ahead.expect(null)
      clock.close()
    },
  }
}

type Reading = Pick<Disk, 'list' | 'listChanged' | 'expect' | 'expectedNext' | 'stat' | 'readLink' | 'read'>

function reading(root: Root, looks: Looks, ahead: ListAhead): Reading {
  const readAhead = async (path: LocalPath): Promise<Listing | null> => (ahead.has(path) ? ahead.take(path) : null)
  return {
    list: async (path, seen = null) => {
      const listing = await readAhead(path)
      return Array.isArray(listing) ? listing : listFolder(root, looks, { path, seen })
    },
    listChanged: async (folder) =>
      (await readAhead(folder.path)) ?? listingOf(await listFolder(root, looks, folder), folder.digest),
    expect: ahead.expect,
    expectedNext: ahead.next,
    stat: async (path) => {
      const full = insideOrNull(root, path)
      const stats = full === null ? null : lookAt(full)
      if (stats !== null) return toEntry(nameOf(path), stats, looks)
      // Not gone with the root: that would be no word about this file (RT-01).
      checkRoot(root)
      return null
    },
    readLink: async (path) => {
      const bytes = readlinkSync(inside(root, path), { encoding: 'buffer' })
      const target = bytes.toString('utf8')
      if (!Buffer.from(target, 'utf8').equals(bytes)) throw systemError('EINVAL', 'the target of a link is not UTF-8')
      return target
    },
    read: (path, range) => readFile(root, path, range),
  }
}

type Changing = Omit<Disk, 'abilities' | 'timeNs' | 'marker' | 'writeMarker' | keyof Reading>

function changing(shop: Workshop): Changing {
  return {
    createTemp: async () => shop.temps.create(),
    placeNew: async (temp, path) => placeNew(shop, temp, path),
    replace: async (temp, path, expected) => replaceFile(shop, temp, { path, expected }),
    makeFolder: (path) => makeFolder(shop, path),
    makeSymlink: (path, target) => makeSymlink(shop, path, target),
    move: (from, to, expected) => moveEntry(shop, from, to, expected),
    discard: (path, expected) => discardEntry(shop, path, expected),
    setExecutable: (path, executable) => setExecutable(shop, path, executable),
    tidy: async () => {
      makeOwnFolders(shop.root)
      shop.temps.tidy()
      shop.trash.tidy()
    },
  }
}

const nameOf = (path: LocalPath): string => path.slice(path.lastIndexOf('/') + 1)

/** Asks the file system for its time by changing a file: its clock may be another machine's. */
function createFileClock(root: Root): { read(): bigint; close(): void } {
  let fd: number | null = null
  return {
    read: () => {
      fd ??= openSync(
        inside(root, `${OWN_FOLDER}/clock`),
        constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0),
        0o600,
      )
      writeSync(fd, '.', 0)
      return fstatSync(fd, { bigint: true }).mtimeNs
    },
    close: () => {
      if (fd !== null) closeSync(fd)
      fd = null
    },
  }
}
