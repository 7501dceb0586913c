import { restoreFolder } from '../folder-backup.ts'
import { keyOf } from '../ledger.ts'
import { errnoOf } from '../life.ts'
import { someFile, type DeviceMove } from './move-kind.ts'

/** What the rules of the simulation cannot judge yet: no profile has these groups, scenarios use them. */
export const LATER_MOVES: Record<string, DeviceMove> = {
  'bit-rot': {
    group: 'rot',
    weight: 3,
    propose: ({ device, dice }) => {
      const path = someFile(device, dice)
      return path === null ? null : { path, n: dice.int(1_000) }
    },
    perform: ({ tree, world }, { path, n }) => {
      const inode = tree.at(path!)?.inode
      if (inode?.kind !== 'file' || inode.bytes.length === 0) throw errnoOf('ENOENT')
      const bytes = Buffer.from(inode.bytes)
      bytes[n! % bytes.length]! ^= 1
      inode.bytes = bytes
      world.rules.expendable.add(keyOf(inode))
    },
  },
  /** A program holds a file open, and saves into it long after, wherever it is by then (AS-05). */
  'write-by-handle': {
    group: 'handles',
    weight: 4,
    propose: ({ device, dice }) => {
      const path = someFile(device, dice)
      return path === null ? null : { path, bytes: ++device.world.lastBytes, size: 20, n: dice.int(60_000_000) }
    },
    perform: ({ tree, hands, scheduler }, { path, bytes, size, n }) => {
      const inode = tree.at(path!)?.inode
      if (inode?.kind !== 'file') throw errnoOf('ENOENT')
      scheduler.after(n!, () => {
        if (inode.links > 0) hands.rewrite(inode, hands.bytes(bytes!, size!))
      })
    },
  },
  /** Disk and database of one machine are copied onto another. */
  clone: {
    group: 'clone',
    weight: 3,
    propose: ({ device, dice }) => {
      const others = device.world.devices.filter((one) => one !== device && one.config.fs === device.config.fs)
      const other = dice.pickOrNull(others)
      return other && { n: other.index }
    },
    perform: (device, { n }) => {
      const other = device.world.devices[n!]!
      if (device.isUnmounted || other.isUnmounted) throw errnoOf('EINVAL')
      if (device.life) device.crash('kill')
      device.hasForgotten = true
      device.store = structuredClone(other.store)
      restoreFolder(device, structuredClone(other.tree.root))
    },
  },
}
