import { nameKey } from '../names.ts'
import { findServerNameFault, isMovedHere } from './decide-placement.ts'
import { isSameBytes, localChange, remoteChange } from './changes.ts'
import { act, blockedBy, DISLODGE, NOT_EMPTY, NOTHING, READ_ONLY, WAIT, type Decision, type Judge } from './decision.ts'
import { CONTENT } from './item-table.ts'
import type { Item } from './item.ts'
import type { Moment } from './moment.ts'
import type { Block } from './names.ts'
import { isNameOfParked } from './parked-name.ts'

/** An item that the server does not have: new here, or gone there (RC-3, RC-4). */
export function decideMissing(moment: Moment, judge: Judge, item: Item): Decision {
  const pair = moment.pairOf(item.id)
  if (pair) return { do: 'pair', with: pair, blocked: null }
  const action = CONTENT[localChange(item)][remoteChange(item)]
  switch (action) {
    case 'forget':
      return item.synced || item.blocked ? { do: 'forget', blocked: null } : NOTHING
    case 'create-remote':
      return makeThere(moment, judge, item)
    case 'revive-remote':
      if (!moment.device.canWrite) return keepHere(moment, item)
      return { do: 'upload-version', base: item.synced!.contentRevision, blocked: null }
    case 'remove-local':
      return removeHere(moment, judge, item)
    default:
      return WAIT
  }
}

function removeHere(moment: Moment, judge: Judge, item: Item): Decision {
  if (moment.brake.local === 'wait') return WAIT
  if (moment.brake.local === 'are-undone') return makeThere(moment, judge, item)
  const fate = item.local!.kind === 'folder' ? judge.localFate(item.id) : 'goes'
  switch (fate) {
    case 'goes':
      return { do: 'remove-local', blocked: null }
    case 'stays':
      return makeThere(moment, judge, item)
    case 'waits':
      return WAIT
    case 'is-held':
      return NOT_EMPTY
  }
}

function makeThere(moment: Moment, judge: Judge, item: Item): Decision {
  if (!moment.device.canWrite) return keepHere(moment, item)
  const fault = findServerNameFault(item.local!.place.name)
  if (fault) return blockedBy(fault)
  if (isNameOfParked(item.local!.place.name)) return DISLODGE
  if (moment.strongerTwin(item)) return blockedBy(NAMED_TWICE)
  return isNameLost(moment, judge, item) ? DISLODGE : act({ do: 'create-remote' })
}

/** Where one may only read, what is only here makes room for what the server has (SH-03). */
function keepHere(moment: Moment, { id, local }: Item): Decision {
  const holder = moment.trees.childNamed('remote', moment.there(local!.place.parent), nameKey(local!.place.name))
  const isRoomWanted = holder !== null && holder !== id && !moment.item(holder)?.local && moment.isWanted(holder)
  return isRoomWanted ? DISLODGE : READ_ONLY
}

const NAMED_TWICE: Block = { reason: 'name-clash', detail: 'another spelling of the same name is here' }

/**
 * Files stand beside what has their name, under that of a conflicted copy; the server makes no such copy of a folder, nor of bytes that are the
 * same, and those it would take for the file that is on its way to this name.
 */
function isNameLost(moment: Moment, judge: Judge, { id, local }: Item): boolean {
  const parent = moment.there(local!.place.parent)
  const holder = moment.trees.childNamed('remote', parent, nameKey(local!.place.name))
  if (!holder || holder === id) return false
  const other = moment.item(holder)!
  if (!other.local) return judge.decide(holder).do !== 'trash-remote' && local!.kind === 'folder'
  if (isMovedHere(moment, other)) return false
  return local!.kind === 'folder' || isSameBytes(local!.content!, other.remote!.content)
}
