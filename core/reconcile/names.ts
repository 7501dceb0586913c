import { utf8Length } from '../names.ts'
import type { Abilities } from './abilities.ts'
import { alike } from './alike.ts'
import type { BlockReason } from './item.ts'

/** What a device can hold of what the server has (P7): what it cannot is blocked, with the reason that a person is shown. */
export type Block = { reason: BlockReason; detail: string }

/** In the root of every device, a folder of ours has this name: what the server has there of this name is blocked. */
export const OWN_NAME = '.bitvault'

/** With and without an extension: `aux.txt` is refused, `console.txt` is not (NM-08). */
const WINDOWS_DEVICES = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i
const WINDOWS_CHARACTERS = '<>:"\\|?*'

/** Why this system cannot hold a file of this name; `null` when it can. */
export function findLocalNameFault(name: string, abilities: Abilities): Block | null {
  const { nameMax } = abilities
  const units = countUnits(name, abilities)
  if (units > nameMax.units) return notPossible(`the name has ${units} ${nameMax.of} units, at most ${nameMax.units}`)
  return abilities.refuses === 'windows' ? findWindowsFault(name) : null
}

function findWindowsFault(name: string): Block | null {
  for (const character of name)
    if (WINDOWS_CHARACTERS.includes(character) || character < ' ')
      return notPossible(`the name holds ${JSON.stringify(character)}`)
  const last = name.at(-1)
  if (last === ' ' || last === '.') return notPossible(`the name ends in ${JSON.stringify(last)}`)
  const stem = name.split('.', 1)[0]!.trimEnd()
  return WINDOWS_DEVICES.test(stem) ? notPossible(`${stem} is the name of a device`) : null
}

const notPossible = (detail: string): Block => ({ reason: 'name-not-possible', detail })

/** As long as the disk takes it for: a name may be longer decomposed. */
export function countUnits(name: string, { normalises, nameMax }: Abilities): number {
  const stored = normalises === 'nothing' ? name : name.normalize(normalises === 'nfd' ? 'NFD' : 'NFC')
  return nameMax.of === 'utf8' ? utf8Length(stored) : stored.length
}

/** The disk cannot hold both names in one folder (NM-01, NM-05). */
export const isSameOnDisk = (a: string, b: string, abilities: Abilities): boolean =>
  diskKey(a, abilities) === diskKey(b, abilities)

function diskKey(name: string, { isCaseSensitive, normalises }: Abilities): string {
  const stored = normalises === 'nothing' ? name : name.normalize('NFC')
  if (isCaseSensitive) return stored
  return normalises === 'nothing' ? stored.toLowerCase() : alike(name)
}
