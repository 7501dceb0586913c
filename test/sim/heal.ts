import type { Device } from './device.ts'
import { GOOD_WATCH } from './virtual-watcher.ts'
import type { World } from './world.ts'

/** Whatever is wrong with a device is mended. What its person has saved stays what it is. */
export function healDevice(device: Device): void {
  device.mount()
  device.line.isUp = true
  device.frozenUs = null
  device.tree.isFull = false
  for (const { entry } of device.tree.walk()) {
    entry.inode.trouble = null
    entry.inode.isMount = false
  }
  // What was hidden below a mount point shows again.
  for (const { entry } of device.tree.walk()) entry.inode.trouble = null
  if (device.config.watch.trouble === null) device.watch = GOOD_WATCH
  device.isOff = false
  device.start()
  device.engine?.resume()
}

export function healServer({ cloud, devices }: World): void {
  cloud.isDown = false
  for (const { actor } of devices) cloud.setRole(actor, 'manager')
}
