import type { NodeId } from '../../../core/ids.ts'
import { errnoOf } from '../life.ts'
import { forAWhile, type DeviceMove, type ServerMove } from './move-kind.ts'

/** Room that ends, and bytes that the store cannot give back. */
export const ROOM_MOVES: Record<string, DeviceMove> = {
  /** So many bytes are left (DK-03). */
  'room-left': {
    group: 'room',
    weight: 2,
    propose: ({ dice }) => ({ size: dice.int(120), ...forAWhile({ dice }) }),
    perform: ({ tree, scheduler }, { size, n }) => {
      tree.roomBytes = size!
      scheduler.after(n!, () => (tree.roomBytes = Infinity))
    },
  },
}

export const SERVER_ROOM_MOVES: Record<string, ServerMove> = {
  /** SH-10, SH-12. */
  quota: {
    group: 'room',
    weight: 2,
    propose: ({ dice }) => ({ size: dice.int(400), ...forAWhile({ dice }) }),
    perform: ({ cloud, scheduler }, { size, n }) => {
      cloud.limitBytes = size!
      scheduler.after(n!, () => (cloud.limitBytes = Infinity))
    },
  },
  /** What a reader of it finds is not what it should be, until it is fetched from elsewhere (DK-10). */
  'content-damaged': {
    group: 'room',
    weight: 2,
    propose: ({ world, dice }) => {
      const files = world.cloud.live().filter(({ node }) => node.kind === 'file')
      const file = dice.pickOrNull(files)
      return file && { path: file.node.id, ...forAWhile({ dice }) }
    },
    perform: ({ cloud, scheduler }, { path, n }) => {
      if (cloud.state.nodes.get(path as NodeId)?.kind !== 'file') throw errnoOf('ENOENT')
      cloud.server.damage(path as NodeId)
      scheduler.after(n!, () => cloud.state.damaged.clear())
    },
  },
  /** Rows of what was purged go for good (ED-10). */
  collect: {
    group: 'room',
    weight: 2,
    propose: () => ({}),
    perform: ({ cloud }) => cloud.server.collect(),
  },
}
