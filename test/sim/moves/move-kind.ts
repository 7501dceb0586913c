import type { Device } from '../device.ts'
import type { Dice } from '../dice.ts'
import type { Move, MoveGroup } from '../script.ts'
import type { World } from '../world.ts'

export type Told = Omit<Move, 'do' | 'on'>

/** Something that a person, a disk or the world may do to a device. */
export type DeviceMove = {
  group: MoveGroup
  weight: number
  /** With what it could be done now; `null`: not at all. */
  propose(at: { device: Device; dice: Dice }): Told | null
  /** @throws the system's errors: it cannot be done, and nothing was */
  perform(device: Device, told: Move): void
}

/** The same, of the server and the web. */
export type ServerMove = {
  group: MoveGroup
  weight: number
  propose(at: { world: World; dice: Dice }): Told | null
  perform(world: World, told: Move): void
}

/** Mostly short, two minutes at most. */
export const forAWhile = ({ dice }: { dice: Dice }): Told => ({ n: Math.round(dice.fraction() ** 2 * 120_000_000) })

export const inFolder = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`)
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const NAMES = ['a', 'b', 'c', 'd.txt', 'e.txt']
/** Names that some systems cannot hold, or take for another one. */
const HARD_NAMES = [
  'A',
  'D.txt',
  'caf\u00e9',
  'cafe\u0301',
  'con.txt',
  'end.',
  'what?',
  `${'long'.repeat(45)}.txt`,
  `${'\u00e9'.repeat(100)}`,
  '.hidden',
  '~$d.docx',
  '.bitvault',
  '.bitvault-moving-x',
  'a (conflicted copy)',
]

export function someName(device: Device | null, dice: Dice): string {
  const isHard = (device === null || device.world.script.config.groups.includes('names')) && dice.chance(0.15)
  return dice.pick(isHard ? HARD_NAMES : NAMES)
}

export const someFolder = ({ hands }: Device, dice: Dice): string => dice.pick(['', '', ...hands.folders()])
export const someFile = ({ hands }: Device, dice: Dice): string | null => dice.pickOrNull(hands.files())
export const someThing = ({ hands }: Device, dice: Dice): string | null => dice.pickOrNull(hands.paths())

/** Where nothing is yet. */
export function somePlace(device: Device, dice: Dice): string | null {
  const path = inFolder(someFolder(device, dice), someName(device, dice))
  return path === '.bitvault' || device.tree.at(path) !== null ? null : path
}

export const someSize = (dice: Dice): number => dice.pick([6, 12, 20, 20, 40, 300])
