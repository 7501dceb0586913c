import { isOwnPath, OWN_FOLDER } from '../../../client/sync/own-folder.ts'
import type { Device } from '../device.ts'
import { restoreFolder } from '../folder-backup.ts'
import type { Inode } from '../inode.ts'
import { errnoOf } from '../life.ts'
import { GOOD_WATCH } from '../virtual-watcher.ts'
import type { World } from '../world.ts'
import { forAWhile, someFile, type DeviceMove } from './move-kind.ts'
import { emptiesTrash, WEB_MOVES } from './web-moves.ts'

const TROUBLES = ['read-only', 'unreadable', 'locked'] as const

/** What befalls the machine, its disk and its way to the server. All of it ends, at the latest when everything is healed. */
export const DEVICE_MOVES: Record<string, DeviceMove> = {
  offline: {
    group: 'device',
    weight: 6,
    propose: forAWhile,
    perform: (device, { n }) => {
      device.line.isUp = false
      device.scheduler.after(n!, () => (device.line.isUp = true))
    },
  },
  /** Away until the journal does not reach back as far (SV-03). */
  /** `choice` `purge`: and something is deleted for good meanwhile, of which nobody tells it afterwards. */
  'offline-too-long': {
    group: 'server',
    weight: 4,
    propose: ({ dice }) => ({ ...forAWhile({ dice }), choice: dice.pick(['', 'purge']) }),
    perform: (device, { n, choice }) => {
      device.line.isUp = false
      if (choice === 'purge') device.scheduler.after(n! / 2, () => purgesSomething(device.world, n!))
      device.scheduler.after(n!, () => {
        device.world.cloud.compact()
        device.line.isUp = true
      })
    },
  },
  kill: {
    group: 'device',
    weight: 3,
    propose: () => ({}),
    perform: (device) => crashes(device, 'kill'),
  },
  'power-cut': {
    group: 'device',
    weight: 2,
    propose: () => ({}),
    perform: (device) => crashes(device, 'power'),
  },
  /** It ends as it should, and is started again after a while. */
  restart: {
    group: 'device',
    weight: 2,
    propose: forAWhile,
    perform: (device, { n }) => {
      if (!device.engine) throw errnoOf('ESRCH')
      void device.stop()
      device.scheduler.after(n!, () => device.start())
    },
  },
  pause: {
    group: 'device',
    weight: 1,
    propose: forAWhile,
    perform: (device, { n }) => {
      if (!device.engine) throw errnoOf('ESRCH')
      device.hears((engine) => engine.pause())
      device.scheduler.after(n!, () => device.hears((engine) => engine.resume()))
    },
  },
  'clock-jump': {
    group: 'device',
    weight: 1,
    propose: ({ dice }) => ({ n: Math.round((dice.fraction() - 0.5) * 2e14) }),
    perform: (device, { n }) => void (device.skewUs += n!),
  },
  'clock-freeze': {
    group: 'device',
    weight: 1,
    propose: forAWhile,
    perform: (device, { n }) => {
      device.frozenUs = device.scheduler.nowUs + device.skewUs
      device.scheduler.after(n!, () => (device.frozenUs = null))
    },
  },
  'watcher-deaf': {
    group: 'disk',
    weight: 2,
    propose: forAWhile,
    perform: (device, { n }) => {
      device.watch = { ...GOOD_WATCH, lost: 1 }
      device.scheduler.after(n!, () => (device.watch = device.config.watch))
    },
  },
  trouble: {
    group: 'disk',
    weight: 4,
    propose: ({ device, dice }) => {
      const choice = dice.pick(TROUBLES)
      const path = choice === 'read-only' ? dice.pickOrNull(device.hands.folders()) : someFile(device, dice)
      return path === null ? null : { path, choice, ...forAWhile({ dice }) }
    },
    perform: (device, { path, choice, n }) => {
      const inode = device.tree.at(path!)?.inode
      if (!inode) throw errnoOf('ENOENT')
      inode.trouble = choice as Inode['trouble']
      device.scheduler.after(n!, () => (inode.trouble = null))
    },
  },
  'folder-unreadable': {
    group: 'disk',
    weight: 2,
    propose: ({ device, dice }) => {
      const path = dice.pickOrNull(device.hands.folders())
      return path === null ? null : { path, ...forAWhile({ dice }) }
    },
    perform: (device, { path, n }) => {
      const inode = device.tree.folderAt(path!)
      inode.trouble = 'unreadable'
      device.scheduler.after(n!, () => (inode.trouble = null))
    },
  },
  'disk-full': {
    group: 'disk',
    weight: 2,
    propose: forAWhile,
    perform: (device, { n }) => {
      device.tree.isFull = true
      device.scheduler.after(n!, () => (device.tree.isFull = false))
    },
  },
  /** The drive is unplugged; an empty folder is left where it was (RT-01). */
  unmount: {
    group: 'disk',
    weight: 2,
    propose: forAWhile,
    perform: (device, { n }) => {
      const { tree } = device
      const real = tree.root
      if (device.isUnmounted) throw errnoOf('EINVAL')
      device.isUnmounted = true
      device.wasUnmounted = true
      tree.flush()
      tree.root = tree.make('folder', 'person')
      device.mount = () => {
        if (tree.root === real) return
        // What somebody has put below the mount point is hidden from now on.
        for (const { path, entry } of tree.walk())
          if (!isOwnPath(path)) device.world.ledger.account(device.index).gone(entry.inode)
        tree.root = real
        device.isUnmounted = false
        device.reopen()
      }
      device.scheduler.after(n!, () => device.mount())
    },
  },
  /** A folder becomes the place where another disk is (RT-03). */
  'mount-over': {
    group: 'disk',
    weight: 1,
    propose: ({ device, dice }) => {
      const path = dice.pickOrNull(device.hands.folders())
      return path === null ? null : { path, ...forAWhile({ dice }) }
    },
    perform: (device, { path, n }) => {
      const inode = device.tree.folderAt(path!)
      inode.isMount = true
      device.scheduler.after(n!, () => (inode.isMount = false))
    },
  },
  /** DB-01: what the engine knows is lost; the root is what it was. */
  'database-lost': {
    group: 'amnesia',
    weight: 3,
    propose: () => ({}),
    perform: (device) => {
      forget(device)
      device.store = device.newStore()
    },
  },
  'database-backup': {
    group: 'amnesia',
    weight: 3,
    propose: () => ({}),
    perform: (device) => void (device.storeBackup = structuredClone(device.store)),
  },
  'database-restored': {
    group: 'amnesia',
    weight: 3,
    propose: () => ({}),
    perform: (device) => {
      if (!device.storeBackup) throw errnoOf('ENOENT')
      forget(device)
      device.store = structuredClone(device.storeBackup)
    },
  },
  'folder-backup': {
    group: 'amnesia',
    weight: 3,
    propose: () => ({}),
    perform: (device) => void (device.folderBackup = structuredClone(device.tree.root)),
  },
  'folder-restored': {
    group: 'amnesia',
    weight: 3,
    propose: () => ({}),
    perform: (device) => {
      if (!device.folderBackup || device.isUnmounted) throw errnoOf('ENOENT')
      crashes(device, 'kill')
      device.hasForgotten = true
      restoreFolder(device, structuredClone(device.folderBackup))
    },
  },
  /** Unlinked, and linked again to the folder as it is. */
  'link-anew': {
    group: 'amnesia',
    weight: 2,
    propose: () => ({}),
    perform: (device) => {
      if (device.isUnmounted) throw errnoOf('ENOENT')
      forget(device)
      device.store = device.newStore()
      if (device.tree.at(OWN_FOLDER)) device.hands.removeTree(OWN_FOLDER)
    },
  },
  /** Somebody tidies up what he does not know (RT-09, NM-16). */
  'own-folder-gone': {
    group: 'amnesia',
    weight: 1,
    propose: () => ({}),
    perform: (device) => {
      if (!device.tree.at(OWN_FOLDER)) throw errnoOf('ENOENT')
      device.hasForgotten = true
      device.hands.removeTree(OWN_FOLDER)
    },
  },
}

function crashes(device: Device, kind: 'kill' | 'power'): void {
  if (!device.life) throw errnoOf('ESRCH')
  device.crash(kind)
}

function forget(device: Device): void {
  device.hasForgotten = true
  if (device.life) device.crash('kill')
}

function purgesSomething(world: World, pick: number): void {
  const live = world.cloud.live()
  const path = live[pick % Math.max(1, live.length)]?.node.id
  if (path === undefined || world.isHealed) return
  try {
    WEB_MOVES['web-trash']!.perform(world, { do: 'web-trash', on: -1, path })
    emptiesTrash(world, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}
