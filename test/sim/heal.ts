import { OWN_FOLDER } from '../../client/sync/own-folder.ts'
import { roleOf, type Device } from './device.ts'
import { GOOD_WATCH } from './virtual-watcher.ts'
import type { World } from './world.ts'

/** Whatever is wrong with a device is mended. What its person has saved stays what it is. */
export function healDevice(device: Device): void {
  device.mount()
  device.line.isUp = true
  device.line.losesAnswers = false
  device.line.says = null
  device.frozenUs = null
  device.runsFast(1)
  device.starvedUntilUs = 0
  device.awayUntilUs = 0
  device.storeFault = null
  device.tree.isFull = false
  device.tree.roomBytes = Infinity
  for (const { entry } of device.tree.walk()) {
    entry.inode.trouble = null
    entry.inode.isMount = false
  }
  // What was hidden below a mount point shows again.
  for (const { entry } of device.tree.walk()) entry.inode.trouble = null
  if (device.config.watch.trouble === null) device.watch = GOOD_WATCH
  if (hasLostRoot(device)) linkAnew(device)
  device.isOff = false
  device.start()
  // Nobody tells it to look at everything: it has to come to that by itself.
  if (device.store.meta.get('paused') === 'yes') device.engine?.resume()
}

/** Who works in this root is not who worked in it last: it stands still until a person says what is meant. */
function hasLostRoot({ tree, store }: Device): boolean {
  const marker = tree.at(`${OWN_FOLDER}/root`)
  const mine = store.meta.get('rootMarker')
  return mine !== undefined && (!marker || Buffer.from(marker.inode.bytes).toString() !== mine)
}

/** The person links the same folder again: nothing of what was agreed on is known any more (DB-01). */
function linkAnew(device: Device): void {
  if (device.life) device.crash('kill')
  device.hasForgotten = true
  device.store = device.newStore()
  if (device.tree.at(OWN_FOLDER)) device.hands.removeTree(OWN_FOLDER)
}

export function healServer({ cloud, devices }: World): void {
  cloud.isDown = false
  cloud.state.damaged.clear()
  cloud.limitBytes = Infinity
  for (const { actor, config } of devices) {
    cloud.signIn(actor)
    cloud.setRole(actor, roleOf(config))
  }
}
