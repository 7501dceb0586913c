import { invariant } from '../errors.ts'
import { nameKey, numberedName } from '../names.ts'
import { isExecutable, isSameBytes } from './changes.ts'
import type { Item, ItemId, Placement } from './item.ts'
import type { Lineup } from './lineup.ts'
import { createLocal, dislodge, moveLocal, NAMES_TRIED, removeLocal } from './local-steps.ts'
import { asDependency, below, circleOf, isBelow, type Outcome, type Task } from './task.ts'

/** Steps that go to the server, each when those before it were taken. */

export function* createRemote(lineup: Lineup, item: Item): Task {
  const local = item.local!
  const ground = yield groundRemote(lineup, local.place.parent)
  if (ground !== 'done') return asDependency(ground)
  const place = placeThere(lineup, local.place)
  const free = yield* freeRemoteName(lineup, item.id, place)
  if (free !== 'done') return 'waits'
  const holder = lineup.slots.remoteHolder(place, item.id)
  // The server would refuse it, or take it for the other: by the next plan one of the two has another name here.
  if (holder && isTakenFrom(lineup, item, holder)) return lineup.undone.has(holder) ? dislodge(lineup, item) : 'waits'
  if (local.kind === 'folder')
    return lineup.pushMove('remote', item.id, { do: 'create-remote-folder', item: item.id, place }, place)
  const step = { do: 'upload-new', item: item.id, place, content: local.content!, stamp: local.stamp } as const
  // Who comes second gets another name from the server; here it is not known which.
  return holder ? lineup.push(item.id, step) : lineup.pushMove('remote', item.id, step, place)
}

function isTakenFrom(lineup: Lineup, { local }: Item, holder: ItemId): boolean {
  const other = lineup.moment.item(holder)
  return (
    local!.kind === 'folder' || (!!other?.local && !!other.remote && isSameBytes(local!.content!, other.remote.content))
  )
}

export function uploadVersion(lineup: Lineup, { id, local, remote }: Item, base: number): Outcome {
  const { content, stamp } = local!
  const step = { do: 'upload-version', item: id, base, content: content!, stamp } as const
  return remote ? lineup.push(id, step) : lineup.pushLast(id, step)
}

export const setExecutableRemote = (lineup: Lineup, { id, local }: Item): Outcome =>
  lineup.push(id, { do: 'set-executable-remote', item: id, executable: isExecutable(local!.content!) })

export function* moveRemote(lineup: Lineup, item: Item): Task {
  const { id, local, remote } = item
  const ground = yield groundRemote(lineup, local!.place.parent)
  if (lineup.hasStep(id)) return 'done'
  const to = placeThere(lineup, local!.place)
  // It was moved to where the server cannot have it.
  if (isBelow(ground)) return { blocked: ground.below }
  // P5, MV-03: the server's moves hold; a folder that would then lie below itself goes back here.
  const isHead = circleOf(ground) === id
  if ((ground === 'done' || isHead) && lineup.slots.isBelow('remote', to.parent, id)) {
    lineup.undone.add(id)
    if (lineup.moment.isWanted(id)) return yield* moveLocal(lineup, item, remote!.place)
    return lineup.localFate(id) === 'goes' ? yield* removeLocal(lineup, item) : 'waits'
  }
  if (ground !== 'done' && !(isHead && lineup.slots.isThere('remote', to.parent))) return asDependency(ground)
  const free = yield* freeRemoteName(lineup, id, to)
  if (lineup.hasStep(id)) return 'done'
  const base = remote!.placementRevision
  // What is to be trashed waits for this one to leave it: this one goes ahead, and takes the name when it is free.
  const isCircle = circleOf(free) !== null
  if (free !== 'done' && !isCircle) return asDependency(free)
  const target = isCircle ? aside(lineup, id, to) : to
  if (target === null) return 'waits'
  return lineup.pushMove('remote', id, { do: 'move-remote', item: id, to: target, base }, target)
}

/** The topmost folder of what was deleted here goes as one (P4, FD-07). */
export function* trashRemote(lineup: Lineup, item: Item): Task {
  const { id, remote } = item
  const { parent } = remote!.place
  if (lineup.decide(parent).do === 'trash-remote') return asDependency(yield lineup.perform(parent))
  if (remote!.content.kind === 'folder') {
    const left = yield* letLeave(lineup, id)
    if (lineup.hasStep(id)) return 'done'
    if (left === 'stays') return yield* createLocal(lineup, item)
    if (left !== 'done') return left
  }
  return lineup.pushMove('remote', id, { do: 'trash-remote', item: id, base: remote!.contentRevision }, null)
}

/**
 * What was moved out of a folder that is deleted leaves it first (MD-03, MD-06). `stays`: something comes back to it, so it stays
 * for that.
 */
function* letLeave(lineup: Lineup, folder: ItemId): Generator<Task, Outcome | 'stays', Outcome> {
  const folders = [folder]
  for (const at of folders) {
    const children = [...lineup.moment.trees.children('remote', at)]
    for (const child of children) {
      if (lineup.slots.placeOf('remote', child)?.parent !== at) continue
      if (lineup.decide(child).do === 'move-remote') {
        const outcome = yield lineup.perform(child)
        if (lineup.undone.has(child)) return 'stays'
        if (lineup.slots.placeOf('remote', child)?.parent === at)
          return asDependency(outcome === 'done' ? 'waits' : outcome)
      } else if (lineup.moment.item(child)?.remote?.content.kind === 'folder') folders.push(child)
    }
  }
  return 'done'
}

/** The folder is on the server, and in its place. @param folder by the id that it has here */
function* groundRemote(lineup: Lineup, folder: ItemId): Task {
  const { moment, grounded } = lineup
  if (grounded.remote.has(folder)) return 'done'
  const decision = lineup.decide(folder)
  if (decision.do === 'pair' || decision.do === 'create-remote') {
    const outcome = yield lineup.perform(folder)
    if (outcome !== 'done') return asDependency(outcome)
  } else if (!moment.item(folder)?.remote || decision.do === 'trash-remote') {
    return decision.blocked ? below(decision.blocked) : 'waits'
  }
  // Its own move may wait: what goes into it goes into it wherever it is.
  else if (decision.do === 'move-remote') {
    const outcome = yield lineup.perform(folder)
    if (circleOf(outcome) !== null) return outcome
  }
  const place = lineup.slots.placeOf('remote', moment.there(folder))
  if (place) {
    const above = yield groundRemote(lineup, place.parent)
    if (above !== 'done') return above
  }
  grounded.remote.add(folder)
  return 'done'
}

/** Whoever is about to leave the name leaves it; of whoever stays, the server decides (P2, MV-02). */
function* freeRemoteName(lineup: Lineup, id: ItemId, place: Placement): Task {
  const holder = lineup.slots.remoteHolder(place, id)
  if (!holder) return 'done'
  // Otherwise the server would take the two for people who disagree, where one person has put one in the place of the other.
  if (lineup.moment.isAboutToLeave(holder)) return 'waits'
  const { do: next } = lineup.decide(holder)
  if (next !== 'move-remote' && next !== 'trash-remote') return 'done'
  const outcome = yield lineup.perform(holder)
  if (lineup.hasStep(id) || lineup.undone.has(holder)) return 'done'
  if (lineup.slots.remoteHolder(place, id) !== holder) return 'done'
  if (circleOf(outcome) === null) return 'waits'
  return next === 'trash-remote' ? outcome : parkRemote(lineup, holder)
}

function parkRemote(lineup: Lineup, id: ItemId): Outcome {
  if (lineup.hasStep(id)) return 'waits'
  const { remote } = lineup.moment.item(id)!
  invariant(remote, 'what has a name on the server is there')
  const to = aside(lineup, id, remote.place)
  if (to === null) return 'waits'
  return lineup.pushMove('remote', id, { do: 'move-remote', item: id, to, base: remote.placementRevision }, to)
}

/** A name that makes sense to people: should nobody come to move it on, it stays. */
function aside(lineup: Lineup, id: ItemId, { parent, name }: Placement): Placement | null {
  for (let number = 2; number < NAMES_TRIED; number++) {
    const to = { parent, name: numberedName(nameKey(name), number) }
    if (!lineup.slots.remoteHolder(to, id)) return to
  }
  return null
}

const placeThere = (lineup: Lineup, { parent, name }: Placement): Placement => ({
  parent: lineup.moment.there(parent),
  name: nameKey(name),
})
