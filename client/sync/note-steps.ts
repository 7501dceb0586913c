import { isSameBytes } from '../../core/reconcile/changes.ts'
import { nameKey } from '../../core/names.ts'
import type { Item, ItemId, SyncedState } from '../../core/reconcile/item.ts'
import type { NoteStep } from '../../core/reconcile/step.ts'
import type { Aliases } from './aliases.ts'
import type { Course } from './course.ts'
import { shownPath } from './local-path.ts'
import type { StoreWriter } from './ports.ts'

/** Steps that only change the trees, in one transaction. */
export function writeNotes(course: Course, steps: readonly NoteStep[], aliases: Aliases): void {
  if (steps.length === 0) return
  course.store.write((to) => {
    for (const step of steps) writeNote(course, to, { step, aliases })
  })
}

function writeNote(course: Course, to: StoreWriter, { step, aliases }: { step: NoteStep; aliases: Aliases }): void {
  switch (step.do) {
    case 'pair': {
      const [from, into] = [aliases.now(step.local), aliases.now(step.remote)]
      to.setSynced(from, null)
      to.become(from, into)
      return aliases.add(from, into)
    }
    case 'adopt':
      return adopt(course, to, aliases.now(step.item))
    case 'forget':
      return forget(course, to, aliases.now(step.item))
    case 'block': {
      const id = aliases.now(step.item)
      const { reason, detail } = step
      to.setBlocked(id, { reason, detail })
      return course.tell({ kind: 'blocked', item: id, path: shownPath(course.store, id), reason, detail })
    }
    case 'unblock':
      return to.setBlocked(aliases.now(step.item), null)
  }
}

/** Where nothing is left on either side, nothing is left to be said of it. */
function forget({ store }: Course, to: StoreWriter, id: ItemId): void {
  const item = store.item(id)
  to.setSynced(id, null)
  if (item === null || item.local !== null || item.remote !== null) return
  to.setBlocked(id, null)
  to.setPending(id, null)
}

/** What is the same on both sides is agreed on: that has moved no byte (CR-05, DK-06). */
function adopt({ store }: Course, to: StoreWriter, id: ItemId): void {
  const item = store.item(id)
  const agreed = item && agreedNow(item)
  if (agreed) to.setSynced(id, agreed)
}

function agreedNow({ remote, local, synced }: Item): SyncedState | null {
  if (!remote || !local?.content) return null
  const isSamePlace =
    remote.place.parent === local.place.parent && nameKey(remote.place.name) === nameKey(local.place.name)
  const isSame = isSameBytes(remote.content, local.content)
  if (synced === null && !(isSamePlace && isSame)) return null
  const { contentRevision, placementRevision, content } = remote
  const place = { place: remote.place, localName: local.place.name, placementRevision }
  const bytes = { content, contentRevision, stamp: local.stamp }
  return { ...(synced ?? { ...place, ...bytes }), ...(isSamePlace ? place : {}), ...(isSame ? bytes : {}) }
}
