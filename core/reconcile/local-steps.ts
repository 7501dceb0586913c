import { editedHereName, nameKey, numberedName } from '../names.ts'
import { isExecutable } from './changes.ts'
import { NOT_EMPTY } from './decision.ts'
import type { Item, ItemId, Placement } from './item.ts'
import type { Lineup } from './lineup.ts'
import type { Moment } from './moment.ts'
import { isNameOfParked, parkedName } from './parked-name.ts'
import type { Block } from './names.ts'
import type { Expectation } from './step.ts'
import { asDependency, asGround, below, circleOf, isBelow, type Outcome, type Task } from './task.ts'

/** Steps on the disk, each when those before it were done. */

/** Of numbered names. */
export const NAMES_TRIED = 1_000

const expectItem = ({ local }: Item): Expectation => ({ is: 'content', content: local!.content!, stamp: local!.stamp })

export function* createLocal(lineup: Lineup, item: Item): Task {
  const { id, remote } = item
  const to = remote!.place
  const twin = lineup.moment.here(id)
  if (twin !== id) return asDependency(yield lineup.perform(twin))
  const ground = yield groundLocal(lineup, to.parent)
  if (ground !== 'done') return asDependency(ground)
  const free = yield* freeLocalName(lineup, id, to)
  if (free !== 'done') return free
  return lineup.pushMove(
    'local',
    id,
    remote!.content.kind === 'folder'
      ? { do: 'make-local-folder', item: id, to }
      : { do: 'download', item: id, to, expects: { is: 'nothing' } },
    to,
  )
}

export const updateLocal = (lineup: Lineup, item: Item): Outcome =>
  lineup.push(item.id, { do: 'download', item: item.id, to: item.local!.place, expects: expectItem(item) })

export const setExecutableLocal = (lineup: Lineup, item: Item): Outcome =>
  lineup.push(item.id, {
    do: 'set-executable-local',
    item: item.id,
    executable: isExecutable(item.remote!.content),
    expects: expectItem(item),
  })

/** @param to where the server has it */
export function* moveLocal(lineup: Lineup, item: Item, to: Placement): Task {
  const { id } = item
  const ground = yield groundLocal(lineup, to.parent)
  if (lineup.hasStep(id)) return 'done'
  if (isBelow(ground)) return { blocked: ground.below }
  if (ground !== 'done' && !(circleOf(ground) === id && lineup.slots.isThere('local', to.parent)))
    return asDependency(ground)
  // Its new folder is still below it: that one leaves first, in this plan or the next, unless it cannot.
  if (lineup.slots.isBelow('local', to.parent, id)) return blockedOnWay(lineup, to.parent, id) ?? 'waits'
  const free = yield* freeLocalName(lineup, id, to)
  if (lineup.hasStep(id)) return 'done'
  if (free !== 'done') return free
  return lineup.pushMove('local', id, { do: 'move-local', item: id, to, expects: expectItem(item) }, to)
}

/** What keeps a folder here, or one above it, from leaving `top`. */
function blockedOnWay({ moment }: Lineup, folder: ItemId, top: ItemId): Outcome | null {
  const seen = new Set<ItemId>()
  for (let at = moment.here(folder); at !== top && !seen.has(at);) {
    seen.add(at)
    const { local, blocked } = moment.item(at) ?? {}
    if (blocked) return { blocked }
    if (!local) return null
    at = local.place.parent
  }
  return null
}

/** Children first, each by itself (P1). What was moved out leaves before (MD-03). */
export function* removeLocal(lineup: Lineup, item: Item): Task {
  const { id } = item
  if (item.local!.kind === 'folder') {
    const children = [...lineup.moment.trees.children('local', id)]
    for (const child of children) {
      const outcome = yield lineup.perform(child)
      if (lineup.hasStep(id)) return 'done'
      if (lineup.slots.placeOf('local', child)?.parent !== id) continue
      if (typeof outcome === 'object' && 'blocked' in outcome) return { blocked: NOT_EMPTY.blocked! }
      return circleOf(outcome) === null ? 'waits' : outcome
    }
  }
  return lineup.pushMove('local', id, { do: 'remove-local', item: id, expects: expectItem(item) }, null)
}

/** To the first free `name (2)`, `name (3)` …, on both sides; out of a name of ours to the one that it had. */
export function dislodge(lineup: Lineup, item: Item): Outcome {
  const { name } = item.local!.place
  const isOurs = isNameOfParked(name)
  const wanted = nameKey(isOurs ? (item.synced?.place.name ?? 'recovered') : name)
  const to = firstFree(lineup, item, {
    from: isOurs ? 1 : 2,
    name: (n) => (n === 1 ? wanted : numberedName(wanted, n)),
  })
  if (to === null) return { blocked: CROWDED }
  return lineup.pushMove('local', item.id, { do: 'move-local', item: item.id, to, expects: expectItem(item) }, to)
}

/** To the first free `name (edited here)`, on both sides: with the next plan what the server has comes to the name. */
export function setAside(lineup: Lineup, item: Item): Outcome {
  const { name } = item.local!.place
  const to = firstFree(lineup, item, { from: 1, name: (number) => editedHereName(name, number) })
  if (to === null) return { blocked: CROWDED }
  return lineup.pushMove('local', item.id, { do: 'set-aside', item: item.id, to, expects: expectItem(item) }, to)
}

const CROWDED: Block = { reason: 'name-clash', detail: 'too many siblings of this name' }

function firstFree(
  { slots }: Lineup,
  { id, local }: Item,
  { from, name }: { from: number; name: (number: number) => string },
): Placement | null {
  for (let number = from; number < NAMES_TRIED; number++) {
    const to = { parent: local!.place.parent, name: name(number) }
    if (!slots.remoteHolder(to, id) && slots.localHolders(to, id).length === 0) return to
  }
  return null
}

/** The folder is on the disk, and in its place. @param folder by the id that the server has for it */
function* groundLocal(lineup: Lineup, folder: ItemId): Task {
  const { moment, grounded } = lineup
  if (grounded.local.has(folder)) return 'done'
  const here = moment.here(folder)
  const { local, blocked } = moment.item(here) ?? {}
  // A pipe stands where it was, or nobody may enter it: nothing can be put into it until a scan finds otherwise.
  if (local && blocked && moment.device.isSeenOnDisk?.(blocked)) return below(blocked)
  const { do: next } = here === folder ? lineup.decide(folder) : { do: 'create-local' as const }
  if (next === 'create-local') {
    const outcome = yield lineup.perform(here)
    if (outcome !== 'done') return asGround(outcome)
  } else if (!moment.item(here)?.local || next === 'remove-local')
    return isLeftAlone(moment, folder) ? below(LEFT_OUT) : 'waits'
  // Its own move may wait: what goes into it goes into it wherever it is.
  else if (next === 'move-local' || next === 'move-remote') {
    const outcome = yield lineup.perform(folder)
    if (circleOf(outcome) !== null) return outcome
  }
  const place = lineup.slots.placeOf('local', here)
  if (place) {
    const above = yield groundLocal(lineup, moment.there(place.parent))
    if (above !== 'done') return above
  }
  grounded.local.add(folder)
  return 'done'
}

const LEFT_OUT: Block = { reason: 'left-out', detail: 'it is ignored on this device' }

function isLeftAlone({ item, device }: Moment, id: ItemId): boolean {
  const folder = item(id)
  return folder !== null && device.isLeftAlone(folder)
}

/** Whoever is about to leave the name leaves it. Whatever the server has not settled is waited for: only it gives names (CR-02). */
function* freeLocalName(lineup: Lineup, id: ItemId, place: Placement): Task {
  for (const holder of lineup.slots.localHolders(place, id)) {
    const decision = lineup.decide(holder)
    switch (decision.do) {
      case 'move-local':
      case 'remove-local':
      case 'dislodge': {
        const outcome = yield lineup.perform(holder)
        if (lineup.hasStep(id) || !lineup.slots.localHolders(place, id).includes(holder)) continue
        if (typeof outcome === 'object' && 'blocked' in outcome) return { blocked: NAME_HELD }
        if (circleOf(outcome) === null) return 'waits'
        const parked = parkLocal(lineup, holder)
        if (parked !== 'done') return parked
        continue
      }
      case 'nothing':
        return { blocked: NAME_HELD }
      default:
        // A pipe, a folder that does not get empty: it may stay like this for ever.
        return lineup.moment.item(holder)!.blocked ? { blocked: NAME_HELD } : 'waits'
    }
  }
  return 'done'
}

export const NAME_HELD: Block = {
  reason: 'name-clash',
  detail: 'something that is not synchronised has this name here',
}

function parkLocal(lineup: Lineup, id: ItemId): Outcome {
  if (lineup.hasStep(id)) return 'waits'
  const item = lineup.moment.item(id)!
  const to = { parent: item.local!.place.parent, name: parkedName(id) }
  return lineup.pushMove('local', id, { do: 'park-local', item: id, expects: expectItem(item) }, to)
}
