import { isSamePlaceOnBoth } from './changes.ts'
import {
  isSameContent,
  type Item,
  type ItemContent,
  type ItemId,
  type LocalState,
  type Placement,
  type RemoteState,
  type Stamp,
  type SyncedState,
  type Trees,
} from './item.ts'
import { parkedName } from './parked-name.ts'
import type { LocalStep, NoteStep, RemoteStep, Step } from './step.ts'

/**
 * What a step that was done changes in the trees (RC-17 … RC-19, docs/spec/reconcile.md). Who does steps writes this in one transaction with what it
 * observed; the tests of the planner do nothing else.
 */
export type TreeWriter = {
  setRemote(id: ItemId, state: RemoteState | null): void
  setLocal(id: ItemId, state: LocalState | null): void
  setSynced(id: ItemId, state: SyncedState | null): void
  setBlocked(id: ItemId, blocked: Item['blocked']): void
  become(from: ItemId, to: ItemId): void
  newLocalId(): ItemId
}

/** A step whose ids are those that its items have now. @param now the item that this one has become, or itself */
export function resolveStep<S extends Step>(step: S, now: (id: ItemId) => ItemId): S {
  const at = (place: Placement): Placement => ({ ...place, parent: now(place.parent) })
  const { item, local, place, to } = step as { item?: ItemId; local?: ItemId; place?: Placement; to?: Placement }
  return {
    ...step,
    ...(item !== undefined && { item: now(item) }),
    ...(local !== undefined && { local: now(local) }),
    ...(place && { place: at(place) }),
    ...(to && { to: at(to) }),
  }
}

export function applyNote(trees: Trees, writer: TreeWriter, step: NoteStep): void {
  switch (step.do) {
    case 'adopt': {
      const item = trees.item(step.item)
      return item ? writer.setSynced(step.item, agreed(item)) : undefined
    }
    case 'pair': {
      const kept = trees.item(step.remote)?.synced ?? null
      writer.setSynced(step.local, null)
      writer.become(step.local, step.remote)
      return writer.setSynced(step.remote, kept)
    }
    case 'forget': {
      const { local = null, remote = null } = trees.item(step.item) ?? {}
      if (!local && !remote) writer.setBlocked(step.item, null)
      return writer.setSynced(step.item, null)
    }
    case 'block':
      return writer.setBlocked(step.item, { reason: step.reason, detail: step.detail })
    case 'unblock':
      return writer.setBlocked(step.item, null)
  }
}

/** What is the same on both sides, over what was agreed before. `null`: nothing was, and not all is. */
export function agreed({ remote, local, synced }: Item): SyncedState | null {
  if (!remote || !local?.content) return synced
  const isPlaced = isSamePlaceOnBoth(local.place, remote.place, (id) => id)
  const isContent = isSameContent(local.content, remote.content)
  if (!synced && !(isPlaced && isContent)) return null
  return {
    ...(isContent || !synced
      ? { content: remote.content, contentRevision: remote.contentRevision, stamp: local.stamp }
      : { content: synced.content, contentRevision: synced.contentRevision, stamp: synced.stamp }),
    ...(isPlaced || !synced
      ? { place: remote.place, localName: local.place.name, placementRevision: remote.placementRevision }
      : { place: synced.place, localName: synced.localName, placementRevision: synced.placementRevision }),
  }
}

/** @param found the name and stamp that the disk shows when the step is done */
export function applyLocal(
  trees: Trees,
  writer: TreeWriter,
  step: LocalStep,
  found: { name: string; stamp: Stamp },
): void {
  const item = trees.item(step.item)
  if (!item) return
  if (step.do === 'remove-local') {
    writer.setLocal(step.item, null)
    return writer.setSynced(step.item, null)
  }
  const local = localAfter(item, step, found)
  if (!local) return
  if (step.do === 'set-aside') {
    writer.setLocal(step.item, null)
    writer.setSynced(step.item, null)
    return writer.setLocal(writer.newLocalId(), local)
  }
  writer.setLocal(step.item, local)
  const synced = item.synced && step.do === 'set-executable-local' ? withBit(item.synced, step.executable) : item.synced
  // A download is of what the server has: both have it from now on, whatever was agreed before.
  writer.setSynced(step.item, agreed({ ...item, local, synced }))
}

function localAfter(
  { remote, local }: Item,
  step: Exclude<LocalStep, { do: 'remove-local' }>,
  { name, stamp }: { name: string; stamp: Stamp },
): LocalState | null {
  switch (step.do) {
    case 'make-local-folder':
    case 'download':
      if (!remote) return null
      return {
        place: { parent: step.to.parent, name },
        kind: remote.content.kind,
        content: remote.content,
        stamp,
        isSettled: true,
      }
    case 'move-local':
    case 'set-aside':
      return local && { ...local, place: { parent: step.to.parent, name }, stamp }
    case 'park-local':
      return local && { ...local, place: { ...local.place, name: parkedName(step.item) }, stamp }
    case 'set-executable-local':
      return local && { ...local, content: withBitOf(local.content, step.executable), stamp }
  }
}

const withBit = (synced: SyncedState, executable: boolean): SyncedState => ({
  ...synced,
  content: withBitOf(synced.content, executable)!,
})
const withBitOf = (content: ItemContent | null, executable: boolean): ItemContent | null =>
  content?.kind === 'file' ? { ...content, executable } : content

/** What the server said: the node that has what was sent, and how it is now. `original`: the one that it met, of a conflict. */
export type Answer = { node: ItemId; remote: RemoteState; original: ItemId | null }

/**
 * Notes the answer to a step; where it names another node, the item is that node from now on (P2).
 * @returns the id that the item has now
 */
export function applyAnswer(trees: Trees, writer: TreeWriter, step: RemoteStep, { node, remote }: Answer): ItemId {
  const item = trees.item(step.item)
  if (step.do === 'trash-remote') {
    forgetRemote(trees, writer, step.item)
    return step.item
  }
  writer.setRemote(node, remote)
  if (!item?.local) return node
  const { local, synced } = item
  if (node !== step.item) {
    // It is another item's already, which is on its way to this name: the next plan tells the two apart.
    if (trees.item(node)?.local) return step.item
    writer.become(step.item, node)
  }
  const sent = syncedBy(step, local, synced, remote)
  if (sent) writer.setSynced(node, sent)
  return node
}

function syncedBy(
  step: Exclude<RemoteStep, { do: 'trash-remote' }>,
  local: LocalState,
  synced: SyncedState | null,
  remote: RemoteState,
): SyncedState | null {
  const { contentRevision, placementRevision } = remote
  const localName = local.place.name
  switch (step.do) {
    case 'create-remote-folder': {
      const { place } = step
      return { place, localName, content: { kind: 'folder' }, contentRevision, placementRevision, stamp: local.stamp }
    }
    case 'upload-new': {
      const { place, content, stamp } = step
      return { place, localName, content, contentRevision, placementRevision, stamp }
    }
    case 'upload-version': {
      const { content, stamp } = step
      const before = synced ?? { place: local.place, localName, placementRevision }
      return { ...before, content, contentRevision, stamp }
    }
    case 'move-remote':
      return synced && { ...synced, place: step.to, localName, placementRevision }
    case 'set-executable-remote':
      return synced && withBit(synced, step.executable)
  }
}

/** A folder goes with all that is in it. */
function forgetRemote(trees: Trees, writer: TreeWriter, top: ItemId): void {
  const going = [top]
  for (const id of going) going.push(...trees.children('remote', id))
  for (const id of going) writer.setRemote(id, null)
}
