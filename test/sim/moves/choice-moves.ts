import { alike } from '../../../core/reconcile/alike.ts'
import { IGNORE_FILE } from '../../../client/sync/ignore.ts'
import { errnoOf } from '../life.ts'
import { someThing, nameOf, type DeviceMove } from './move-kind.ts'

/** What somebody wants on a device, and what not: selective sync, and rules. */
export const CHOICE_MOVES: Record<string, DeviceMove> = {
  unselect: {
    group: 'selection',
    weight: 4,
    propose: ({ device, dice }) => {
      const folder = dice.pickOrNull(device.world.cloud.live().filter(({ node }) => node.kind === 'folder'))
      return folder && { path: folder.node.id }
    },
    perform: (device, { path }) => {
      device.unselected.add(path!)
      device.engine?.syncNow()
    },
  },
  select: {
    group: 'selection',
    weight: 3,
    propose: ({ device, dice }) => {
      const path = dice.pickOrNull([...device.unselected])
      return path === null ? null : { path }
    },
    perform: (device, { path }) => {
      if (!device.unselected.delete(path!)) throw errnoOf('ENOENT')
      device.engine?.syncNow()
    },
  },
  ignore: {
    group: 'rules',
    weight: 4,
    propose: ({ device, dice }) => {
      const path = someThing(device, dice)
      return path === null || path === IGNORE_FILE ? null : { path: nameOf(path) }
    },
    perform: ({ hands, world, index }, { path }) => {
      const text = Buffer.from(`${path}\n# ${index} ${world.scheduler.nowUs}\n`)
      hands.write(IGNORE_FILE, text)
      world.rules.everIgnored.add(alike(path!))
    },
  },
  'ignore-no-more': {
    group: 'rules',
    weight: 3,
    propose: ({ device }) => (device.tree.at(IGNORE_FILE) ? {} : null),
    perform: ({ hands }) => hands.remove(IGNORE_FILE),
  },
}
