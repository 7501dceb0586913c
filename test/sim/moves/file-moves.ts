import { keyOfName } from '../inode.ts'
import { errnoOf } from '../life.ts'
import {
  folderOf,
  inFolder,
  nameOf,
  someFile,
  someFolder,
  someName,
  somePlace,
  someSize,
  someThing,
  type DeviceMove,
  type Told,
} from './move-kind.ts'
import type { Device } from '../device.ts'
import type { Dice } from '../dice.ts'

const ofFile = (
  { device, dice }: { device: Device; dice: Dice },
  more: () => Partial<Told> = () => ({}),
): Told | null => {
  const path = someFile(device, dice)
  return path === null ? null : { path, ...more() }
}
const ofPlace = ({ device, dice }: { device: Device; dice: Dice }, more: () => Partial<Told>): Told | null => {
  const path = somePlace(device, dice)
  return path === null ? null : { path, ...more() }
}
const newBytes = (device: Device, size: number): Told => ({ bytes: ++device.world.lastBytes, size })
const bytesOf = (device: Device, { bytes = 0, size = 0 }: Told): Uint8Array => device.hands.bytes(bytes, size)
const inodeAt = (device: Device, { path = '' }: Told) => {
  const entry = device.tree.find(path).entry
  if (entry?.inode.kind !== 'file') throw errnoOf('ENOENT')
  return entry.inode
}
const sizeAt = (device: Device, path: string): number => device.tree.at(path)?.inode.bytes.length ?? 0

/** What people do with the bytes of files. */
export const FILE_MOVES: Record<string, DeviceMove> = {
  create: {
    group: 'files',
    weight: 10,
    propose: (at) => ofPlace(at, () => newBytes(at.device, someSize(at.dice))),
    perform: (device, told) => {
      if (device.tree.at(told.path!)) throw errnoOf('EEXIST')
      device.hands.write(told.path!, bytesOf(device, told))
    },
  },
  write: {
    group: 'files',
    weight: 10,
    propose: (at) => ofFile(at, () => newBytes(at.device, someSize(at.dice))),
    perform: (device, told) => device.hands.rewrite(inodeAt(device, told), bytesOf(device, told)),
  },
  'write-same-size': {
    group: 'files',
    weight: 5,
    propose: (at) => {
      const told = ofFile(at)
      return told && { ...told, ...newBytes(at.device, sizeAt(at.device, told.path!)) }
    },
    perform: (device, told) => device.hands.rewrite(inodeAt(device, told), bytesOf(device, told)),
  },
  /** TM-02: only the ctime tells. */
  'write-same-stamp': {
    group: 'files',
    weight: 3,
    propose: (at) => {
      const told = ofFile(at)
      return told && { ...told, ...newBytes(at.device, sizeAt(at.device, told.path!)) }
    },
    perform: (device, told) => {
      const inode = inodeAt(device, told)
      const { mtimeNs } = inode
      device.hands.rewrite(inode, bytesOf(device, told))
      device.tree.touch(inode, mtimeNs)
    },
  },
  append: {
    group: 'files',
    weight: 3,
    propose: (at) => ofFile(at, () => newBytes(at.device, 10)),
    perform: (device, told) => {
      const inode = inodeAt(device, told)
      device.hands.rewrite(inode, Buffer.concat([inode.bytes, bytesOf(device, told)]))
    },
  },
  truncate: {
    group: 'files',
    weight: 1,
    propose: (at) => ofFile(at),
    perform: (device, { path }) => device.hands.truncate(path!),
  },
  /** Room is taken before there is anything in it (WR-08). */
  sparse: {
    group: 'files',
    weight: 1,
    propose: (at) => ofPlace(at, () => ({ size: 24 })),
    perform: (device, { path, size }) => void device.hands.write(path!, new Uint8Array(size!)),
  },
  'slow-write': {
    group: 'files',
    weight: 3,
    propose: (at) => ofFile(at, () => ({ ...newBytes(at.device, 60), n: 2 + at.dice.int(4) })),
    perform: writeSlowly,
  },
  'save-atomic': {
    group: 'files',
    weight: 6,
    propose: (at) => ofFile(at, () => newBytes(at.device, someSize(at.dice))),
    perform: (device, told) => device.hands.save(told.path!, bytesOf(device, told), false),
  },
  'save-synced': {
    group: 'files',
    weight: 3,
    propose: (at) => ofFile(at, () => newBytes(at.device, someSize(at.dice))),
    perform: (device, told) => device.hands.save(told.path!, bytesOf(device, told), true),
  },
  'save-aside': {
    group: 'files',
    weight: 3,
    propose: (at) => ofFile(at, () => newBytes(at.device, someSize(at.dice))),
    perform: (device, told) => device.hands.saveAside(told.path!, bytesOf(device, told)),
  },
  /** The same with time in between: for a moment there is no such file (AS-02). */
  'save-aside-slowly': {
    group: 'files',
    weight: 3,
    propose: (at) => ofFile(at, () => ({ ...newBytes(at.device, 20), n: at.dice.int(400_000) })),
    perform: saveAsideSlowly,
  },
  touch: {
    group: 'files',
    weight: 2,
    propose: (at) => ofFile(at),
    perform: (device, { path }) => device.hands.touch(path!),
  },
  chmod: {
    group: 'files',
    weight: 2,
    propose: (at) => ofFile(at, () => ({ n: at.dice.int(2) })),
    perform: (device, { path, n }) => device.hands.chmod(path!, n === 1),
  },
  delete: {
    group: 'files',
    weight: 7,
    propose: (at) => ofFile(at),
    perform: (device, { path }) => device.hands.remove(path!),
  },
  recreate: {
    group: 'files',
    weight: 3,
    propose: (at) => ofFile(at, () => newBytes(at.device, someSize(at.dice))),
    perform: (device, told) => {
      device.hands.remove(told.path!)
      device.hands.write(told.path!, bytesOf(device, told))
    },
  },
  'hard-link': {
    group: 'files',
    weight: 1,
    propose: (at) => ofFile(at, () => ({ to: somePlace(at.device, at.dice) ?? 'hard' })),
    perform: (device, { path, to }) => device.hands.hardLink(path!, to!),
  },
  rename: {
    group: 'files',
    weight: 8,
    propose: ({ device, dice }) => {
      const path = someThing(device, dice)
      return path === null ? null : { path, to: inFolder(folderOf(path), someName(device, dice)) }
    },
    perform: (device, { path, to }) => renameOver(device, path!, to!, 0),
  },
  move: {
    group: 'files',
    weight: 8,
    propose: ({ device, dice }) => {
      const path = someThing(device, dice)
      return path === null ? null : { path, to: inFolder(someFolder(device, dice), nameOf(path)) }
    },
    perform: (device, { path, to }) => renameOver(device, path!, to!, 0),
  },
  'rename-over': {
    group: 'files',
    weight: 3,
    propose: ({ device, dice }) => {
      const [path, to] = [someFile(device, dice), someFile(device, dice)]
      return path === null || to === null || path === to ? null : { path, to }
    },
    perform: (device, { path, to }) => renameOver(device, path!, to!, 1),
  },
}

/** @param over 1: what is there may be displaced */
function renameOver(device: Device, from: string, to: string, over: number): void {
  if (from === to || to === '.bitvault') throw errnoOf('EINVAL')
  const target = device.tree.at(to)
  const isItself = target?.inode === device.tree.at(from)?.inode
  if (over === 0 && target && !isItself) throw errnoOf('EEXIST')
  device.hands.rename(from, to)
}

function writeSlowly(device: Device, told: Told): void {
  const inode = inodeAt(device, told)
  const all = bytesOf(device, told)
  const times = told.n ?? 1
  for (let time = 1; time <= times; time++) {
    const part = all.subarray(0, Math.ceil((all.length * time) / times))
    device.scheduler.after((time - 1) * 40_000, () => {
      if (inode.links > 0) device.hands.rewrite(inode, part)
    })
  }
}

function saveAsideSlowly(device: Device, told: Told): void {
  const { path = '', n = 0 } = told
  const [inode, aside] = [inodeAt(device, told), `${path}.bak`]
  if (device.tree.at(aside)) throw errnoOf('EEXIST')
  device.hands.rename(path, aside)
  device.scheduler.after(n, () => {
    // Somebody may have been here meanwhile: then the program asks, and its person says no.
    try {
      if (device.tree.at(path)) return
      device.hands.write(path, bytesOf(device, told))
      if (device.tree.at(aside)?.inode === inode) device.hands.remove(aside)
    } catch {
      // The folder is gone.
    }
  })
}

/** The names that this file system takes for the same. */
export const isSameName = (device: Device, a: string, b: string): boolean =>
  keyOfName(a, device.config.fs) === keyOfName(b, device.config.fs)
