import { bringBack, isOther } from './bring-back.ts'
import type { Item, ItemContent, RemoteState } from '../../core/reconcile/item.ts'
import type { LocalStep } from '../../core/reconcile/step.ts'
import { noteSuccess, type Course } from './course.ts'
import { requireFreeName } from './free-name.ts'
import { serverProof, type Proof } from './guard.ts'
import { folderOf, localPath, pathOfPlace } from './local-path.ts'
import { agreedState, placedState } from './local-states.ts'
import type { DiskEntry, FinishedTemp, LocalPath } from './ports.ts'
import { Guarded, Otherwise } from './otherwise.ts'
import { lookTwice } from './second-look.ts'

export type DownloadStep = Extract<LocalStep, { do: 'download' }>
export type Wanted = { step: DownloadStep; remote: RemoteState }

/**
 * Gives a fetched file its name. Whoever calls shares the disk.
 * @returns `false`: it is not wanted any more
 * @throws Otherwise, Guarded; what the disk throws
 */
export async function placeFile(course: Course, wanted: Wanted, temp: FinishedTemp): Promise<boolean> {
  const ready = await makeReady(course, wanted)
  if (ready === null) return false
  const { path, displaced } = ready
  course.again.touched(folderOf(path))
  if (displaced === null) {
    noteArrival(course, wanted, await course.disk.placeNew(temp, path))
    return true
  }
  const { placed, displaced: kept, kept: keptAt } = await course.disk.replace(temp, path, displaced.stamp)
  try {
    // Somebody wrote into it between our second look and now: that is theirs, and gets a name of its own (EE-05).
    if (await isOther(course, { path: keptAt, stamp: kept }, { stamp: displaced.stamp, content: ready.content }))
      await bringBack(course, keptAt, path)
  } finally {
    // Last: who dies before has announced it, and looks after it at the next start.
    noteArrival(course, wanted, placed)
  }
  return true
}

/** As `placeFile`, of a symbolic link. */
export async function placeLink(course: Course, wanted: Wanted): Promise<void> {
  const ready = await makeReady(course, wanted)
  const { content } = wanted.remote
  if (ready === null || content.kind !== 'symlink') return
  course.again.touched(folderOf(ready.path))
  if (ready.displaced !== null) await course.disk.discard(ready.path, ready.displaced.stamp)
  noteArrival(course, wanted, await course.disk.makeSymlink(ready.path, content.target))
}

type Ready = { path: LocalPath; displaced: DiskEntry | null; content: ItemContent | null }

/**
 * Everything is still as the plan thought, and what is displaced is held elsewhere.
 * @returns `null`: there is a newer version by now, or none
 */
async function makeReady(course: Course, { step, remote }: Wanted): Promise<Ready | null> {
  const { store, disk, guard } = course
  course.signal.throwIfAborted()
  const item = store.item(step.item)
  if (item?.remote?.contentRevision !== remote.contentRevision) return null
  const isNew = step.expects.is === 'nothing'
  if (isNew !== (item.local === null)) throw new Otherwise()
  if (isNew) requireFreeName(course, item.id, step.to)
  const path = isNew ? pathOfPlace(store, step.to) : localPath(store, item.id)
  if (path === null) throw new Otherwise()
  const found = await lookTwice(disk, item, path, step.expects)
  if (found.is === 'other') throw new Otherwise()
  if (found.entry !== null && guard.ask(item.id, found.content, proofOf(item, found.content)).is === 'refused')
    throw new Guarded()
  return { path, displaced: found.entry, content: found.content }
}

/** Where a conflict alone holds the bytes, the server has acknowledged them, though not as a revision of this node (CF-5). */
export function proofOf(item: Item, displaced: ItemContent | null): Proof {
  const proof = serverProof(item, displaced)
  return proof.held === 'server' && proof.revision === 0 ? { ...proof, revision: 1 } : proof
}

function noteArrival(course: Course, { step, remote }: Wanted, entry: DiskEntry): void {
  const { store, disk, writes } = course
  const { content } = remote
  writes.add((to) => {
    const item = store.item(step.item)
    const parent = step.expects.is === 'nothing' ? step.to.parent : (item?.local?.place.parent ?? step.to.parent)
    to.setLocal(step.item, placedState(entry, { parent, content, abilities: disk.abilities }))
    const agreed = agreedState(item?.remote ?? remote, { place: step.to, content }, entry)
    const { contentRevision } = remote
    const { place, localName, placementRevision } = item?.synced ?? agreed
    to.setSynced(step.item, { ...agreed, place, localName, contentRevision, placementRevision })
    to.setPending(step.item, null)
    noteSuccess(course, step.item, to)
  })
}
