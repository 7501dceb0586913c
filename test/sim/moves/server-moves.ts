import type { SpaceRole } from '../../../core/namespace/model.ts'
import { errnoOf } from '../life.ts'
import type { ServerMove } from './move-kind.ts'

/** What befalls the server, and what its administrators do. */
export const SERVER_MOVES: Record<string, ServerMove> = {
  'server-down': {
    group: 'server',
    weight: 3,
    propose: ({ dice }) => ({ n: dice.int(60_000_000) }),
    perform: (world, { n }) => {
      world.cloud.isDown = true
      world.scheduler.after(n!, () => (world.cloud.isDown = false))
    },
  },
  compaction: {
    group: 'server',
    weight: 3,
    propose: () => ({}),
    perform: ({ cloud }) => cloud.compact(),
  },
  'server-backup': {
    group: 'amnesia',
    weight: 3,
    propose: () => ({}),
    perform: (world) => void (world.serverBackup = world.cloud.backup()),
  },
  'server-restored': {
    group: 'amnesia',
    weight: 3,
    propose: () => ({}),
    perform: (world) => {
      if (!world.serverBackup) throw errnoOf('ENOENT')
      world.cloud.restore(world.serverBackup)
      world.rules.serverRestored()
    },
  },
  role: {
    group: 'rights',
    weight: 3,
    propose: ({ world, dice }) => ({
      n: dice.int(world.devices.length),
      choice: dice.pick(['reader', 'writer', 'none']),
      size: dice.int(60_000_000),
    }),
    perform: (world, { n, choice, size }) => {
      const actor = world.devices[n!]?.actor
      if (!actor) throw errnoOf('ENOENT')
      world.cloud.setRole(actor, choice === 'none' ? null : (choice as SpaceRole))
      world.scheduler.after(size!, () => world.cloud.setRole(actor, 'manager'))
    },
  },
}
