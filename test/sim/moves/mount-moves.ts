import { errnoOf } from '../life.ts'
import { forAWhile, type DeviceMove } from './move-kind.ts'

/** Another disk is where the root was, with a tree and a marker of its own (RT-07). */
export const MOUNT_MOVES: Record<string, DeviceMove> = {
  'mount-other': {
    group: 'mounts',
    weight: 2,
    propose: forAWhile,
    perform: (device, { n }) => {
      const { tree } = device
      const ours = tree.root
      if (device.isUnmounted) throw errnoOf('EINVAL')
      device.isUnmounted = true
      device.wasUnmounted = true
      tree.flush()
      tree.root = tree.make('folder', 'person')
      const own = tree.link(tree.root, '.bitvault', tree.make('folder', 'engine')).inode
      const marker = tree.make('file', 'engine')
      tree.link(own, 'root', marker)
      tree.setBytes(marker, Buffer.from('the marker of another'), true)
      device.mount = () => {
        if (tree.root === ours) return
        tree.root = ours
        device.isUnmounted = false
        device.reopen()
      }
      device.scheduler.after(n!, () => device.mount())
    },
  },
}
