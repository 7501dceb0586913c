import { findNameFault, nameFaultDetail } from '../names.ts'
import { isSamePlaceOnBoth, localPlacement, remotePlacement } from './changes.ts'
import { act, blockedBy, NOTHING, type Decision } from './decision.ts'
import { PLACEMENT } from './item-table.ts'
import type { Item } from './item.ts'
import type { Moment } from './moment.ts'
import type { Block } from './names.ts'
import { isNameOfParked } from './parked-name.ts'

/** RC-5. Of what both sides have. `nothing` with a block: it stands where the server cannot have it. */
export function decidePlacement(moment: Moment, item: Item): Decision {
  const { remote, local, synced } = item
  const { there, device } = moment
  if (isSamePlaceOnBoth(local!.place, remote!.place, there)) return NOTHING
  if (!synced) return act({ do: 'move-local' })
  switch (PLACEMENT[localPlacement(item, there)][remotePlacement(item, there)]) {
    case 'nothing':
      return NOTHING
    case 'move-local':
      return act({ do: 'move-local' })
    case 'move-remote': {
      if (!device.canWrite) return act({ do: 'move-local' })
      // A person has given it the name under which another item stood aside.
      if (isNameOfParked(local!.place.name)) return act({ do: 'dislodge' })
      const fault = findServerNameFault(local!.place.name)
      return fault ? blockedBy(fault) : act({ do: 'move-remote' })
    }
  }
}

/** A person moved it here, and the server can have it there: asked without what is in it. */
export const isMovedHere = (moment: Moment, item: Item): boolean =>
  item.synced !== null && decidePlacement(moment, item).do === 'move-remote'

/** What no system could hold is not sent (names.md). */
export function findServerNameFault(name: string): Block | null {
  const fault = findNameFault(name)
  if (fault === null) return null
  const isText = fault !== 'not-unicode' && fault !== 'control'
  return { reason: isText ? 'name-not-possible' : 'not-utf8', detail: nameFaultDetail(fault) }
}
