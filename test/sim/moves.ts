import { isOwnPath } from '../../client/sync/own-folder.ts'
import type { Dice } from './dice.ts'
import { CHOICE_MOVES } from './moves/choice-moves.ts'
import { CLOCK_MOVES, SERVER_CLOCK_MOVES } from './moves/clock-moves.ts'
import { DEVICE_MOVES } from './moves/device-moves.ts'
import { FILE_MOVES } from './moves/file-moves.ts'
import { HINT_MOVES } from './moves/hint-moves.ts'
import { LATER_MOVES } from './moves/later-moves.ts'
import { MOUNT_MOVES } from './moves/mount-moves.ts'
import { someName, type DeviceMove, type ServerMove } from './moves/move-kind.ts'
import { NETWORK_MOVES, SERVER_NETWORK_MOVES } from './moves/network-moves.ts'
import { PEOPLE_MOVES, SERVER_PEOPLE_MOVES } from './moves/people-moves.ts'
import { PROCESS_MOVES } from './moves/process-moves.ts'
import { ROOM_MOVES, SERVER_ROOM_MOVES } from './moves/room-moves.ts'
import { SESSION_MOVES } from './moves/session-moves.ts'
import { SERVER_MOVES } from './moves/server-moves.ts'
import { STORE_MOVES } from './moves/store-moves.ts'
import { TREE_MOVES } from './moves/tree-moves.ts'
import { WEB_MOVES } from './moves/web-moves.ts'
import type { Move } from './script.ts'
import { AFTER_LOOK } from './virtual-disk-changes.ts'
import type { Interruption, World } from './world.ts'

/** All that may happen (SYNC-CASES, the adversary's moves), by name. */
const OF_MACHINES: Record<string, DeviceMove> = {
  ...DEVICE_MOVES,
  ...CHOICE_MOVES,
  ...STORE_MOVES,
  ...HINT_MOVES,
  ...CLOCK_MOVES,
  ...NETWORK_MOVES,
  ...PROCESS_MOVES,
  ...ROOM_MOVES,
  ...SESSION_MOVES,
  ...MOUNT_MOVES,
}
export const ON_DEVICE: Record<string, DeviceMove> = {
  ...FILE_MOVES,
  ...TREE_MOVES,
  ...OF_MACHINES,
  ...PEOPLE_MOVES,
  ...LATER_MOVES,
}
export const ON_SERVER: Record<string, ServerMove> = {
  ...WEB_MOVES,
  ...SERVER_MOVES,
  ...SERVER_CLOCK_MOVES,
  ...SERVER_NETWORK_MOVES,
  ...SERVER_ROOM_MOVES,
  ...SERVER_PEOPLE_MOVES,
}

/** Moves that fit between two things that the engine does to one path. */
const AT_ONCE = [
  'write',
  'write-same-size',
  'append',
  'save-atomic',
  'delete',
  'rename',
  'save-aside',
  'touch',
] as const

const IN_PLACE = ['write', 'write-same-size', 'append'] as const

const ATTEMPTS = 4

/** @returns what somebody does next, or `null`: nothing comes to mind */
export function proposeMove(world: World, dice: Dice): Move | null {
  const { groups } = world.script.config
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const weights: Record<string, number> = {}
    for (const [name, { group, weight }] of Object.entries({ ...ON_DEVICE, ...ON_SERVER }))
      if (groups.includes(group)) weights[name] = weight
    const name = dice.weighted(weights)
    const move = name in ON_SERVER ? proposeOnServer(world, name, dice) : proposeOnDevice(world, name, dice)
    if (move) return move
  }
  return null
}

function proposeOnServer(world: World, name: string, dice: Dice): Move | null {
  const told = ON_SERVER[name]!.propose({ world, dice })
  return told && { do: name, on: -1, ...told }
}

function proposeOnDevice(world: World, name: string, dice: Dice): Move | null {
  const isPersons = !(name in OF_MACHINES)
  const devices = world.devices.filter(({ config, isUnmounted }) => !isPersons || (config.isActive && !isUnmounted))
  const device = dice.pickOrNull(devices)
  const told = device && ON_DEVICE[name]!.propose({ device, dice })
  return told && { do: name, on: device.index, ...told }
}

/** What a device has sent was done, and it will not hear of it: `detail` are the nodes. */
export const isUnheard = ({ gap, detail }: Pick<Interruption, 'gap' | 'detail'>): boolean =>
  detail !== '' && (gap === 'before upload-reply' || gap === 'before push-reply')

/** Something that happens to one path at the very moment at which the engine works on it. */
export function proposeAt(at: Interruption, dice: Dice): Move | null {
  return isUnheard(at) ? proposeUnheard(at, dice) : proposeOnPath(at, dice)
}

/** Somebody else gets in before it is sent again: one that is done twice is a conflict only then (I11). */
function proposeUnheard({ device: { world }, detail }: Interruption, dice: Dice): Move {
  const path = dice.pick(detail.split(' '))
  switch (dice.weighted({ edit: 4, rename: 1, trash: 1 })) {
    case 'edit':
      return { do: 'web-edit', on: -1, path, bytes: ++world.lastBytes, size: 18 }
    case 'rename':
      return { do: 'web-rename', on: -1, path, to: someName(null, dice) }
    case 'trash':
      return { do: 'web-trash', on: -1, path }
  }
}

function proposeOnPath({ device, path, gap }: Interruption, dice: Dice): Move | null {
  if (device.isUnmounted) return null
  const at = path.split(' -> ').at(dice.int(2)) ?? path
  const isThere = device.tree.at(at)?.inode.kind === 'file'
  // What we keep has no name that a person knows; a program may still have it open.
  const isKept = isOwnPath(at)
  if (isKept && !isThere) return null
  const name = isThere
    ? dice.pick(isKept || gap === AFTER_LOOK ? IN_PLACE : AT_ONCE)
    : dice.pick(['create', 'make-folder', 'rename', 'delete', 'move'])
  const told = ON_DEVICE[name]!.propose({ device, dice })
  if (told === null) return null
  if (isThere) return { do: name, on: device.index, ...told, path: at }
  return {
    do: name,
    on: device.index,
    ...told,
    ...(name === 'create' && at !== '' && !device.tree.at(at) && { path: at }),
  }
}

/** @returns whether anything came of it */
export function doMove(world: World, move: Move): boolean {
  const before = sumOf(world)
  try {
    if (move.on < 0) ON_SERVER[move.do]!.perform(world, move)
    else if (world.devices[move.on]) ON_DEVICE[move.do]!.perform(world.devices[move.on]!, move)
    else return false
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    // Some of it may have been done.
    return sumOf(world) !== before
  }
}

const sumOf = ({ devices, cloud }: World): number =>
  devices.reduce((sum, { tree }) => sum + tree.changes, cloud.state.seq)
