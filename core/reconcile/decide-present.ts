import type { Brake } from './brake.ts'
import {
  isExecutable,
  isGoneBack,
  isSameBytes,
  isSamePlaceOnBoth,
  localChange,
  remoteChange,
  type There,
} from './changes.ts'
import { decidePlacement, isMovedHere } from './decide-placement.ts'
import { act, ADOPT, NOT_EMPTY, NOTHING, READ_ONLY, WAIT, type Decision, type Judge } from './decision.ts'
import type { Device } from './device.ts'
import { CONTENT } from './item-table.ts'
import { isSamePlacement, type Item } from './item.ts'
import type { Moment } from './moment.ts'
import type { Block } from './names.ts'

/** An item that the server has and that should be here. */
export function decidePresent(moment: Moment, judge: Judge, item: Item): Decision {
  if (!item.local) return decideAbsentHere(moment, judge, item)
  if (!item.local.content) return WAIT
  const placement = decidePlacement(moment, item)
  if (placement.do !== 'nothing') return placement
  const content = decideContent(moment, item)
  return placement.blocked && !content.blocked ? { ...content, blocked: placement.blocked } : content
}

function decideAbsentHere(moment: Moment, judge: Judge, item: Item): Decision {
  const { brake, device } = moment
  // Made anew here: the two are one from this plan on.
  if (moment.here(item.id) !== item.id) return WAIT
  const action = CONTENT[localChange(item)][remoteChange(item)]
  if (action === 'create-local' || action === 'revive-local') return act({ do: 'create-local' })
  if (action !== 'remove-remote') return WAIT
  if (!device.canWrite || brake.remote === 'are-undone') return act({ do: 'create-local' })
  if (brake.remote === 'wait') return WAIT
  const fate = item.remote!.content.kind === 'folder' ? judge.remoteFate(item.id) : 'goes'
  if (fate === 'goes') return act({ do: 'trash-remote' })
  // P4, FD-05: with what this device had not seen the folder stays, and is here again.
  return fate === 'waits' ? WAIT : act({ do: 'create-local' })
}

/** RC-6. Both sides have it, in one place. */
function decideContent({ device, there, brake }: Moment, item: Item): Decision {
  const { remote, local, synced } = item
  const action = CONTENT[localChange(item)][remoteChange(item)]
  const bits = compareExecutable(item)
  const isOneContent = isSameBytes(remote!.content, local!.content!)
  if (action === 'nothing' || (isOneContent && action !== 'wait')) {
    if (bits === 'theirs') return act({ do: 'set-executable-local' })
    if (bits === 'mine') return act({ do: device.canWrite ? 'set-executable-remote' : 'set-executable-local' })
    return isNoted(item, there) ? NOTHING : ADOPT
  }
  switch (action) {
    case 'update-local':
      // RC-7: the bit that was set here is sent before the new bytes come, so that they come with it.
      return act({ do: bits === 'mine' && device.canWrite ? 'set-executable-remote' : 'update-local' })
    case 'update-remote':
      if (bits === 'theirs') return act({ do: 'set-executable-local' })
      return sendVersion(device, brake, item, remote!.contentRevision)
    case 'conflict':
      return sendVersion(device, brake, item, synced?.contentRevision ?? 0)
    default:
      return WAIT
  }
}

const SET_ASIDE: Decision = act({ do: 'set-aside' })
/** A revision that no version has: the server keeps its own at the name, and this one beside it. */
const NO_BASE = 0

/** Many that have gone back in time wait until somebody says that they are to be the newest (DB-02). */
function sendVersion(device: Device, { older }: Brake, item: Item, base: number): Decision {
  if (!device.canWrite) return SET_ASIDE
  if (older === 'go' || !isGoneBack(item)) return act({ do: 'upload-version', base })
  return older === 'wait' ? WAIT : act({ do: 'upload-version', base: NO_BASE })
}

/** Whose executable bit is the newer one, where they differ. */
function compareExecutable({ remote, local, synced }: Item): 'same' | 'mine' | 'theirs' {
  const [mine, theirs] = [isExecutable(local!.content!), isExecutable(remote!.content)]
  if (mine === theirs) return 'same'
  return synced && theirs === isExecutable(synced.content) ? 'mine' : 'theirs'
}

/** There is nothing that `adopt` would write. */
function isNoted({ remote, local, synced }: Item, there: There): boolean {
  if (synced === null) return false
  const isContentNoted =
    synced.contentRevision === remote!.contentRevision &&
    isSameBytes(synced.content, remote!.content) &&
    isExecutable(synced.content) === isExecutable(remote!.content)
  // It stands where the server cannot have it: of that there is nothing to agree on.
  if (!isSamePlaceOnBoth(local!.place, remote!.place, there)) return isContentNoted
  const isPlaceNoted =
    synced.placementRevision === remote!.placementRevision &&
    isSamePlacement(synced.place, remote!.place) &&
    synced.localName === local!.place.name
  return isContentNoted && isPlaceNoted
}

/** An item that the server has and that should not be here (P7, SS-*): it goes when the server has all of it. */
export function decideUnwanted(moment: Moment, judge: Judge, item: Item, blocked: Block | null): Decision {
  const decision = removeUnwanted(moment, judge, item)
  return decision.blocked ? decision : { ...decision, blocked }
}

function removeUnwanted(moment: Moment, judge: Judge, item: Item): Decision {
  const { remote, local, synced } = item
  if (!local) return synced ? act({ do: 'forget' }) : NOTHING
  if (!local.content) return WAIT
  if (isMovedHere(moment, item)) return act({ do: 'move-remote' })
  if (remote!.content.kind === 'folder') {
    const fate = judge.localFate(item.id)
    if (fate === 'is-held') return NOT_EMPTY
    return fate === 'goes' ? act({ do: 'remove-local' }) : WAIT
  }
  const isHeldThere = synced ? isSameBytes(local.content, synced.content) : isSameBytes(local.content, remote!.content)
  if (isHeldThere) return act({ do: 'remove-local' })
  if (!moment.device.canWrite) return READ_ONLY
  const isStale = !synced || remoteChange(item) === 'edited'
  return act({ do: 'upload-version', base: isStale ? (synced?.contentRevision ?? 0) : remote!.contentRevision })
}
