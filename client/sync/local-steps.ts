import { nameKey } from '../../core/names.ts'
import { parkedName } from '../../core/reconcile/parked-name.ts'
import { isSameStamp, type Item, type ItemContent, type LocalState, type Placement } from '../../core/reconcile/item.ts'
import type { LocalStep } from '../../core/reconcile/step.ts'
import { noteSuccess, tellStep, tellStepEnd, type Course } from './course.ts'
import { Guarded, Otherwise } from './otherwise.ts'
import { proofOf } from './place-version.ts'
import { requireFreeName } from './free-name.ts'
import { isSystemLitter } from './ignore-built-in.ts'
import { folderOf, joined, localPath, pathOfPlace } from './local-path.ts'
import { agreedState, isSameFile, placedState, staysSettled } from './local-states.ts'
import type { Disk, DiskEntry, LocalPath } from './ports.ts'
import { lookTwice } from './second-look.ts'
import { STAYS_NOT_EMPTY, systemCode } from './trouble.ts'

export type ShapeStep = Exclude<LocalStep, { do: 'download' }>

/**
 * Changes a name or a folder on the disk; no bytes travel. After a second look, and noted when the disk has it: the note of a new folder, and of what is gone, may
 * wait for others. Whoever calls is alone on the disk.
 * @throws Otherwise, Guarded, RootLost; what the disk throws
 */
export async function shapeLocal(course: Course, step: ShapeStep): Promise<void> {
  const item = course.store.item(step.item)
  if (!item) return
  course.signal.throwIfAborted()
  await course.requireRoot()
  const path = tellStep(course, step.do, step.item)
  await shape(course, item, step)
  tellStepEnd(course, step.do, step.item, path)
}

function shape(course: Course, item: Item, step: ShapeStep): Promise<void> {
  switch (step.do) {
    case 'make-local-folder':
      return makeFolder(course, item, step)
    case 'move-local':
      return move(course, item, { to: step.to, step })
    case 'park-local': {
      if (!item.local) throw new Otherwise()
      return move(course, item, { to: { ...item.local.place, name: parkedName(item.id) }, step })
    }
    case 'set-aside':
      return setAside(course, item, step)
    case 'remove-local':
      return remove(course, item, step)
    case 'set-executable-local':
      return setExecutable(course, item, step)
  }
}

type Of<D extends ShapeStep['do']> = Extract<ShapeStep, { do: D }>

async function makeFolder(course: Course, { id, remote, local }: Item, { to }: Of<'make-local-folder'>): Promise<void> {
  const { store, disk, writes } = course
  // The folder above may have been made a moment ago.
  if (localPath(store, to.parent) === null) writes.flush()
  const path = wanted(pathOfPlace(store, to))
  if (remote === null) return
  if (local !== null) throw new Otherwise()
  requireFreeName(course, id, to)
  const entry = await disk.makeFolder(path)
  course.again.touched(folderOf(path))
  const content = { kind: 'folder' } as const
  writes.add((writer) => {
    writer.setLocal(id, placedState(entry, { parent: to.parent, content, abilities: disk.abilities }))
    writer.setSynced(id, agreedState(remote, { place: to, content }, entry))
    noteSuccess(course, id, writer)
  })
}

type Moving = { to: Placement; step: Of<'move-local'> | Of<'park-local'> }

async function move(course: Course, item: Item, { to, step }: Moving): Promise<void> {
  const { store } = course
  const { local, remote, synced } = item
  const now = await rename(course, item, to)
  store.write((writer) => {
    writer.setLocal(item.id, now)
    if (synced !== null && local !== null && step.do === 'move-local') {
      const stamp = isSameStamp(synced.stamp, local.stamp) ? now.stamp : synced.stamp
      const isThere =
        remote !== null && remote.place.parent === to.parent && nameKey(remote.place.name) === nameKey(now.place.name)
      const agreed = isThere
        ? { place: remote.place, localName: now.place.name, placementRevision: remote.placementRevision }
        : {}
      writer.setSynced(item.id, { ...synced, ...agreed, stamp })
    }
    noteSuccess(course, item.id, writer)
  })
}

async function setAside(course: Course, item: Item, { to }: Of<'set-aside'>): Promise<void> {
  const now = await rename(course, item, to)
  course.store.write((writer) => {
    writer.setLocal(item.id, null)
    writer.setSynced(item.id, null)
    writer.setPending(item.id, null)
    writer.setLocal(writer.newLocalId(), now)
    noteSuccess(course, item.id, writer)
  })
}

/** Nothing is displaced, so an edit that came in between, before the rename or after, does no harm: it moves along, and is read anew. */
async function rename(course: Course, item: Item, to: Placement): Promise<LocalState> {
  const { store, disk } = course
  requireFreeName(course, item.id, to)
  const from = wanted(localPath(store, item.id))
  const path = wanted(pathOfPlace(store, to))
  const entry = await disk.stat(from)
  const { local } = item
  if (entry === null || local === null || entry.kind !== local.kind || entry.stamp.ino !== local.stamp.ino)
    throw new Otherwise()
  const moved = path === from ? entry : await disk.move(from, path, entry.kind === 'folder' ? null : entry.stamp)
  course.again.touched(folderOf(path))
  const place = { parent: to.parent, name: moved.name }
  const isKnown =
    entry.kind === 'folder' || (isSameStamp(entry.stamp, local.stamp) && isSameFile(entry.stamp, moved.stamp))
  const content = isKnown ? local.content : null
  const isSettled = entry.kind === 'folder' || (isKnown && staysSettled(local.isSettled, disk.abilities))
  return { ...local, place, stamp: moved.stamp, content, isSettled }
}

async function remove(course: Course, item: Item, step: Of<'remove-local'>): Promise<void> {
  const { store, disk, writes } = course
  const path = wanted(localPath(store, item.id))
  // Whoever took something out of it meanwhile may have put it elsewhere: that is for a scan to find.
  for (const _ of store.children('local', item.id)) throw new Otherwise(STAYS_NOT_EMPTY)
  const { entry } = await lookGuarded(course, item, { path, step })
  if (entry.kind === 'folder') await discardFolder(disk, path)
  else await disk.discard(path, entry.stamp)
  writes.add((writer) => {
    writer.setLocal(item.id, null)
    writer.setSynced(item.id, null)
    writer.setPending(item.id, null)
    noteSuccess(course, item.id, writer)
  })
}

/** What only the system has put into it, and puts there again, goes along: into the safety trash. */
async function discardFolder(disk: Disk, path: LocalPath): Promise<void> {
  try {
    await disk.discard(path, null)
  } catch (error) {
    if (systemCode(error) !== 'ENOTEMPTY') throw error
    const left = await disk.list(path)
    if (!left.every(({ kind, name }) => kind === 'file' && isSystemLitter(name))) throw error
    for (const { name, stamp } of left) await disk.discard(joined(path, name), stamp)
    await disk.discard(path, null)
  }
}

async function lookGuarded(
  { disk, guard }: Course,
  item: Item,
  { path, step }: { path: LocalPath; step: Of<'remove-local'> },
): Promise<{ entry: DiskEntry; content: ItemContent }> {
  const found = await lookTwice(disk, item, path, step.expects)
  if (found.is === 'other' || found.entry === null || found.content === null) throw new Otherwise()
  if (guard.ask(item.id, found.content, proofOf(item, found.content)).is === 'refused') throw new Guarded()
  return { entry: found.entry, content: found.content }
}

async function setExecutable(course: Course, item: Item, step: Of<'set-executable-local'>): Promise<void> {
  const { store, disk } = course
  const { id, local, synced } = item
  const path = wanted(localPath(store, id))
  const found = await lookTwice(disk, item, path, step.expects)
  if (found.is === 'other' || found.content?.kind !== 'file' || local === null) throw new Otherwise()
  const { executable } = step
  const { stamp } = await disk.setExecutable(path, executable)
  const isKnown = found.entry !== null && isSameFile(found.entry.stamp, stamp)
  store.write((writer) => {
    writer.setLocal(id, {
      ...local,
      stamp,
      content: isKnown ? { ...(found.content as typeof found.content & { kind: 'file' }), executable } : null,
      isSettled: isKnown && staysSettled(local.isSettled, disk.abilities),
    })
    if (synced?.content.kind === 'file')
      writer.setSynced(id, { ...synced, stamp, content: { ...synced.content, executable } })
    noteSuccess(course, id, writer)
  })
}

function wanted(path: LocalPath | null): LocalPath {
  if (path === null) throw new Otherwise()
  return path
}
