import { AppError, invariant } from '../errors.ts'
import type { MutationId, NodeId } from '../ids.ts'
import { freeName } from './free-name.ts'
import { COPY_MAX_NODES, type Copy, type NodeState, type Outcome } from './model.ts'
import {
  isWithin,
  nameTaken,
  requireActive,
  requireFolder,
  requireName,
  requireReadable,
  requireRoom,
  type Active,
} from './rules.ts'
import { contentState, requireSound, storeVersion } from './store-content.ts'
import { childOf, putNode, subtreeOf, versionOf, type NewState, type View } from './view.ts'

type Target = { parent: NodeState; name: string }

/**
 * New nodes that refer to the same contents: no byte is read or written. Who may read the one and write to the other may copy, from
 * one space to another too. The history stays behind; properties, times and conflict policies come along.
 * @throws session-revoked, name-invalid, not-found, forbidden, in-trash, not-a-folder, not-a-file, would-cycle, too-large, name-taken,
 *   chunk-unavailable
 */
export function copy(view: View, mutation: Copy): Outcome {
  const principal = requireActive(view, mutation)
  const name = requireName(mutation.to.name, 'to/name')
  const source = requireReadable(view, principal, mutation.node, 'node')
  const parent = requireFolder(view, principal, mutation.to.parent, 'to/parent')
  const node =
    source.kind === 'folder'
      ? copyFolder(view, mutation, principal, { source, parent, name })
      : copyFile(view, mutation, principal, { source, parent, name })
  const outcome: Outcome = { outcome: 'applied', seq: node.changedSeq, node }
  return node.name === name ? outcome : { ...outcome, notice: 'renamed' }
}

type Sources = Target & { source: NodeState }

/** The asked name, or with `keep-both` one that is free. @throws name-taken */
function freeFor(view: View, { ifExists }: Copy, { parent, name }: Target): string {
  const there = childOf(view, parent.id, name)
  if (!there) return name
  if (ifExists === 'fail') throw nameTaken(there)
  return freeName(view, parent, name)
}

function copyFile(view: View, mutation: Copy, principal: Active, { source, parent, name }: Sources): NodeState {
  const revision = mutation.revision ?? source.contentRevision
  const version = versionOf(view, source, revision)
  if (!version)
    throw new AppError('not-found', { field: 'revision', detail: 'there is no such version, or it has expired' })
  requireSound(version, 'revision')
  const state = { ...copyOf(view, source, parent, freeFor(view, mutation, { parent, name })), ...contentState(version) }
  return putCopy(view, mutation, principal, state, version.content)
}

/**
 * A folder as it is now, with what lies below it. It cannot be copied into itself: what would the copy hold? Who wants that makes a copy beside it
 * and moves that.
 */
function copyFolder(view: View, mutation: Copy, principal: Active, { source, parent, name }: Sources): NodeState {
  if (mutation.revision !== null)
    throw new AppError('not-a-file', { field: 'revision', detail: 'folders have no versions' })
  if (isWithin(view, parent, source.id)) throw intoItself(source)
  const subtree = subtreeOf(view, source.id)
  if (subtree === 'too-many' || subtree.length >= COPY_MAX_NODES)
    throw new AppError('too-large', {
      field: 'node',
      detail: `a copy makes at most ${COPY_MAX_NODES} nodes: copy folder by folder`,
    })
  requireRoom(view, parent, 1 + heightOf(source, subtree))
  const top = copyOf(view, source, parent, freeFor(view, mutation, { parent, name }))
  const copies = new Map([[source.id, putCopy(view, mutation, principal, top, null)]])
  for (const { node, content } of inOneOrder(source, subtree)) {
    const above = copies.get(node.parentId!)
    invariant(above, 'what lies below a folder comes after its parent')
    copies.set(node.id, putCopy(view, mutation, principal, copyOf(view, node, above, node.name), content))
  }
  return copies.get(source.id)!
}

function intoItself(source: NodeState): AppError {
  const code = source.parentId === null ? 'forbidden' : 'would-cycle'
  return new AppError(code, { field: 'to/parent', detail: 'a folder cannot be copied into itself or below itself' })
}

type Below = { node: NodeState; content: MutationId | null }

/** Level by level, by id in each: the order of the copies' entries does not depend on who gathered the facts. */
function inOneOrder(top: NodeState, subtree: readonly Below[]): Below[] {
  const levels = levelsOf(top, subtree)
  const levelOf = ({ node }: Below) => levels.get(node.id)!
  return subtree.toSorted((a, b) => levelOf(a) - levelOf(b) || (a.node.id < b.node.id ? -1 : 1))
}

/** How far below `top` each node lies; of `top` itself 0. */
function levelsOf(top: NodeState, subtree: readonly Below[]): Map<NodeId, number> {
  const levels = new Map<NodeId, number>([[top.id, 0]])
  for (const { node } of subtree) levels.set(node.id, (levels.get(node.parentId!) ?? 0) + 1)
  return levels
}

/** Levels of folders below `top`. */
function heightOf(top: NodeState, subtree: readonly Below[]): number {
  const levels = levelsOf(top, subtree)
  return subtree.reduce((most, { node }) => (node.kind === 'folder' ? Math.max(most, levels.get(node.id)!) : most), 0)
}

const copyOf = (view: View, source: NodeState, parent: NodeState, name: string): NewState => ({
  ...source,
  id: view.takeId(),
  spaceId: parent.spaceId,
  parentId: parent.id,
  name,
  contentRevision: source.kind === 'folder' ? 0 : 1,
  placementRevision: 1,
  createdAt: view.now,
  trashedAt: null,
  trashedBy: null,
})

/** @param content the row of `contents` that a file's copy refers to; `null` of a folder */
function putCopy(
  view: View,
  mutation: Copy,
  principal: Active,
  state: NewState,
  content: MutationId | null,
): NodeState {
  const node = putNode(view, mutation, 'created', state, content === null ? null : 0)
  if (content !== null) storeVersion(view, principal, node, { content, baseRevision: 0, conflictOf: null })
  return node
}
