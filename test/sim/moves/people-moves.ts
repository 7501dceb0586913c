import type { NodeId } from '../../../core/ids.ts'
import { errnoOf } from '../life.ts'
import { forAWhile, someFile, type DeviceMove, type ServerMove } from './move-kind.ts'
import { emptiesTrash } from './web-moves.ts'

/** Things that people do now and then. */
export const PEOPLE_MOVES: Record<string, DeviceMove> = {
  'edit-copy': {
    group: 'people',
    weight: 3,
    propose: ({ device, dice }) => {
      const copies = device.hands.files().filter((path) => path.includes('conflicted copy'))
      const path = dice.pickOrNull(copies)
      return path === null ? null : { path, bytes: ++device.world.lastBytes, size: 20 }
    },
    perform: ({ hands }, { path, bytes, size }) => void hands.write(path!, hands.bytes(bytes!, size!)),
  },
  'folder-to-link': {
    group: 'people',
    weight: 1,
    propose: ({ device, dice }) => {
      const path = device.config.fs.symlinks ? dice.pickOrNull(device.hands.folders()) : null
      return path === null ? null : { path, bytes: ++device.world.lastBytes }
    },
    perform: ({ hands, tree }, { path, bytes }) => {
      if (tree.at(path!)?.inode.kind !== 'folder') throw errnoOf('ENOENT')
      hands.removeTree(path!)
      hands.symlink(path!, `elsewhere-${bytes}`)
    },
  },
  'link-to-file': {
    group: 'people',
    weight: 2,
    propose: ({ device, dice }) => {
      const path = dice.pickOrNull(device.hands.paths(({ inode }) => inode.kind === 'symlink'))
      return path === null ? null : { path, bytes: ++device.world.lastBytes }
    },
    perform: ({ hands, tree }, { path, bytes }) => {
      if (tree.at(path!)?.inode.kind !== 'symlink') throw errnoOf('ENOENT')
      hands.remove(path!)
      hands.write(path!, hands.bytes(bytes!, 12))
    },
  },
  /** The dialog is closed: that is no answer (P9). */
  'nobody-answers': {
    group: 'people',
    weight: 1,
    propose: forAWhile,
    perform: (device, { n }) => void (device.awayUntilUs = device.scheduler.nowUs + n!),
  },
  /** A save that was begun is ended as soon as somebody holds the file open no more. */
  'hold-lock': {
    group: 'people',
    weight: 2,
    propose: ({ device, dice }) => {
      const path = someFile(device, dice)
      return path === null ? null : { path, bytes: ++device.world.lastBytes, size: 20, n: dice.int(8_000_000) }
    },
    perform: (device, { path, bytes, size, n }) => {
      const inode = device.tree.at(path!)?.inode
      if (inode?.kind !== 'file') throw errnoOf('ENOENT')
      inode.trouble = 'locked'
      device.scheduler.after(n!, () => {
        inode.trouble = null
        if (inode.links > 0) device.hands.rewrite(inode, device.hands.bytes(bytes!, size!))
      })
    },
  },
}

export const SERVER_PEOPLE_MOVES: Record<string, ServerMove> = {
  'empty-trash': {
    group: 'people',
    weight: 1,
    propose: () => ({}),
    perform: (world) => {
      const { nodes, purged } = world.cloud.state
      const tops = [...nodes.values()].filter(({ id, trashedAt }) => trashedAt !== null && !purged.has(id))
      if (tops.length === 0) throw errnoOf('ENOENT')
      for (const { id } of tops) if (!purged.has(id as NodeId)) emptiesTrash(world, id)
    },
  },
}
