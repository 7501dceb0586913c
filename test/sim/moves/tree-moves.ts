import type { Device } from '../device.ts'
import { errnoOf } from '../life.ts'
import {
  folderOf,
  inFolder,
  nameOf,
  someFile,
  someFolder,
  someName,
  somePlace,
  someThing,
  type DeviceMove,
} from './move-kind.ts'

const PARKED = 'parked'

/** What people do with folders, links, and several things at once. */
export const TREE_MOVES: Record<string, DeviceMove> = {
  'make-folder': {
    group: 'trees',
    weight: 7,
    propose: ({ device, dice }) => ofPlace(somePlace(device, dice)),
    perform: (device, { path }) => device.hands.makeFolder(path!),
  },
  symlink: {
    group: 'trees',
    weight: 2,
    propose: ({ device, dice }) => {
      const path = somePlace(device, dice)
      return path === null || !device.config.fs.symlinks ? null : { path, bytes: ++device.world.lastBytes }
    },
    perform: (device, { path, bytes }) => device.hands.symlink(path!, `../target-${bytes}`),
  },
  pipe: {
    group: 'trees',
    weight: 1,
    propose: ({ device, dice }) => ofPlace(somePlace(device, dice)),
    perform: (device, { path }) => device.hands.pipe(path!),
  },
  swap: {
    group: 'trees',
    weight: 2,
    propose: ({ device, dice }) => {
      const [path, to] = [someThing(device, dice), someThing(device, dice)]
      return path === null || to === null || isAbove(path, to) || isAbove(to, path) ? null : { path, to }
    },
    perform: (device, { path, to }) => {
      const aside = free(device, PARKED)
      device.hands.rename(path!, aside)
      device.hands.rename(to!, path!)
      device.hands.rename(aside, to!)
    },
  },
  rotate: {
    group: 'trees',
    weight: 1,
    propose: ({ device, dice }) => {
      const all = dice.shuffle(device.hands.paths().filter((path) => !path.includes('/'))).slice(0, 3)
      return all.length < 3 ? null : { path: all[0]!, to: all[1]!, choice: all[2]! }
    },
    perform: ({ hands, tree }, { path, to, choice }) => {
      for (const one of [path!, to!, choice!]) if (!tree.at(one)) throw errnoOf('ENOENT')
      hands.rename(path!, PARKED)
      hands.rename(choice!, path!)
      hands.rename(to!, choice!)
      hands.rename(PARKED, to!)
    },
  },
  /** A folder goes into the one that was in it (MV-05). */
  flip: {
    group: 'trees',
    weight: 2,
    propose: ({ device, dice }) => {
      const path = dice.pickOrNull(device.hands.folders().filter((folder) => folder.includes('/')))
      return path === null ? null : { path }
    },
    perform: ({ hands, tree }, { path }) => {
      const outer = folderOf(path!)
      if (!tree.at(path!) || outer === '') throw errnoOf('ENOENT')
      hands.rename(path!, PARKED)
      hands.rename(outer, inFolder(PARKED, nameOf(outer)))
      hands.rename(PARKED, outer)
    },
  },
  'copy-tree': {
    group: 'trees',
    weight: 2,
    propose: ({ device, dice }) => {
      const [path, to] = [someThing(device, dice), somePlace(device, dice)]
      return path === null || to === null || isAbove(path, to) ? null : { path, to }
    },
    perform: (device, { path, to }) => device.hands.copyTree(path!, to!),
  },
  'delete-tree': {
    group: 'trees',
    weight: 3,
    propose: ({ device, dice }) => ofPlace(dice.pickOrNull(device.hands.folders())),
    perform: (device, { path }) => device.hands.removeTree(path!),
  },
  /** rm -rf, and everything is installed anew (FD-08). */
  reinstall: {
    group: 'trees',
    weight: 1,
    propose: ({ device, dice }) => ofPlace(dice.pickOrNull(device.hands.folders())),
    perform: ({ hands, tree }, { path }) => {
      const again = free({ hands, tree }, PARKED)
      hands.copyTree(path!, again)
      hands.removeTree(path!)
      hands.rename(again, path!)
    },
  },
  'file-to-folder': {
    group: 'trees',
    weight: 1,
    propose: ({ device, dice }) => {
      const path = someFile(device, dice)
      return path === null ? null : { path, bytes: ++device.world.lastBytes }
    },
    perform: ({ hands }, { path, bytes }) => {
      hands.remove(path!)
      hands.makeFolder(path!)
      hands.write(`${path}/inside`, hands.bytes(bytes!, 8))
    },
  },
  'folder-to-file': {
    group: 'trees',
    weight: 1,
    propose: ({ device, dice }) => {
      const path = dice.pickOrNull(device.hands.folders())
      return path === null ? null : { path, bytes: ++device.world.lastBytes }
    },
    perform: ({ hands, tree }, { path, bytes }) => {
      if (tree.at(path!)?.inode.kind !== 'folder') throw errnoOf('ENOENT')
      hands.removeTree(path!)
      hands.write(path!, hands.bytes(bytes!, 8))
    },
  },
  'file-to-link': {
    group: 'trees',
    weight: 1,
    propose: ({ device, dice }) => {
      const path = device.config.fs.symlinks ? someFile(device, dice) : null
      return path === null ? null : { path, bytes: ++device.world.lastBytes }
    },
    perform: ({ hands }, { path, bytes }) => {
      hands.remove(path!)
      hands.symlink(path!, `elsewhere-${bytes}`)
    },
  },
  /** New things in a new folder, in one breath (MV-17). */
  'fill-folder': {
    group: 'trees',
    weight: 4,
    propose: ({ device, dice }) => {
      const path = somePlace(device, dice)
      const [bytes, n] = [device.world.lastBytes + 1, 1 + dice.int(4)]
      device.world.lastBytes += n
      return path === null ? null : { path, bytes, n }
    },
    perform: ({ hands }, { path, bytes, n }) => {
      hands.makeFolder(path!)
      for (let at = 0; at < n!; at++) hands.write(`${path}/${'abcd'[at]}`, hands.bytes(bytes! + at, 20))
    },
  },
  'move-out-and-back': {
    group: 'trees',
    weight: 1,
    propose: ({ device, dice }) => {
      const path = someFile(device, dice)
      return path === null ? null : { path, n: dice.int(3_000_000) }
    },
    perform: moveOutAndBack,
  },
  'rename-case': {
    group: 'names',
    weight: 3,
    propose: ({ device, dice }) => {
      const path = someThing(device, dice)
      if (path === null) return null
      const [upper, lower] = [nameOf(path).toUpperCase(), nameOf(path).toLowerCase()]
      return { path, to: inFolder(folderOf(path), nameOf(path) === lower ? upper : lower) }
    },
    perform: renameSpelling,
  },
  'rename-normalisation': {
    group: 'names',
    weight: 1,
    propose: ({ device, dice }) => {
      const path = dice.pickOrNull(device.hands.paths(({ name }) => name.normalize('NFD') !== name.normalize('NFC')))
      if (path === null) return null
      const name = nameOf(path)
      return { path, to: inFolder(folderOf(path), name.normalize(name.normalize('NFD') === name ? 'NFC' : 'NFD')) }
    },
    perform: renameSpelling,
  },
  'bad-name': {
    group: 'names',
    weight: 1,
    propose: ({ device, dice }) => ({
      path: someFolder(device, dice),
      to: someName(device, dice),
      bytes: ++device.world.lastBytes,
    }),
    perform: ({ hands }, { path, to, bytes }) => hands.badName(path!, to!, hands.bytes(bytes!, 9)),
  },
}

const ofPlace = (path: string | null) => (path === null ? null : { path })
const isAbove = (above: string, path: string): boolean => path === above || path.startsWith(`${above}/`)

function free({ tree }: Pick<Device, 'tree' | 'hands'>, name: string): string {
  if (tree.at(name)) throw errnoOf('EEXIST')
  return name
}

function renameSpelling({ hands, tree }: Device, { path = '', to = '' }): void {
  const there = tree.at(to)
  if (there && there.inode !== tree.at(path)?.inode) throw errnoOf('EEXIST')
  hands.rename(path, to)
}

/** Out of the root, and, before or after it was noticed, back in (MV-15). */
function moveOutAndBack(device: Device, { path = '', n = 0 }): void {
  const { tree, world } = device
  const { folder, name, entry } = tree.find(path)
  if (entry?.inode.kind !== 'file') throw errnoOf('ENOENT')
  const { inode } = entry
  // As far as the root is concerned it is gone; its bytes are safe with their person.
  const account = world.ledger.account(device.index)
  const hasOtherName = inode.links > 1
  account.gone(inode, !hasOtherName)
  inode.links++
  tree.unlink(folder, name)
  device.scheduler.after(n, () => {
    inode.links--
    // Also what was written into it meanwhile stays where it is.
    const staysOut = (): void => account.gone(inode, !hasOtherName)
    if (device.isUnmounted) return staysOut()
    try {
      tree.link(tree.find(path).folder, name, inode)
      inode.by = 'person'
      if (hasOtherName) account.linked(inode)
      else account.put(inode)
    } catch {
      // Something else is there now.
      staysOut()
    }
  })
}
