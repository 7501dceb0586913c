import { nameKey } from '../../core/names.ts'
import type { NodeId } from '../../core/ids.ts'
import { isSameBytes } from '../../core/reconcile/changes.ts'
import type { Item, ItemContent, ItemId, Placement, Stamp, SyncedState } from '../../core/reconcile/item.ts'
import type { RemoteStep } from '../../core/reconcile/step.ts'
import type { MutationResult, NodeStateWire } from '../../protocol/files.ts'
import { noteFailure, noteSuccess, type Course } from './course.ts'
import type { StoreWriter } from './ports.ts'
import { contentOfNode } from './remote-state.ts'
import { RemoteTree } from './remote-tree.ts'
import { troubleOfCode } from './trouble.ts'

/** A step that was sent, with its ids as they are now, and what the server said. */
export type Answer = { step: RemoteStep; result: MutationResult }
type Done = Exclude<MutationResult, { outcome: 'rejected' }>
type Settling = { course: Course; to: StoreWriter; tree: RemoteTree; item: Item; result: Done }

/**
 * Writes what the server said into the trees: both sides have agreed on what was asked for. Where the server gave another place or another node
 * (P2), the device follows with its next plan.
 *
 * @returns the id that the item has now
 * @throws Halt
 */
export function settleAnswer(course: Course, to: StoreWriter, { step, result }: Answer): ItemId {
  const { store, answered, again } = course
  const item = store.item(step.item)
  if (result.outcome === 'rejected') {
    if (item) to.setPending(item.id, null)
    const { code, detail } = result.problem
    const trouble = troubleOfCode(code, typeof detail === 'string' ? `${code}: ${detail}` : code)
    if (step.do === 'upload-version' && code === 'not-found' && item) becomeNew(to, item)
    noteFailure(course, { id: step.item, step: step.do, trouble }, to)
    return step.item
  }
  answered.note(result.node.id, result.seq)
  // The journal was faster, and the item goes by its own id already.
  if (!item) {
    again.server = true
    return step.item
  }
  const tree = new RemoteTree(store, to)
  const id = settleKind({ course, to, tree, item, result }, step)
  again.server ||= tree.isBehind
  if (id === null) {
    noteFailure(course, { id: item.id, step: step.do, trouble: { is: 'changed', side: 'server' } }, to)
    return item.id
  }
  noteSuccess(course, id, to)
  return id
}

/** @returns `null`: it cannot be said yet; after a pull it can */
function settleKind(settling: Settling, step: RemoteStep): ItemId | null {
  switch (step.do) {
    case 'create-remote-folder':
      return settleNew(settling, step.place, null)
    case 'upload-new':
      return settleNew(settling, step.place, step)
    case 'upload-version':
      return settleVersion(settling, step)
    case 'move-remote':
      return settleMove(settling, step.to)
    case 'trash-remote':
      return settleTrash(settling)
    case 'set-executable-remote':
      return settleExecutable(settling)
  }
}

/** What was purged cannot be changed: what is here is a new thing. */
function becomeNew(to: StoreWriter, item: Item): void {
  if (item.remote !== null || item.local === null) return
  to.setSynced(item.id, null)
  to.become(item.id, to.newLocalId())
}

/** The bytes of a file or link, as they were when the step was planned. */
type SentContent = { content: ItemContent; stamp: Stamp }

/** @param sent `null`: a folder */
function settleNew(settling: Settling, asked: Placement, sent: SentContent | null): ItemId | null {
  const { course, to, item, result } = settling
  if (!item.local) return settleGone(settling, sent)
  const { content, stamp } = sent ?? { content: { kind: 'folder' }, stamp: item.local.stamp }
  if (result.outcome === 'conflict') return settleCopy(settling, { asked, content, stamp, base: 0 })
  const { node } = result
  if (!isSameBytes(contentOfNode(node), content) && !rereads(settling, 0)) return forgetsSent(settling)
  if (!canTake(settling, node)) return forgetsSent(settling)
  if (!putNode(settling, node)) return null
  const id = node.id as NodeId
  if (id !== item.id) to.become(item.id, id)
  to.setSynced(id, {
    place: asked,
    localName: item.local.place.name,
    content: contentOfNode(node),
    contentRevision: node.contentRevision,
    placementRevision: node.placementRevision,
    stamp,
  })
  to.setPending(id, null)
  course.again.server ||= node.name !== asked.name
  return id
}

/** It was taken away here while it was on its way: what the server has now is what was deleted here, and goes there too. */
function settleGone(settling: Settling, sent: SentContent | null): ItemId | null {
  const { course, to, item, result } = settling
  const { node } = result
  const id = node.id as NodeId
  if (sent === null || course.store.item(id)?.local || !putNode(settling, node)) return null
  to.setPending(item.id, null)
  const place = { parent: node.parentId as NodeId, name: node.name }
  const { contentRevision, placementRevision } = node
  const content = contentOfNode(node)
  to.setSynced(id, { place, localName: node.name, content, contentRevision, placementRevision, stamp: sent.stamp })
  return id
}

function settleVersion(settling: Settling, step: RemoteStep & { do: 'upload-version' }): ItemId | null {
  const { to, item, result } = settling
  const { content, stamp, base } = step
  if (!item.local) return null
  const asked = item.synced?.place ?? item.local.place
  if (result.outcome === 'conflict') return settleCopy(settling, { asked, content, stamp, base })
  const { node } = result
  if (!isSameBytes(contentOfNode(node), content) && !rereads(settling, base)) return forgetsSent(settling)
  if (!putNode(settling, node)) return null
  const agreed = item.synced ?? agreedPlace(item, node)
  const { contentRevision } = node
  to.setSynced(item.id, { ...agreed, content: contentOfNode(node), contentRevision, stamp })
  to.setPending(item.id, null)
  return item.id
}

type Copied = SentContent & { asked: Placement; base: number }

/**
 * P2: the name is somebody else's. What is here becomes the copy; its other name is one more change on the server's side. Where the
 * conflict holds the bytes and no copy stands beside (or that copy is here already), what is here takes the original's content.
 */
function settleCopy(settling: Settling, { asked, content, stamp, base }: Copied): ItemId | null {
  const { to, item, result } = settling
  const { node } = result
  settling.course.again.server = true
  const original = (result as Done & { outcome: 'conflict' }).original as NodeId
  const isBeside = node.id !== original && canTake(settling, node)
  const id = (isBeside ? node.id : original) as NodeId
  if (isBeside && !isSameBytes(contentOfNode(node), content) && !rereads(settling, 0)) return forgetsSent(settling)
  if (!putNode(settling, node)) return null
  // A copy that somebody has deleted since is what is here, and goes from here too (I6).
  const isKnown = settling.tree.remoteOf(id) !== null || (isBeside && isTold(settling, node))
  // The copy is here by another way, and the original was deleted since: what is here is an edit of that, to be sent anew.
  if (!isKnown) return !isBeside && node.id !== original && isTold(settling, node) ? forgetsSent(settling) : null
  if (id !== item.id && settling.course.store.item(id)?.local) return forgetsSent(settling)
  // The copy is here already, by another way, and the original is of another kind: what is here is neither.
  if (!isBeside && settling.tree.remoteOf(id)?.content.kind !== content.kind) return forgetsSent(settling)
  if (id !== item.id) to.become(item.id, id)
  const { contentRevision, placementRevision } = isBeside ? node : { contentRevision: base, placementRevision: 0 }
  const localName = item.local!.place.name
  const held = isBeside ? contentOfNode(node) : content
  to.setSynced(id, { place: asked, localName, content: held, contentRevision, placementRevision, stamp })
  to.setPending(id, null)
  return id
}

function settleMove({ to, tree, course, item, result }: Settling, asked: Placement): ItemId {
  const { node } = result
  tree.putAnswered(node, course.store.cursor().seen)
  to.setPending(item.id, null)
  if (item.synced === null) return item.id
  const here = item.local?.place.name ?? asked.name
  const localName = nameKey(here) === nameKey(asked.name) ? here : asked.name
  to.setSynced(item.id, { ...item.synced, place: asked, localName, placementRevision: node.placementRevision })
  return item.id
}

/** P4: what survives lives in another folder, which the journal tells. */
function settleTrash({ to, tree, course, item, result }: Settling): ItemId {
  const { again, store } = course
  if (result.outcome === 'conflict') again.server = true
  const isGone = result.outcome === 'conflict' || result.node.trashedAt !== null
  if (isGone && result.seq > store.cursor().seen) tree.drop(item.id)
  else again.server = true
  to.setPending(item.id, null)
  return item.id
}

function settleExecutable({ to, tree, course, item, result }: Settling): ItemId {
  const { node } = result
  tree.putAnswered(node, course.store.cursor().seen)
  to.setPending(item.id, null)
  const { synced } = item
  if (synced?.content.kind === 'file')
    to.setSynced(item.id, { ...synced, content: { ...synced.content, executable: node.executable } })
  return item.id
}

/** @returns `false`: its folder is not known yet */
function putNode({ course, tree, to, item }: Settling, node: NodeStateWire): boolean {
  if (!tree.holds(node.parentId) && node.changedSeq > course.store.cursor().seen) {
    course.again.server = true
    return false
  }
  tree.putAnswered(node, course.store.cursor().seen)
  if (tree.remoteOf(node.id as NodeId) !== null) return true
  // It was made, and deleted since: by somebody who had seen it.
  to.setPending(item.id, null)
  return true
}

/** The journal has told of it, and of what became of it. */
const isTold = ({ course }: Settling, { changedSeq }: NodeStateWire): boolean =>
  changedSeq <= course.store.cursor().seen

/** No two things on the disk are one item. */
const canTake = ({ course, item }: Settling, node: NodeStateWire): boolean =>
  node.id === item.id || !course.store.item(node.id as NodeId)?.local

const agreedPlace = (
  { local }: Item,
  node: NodeStateWire,
): Pick<SyncedState, 'place' | 'localName' | 'placementRevision'> => ({
  place: { parent: node.parentId as NodeId, name: node.name },
  localName: local!.place.name,
  placementRevision: node.placementRevision,
})

/**
 * What was stored is not what the scan had read: what is here is read anew before anything is said of it (TM-02).
 * @returns whether what was stored is what we sent, and not what it has become since: then it made the next revision
 */
function rereads({ to, item, result }: Settling, base: number): boolean {
  to.setLocal(item.id, { ...item.local!, content: null, isSettled: false })
  return result.node.contentRevision === base + 1
}

function forgetsSent({ course, to, item }: Settling): null {
  course.again.server = true
  to.setPending(item.id, null)
  return null
}
