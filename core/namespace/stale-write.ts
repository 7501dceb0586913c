import { conflictPolicyOf } from './conflict-policy.ts'
import { freeCopyName } from './free-name.ts'
import type { NodeState, Outcome, Resolution, WriteFile } from './model.ts'
import { newContentNode } from './new-content-node.ts'
import type { Active } from './rules.ts'
import { storeContent, storeVersion, type ContentState, type Sources } from './store-content.ts'
import { putNode, type View } from './view.ts'

/** A write, checked: where it goes, and what it brings. */
export type Write = {
  mutation: WriteFile
  principal: Active
  parent: NodeState
  name: string
  content: ContentState
  sources: Sources
}

/**
 * A write that had not seen what is there. What becomes of it is said by the nearest folder above that has a policy
 * (docs/spec/conflicts.md); whichever it is, both contents stay, and a row tells that they met.
 */
export function meetOther(view: View, write: Write, existing: NodeState): Outcome {
  const { mutation } = write
  // A thing of another kind is no version of it: they can only stand side by side.
  const policy = existing.kind === mutation.nodeKind ? conflictPolicyOf(view, write.parent) : 'keep-both'
  switch (policy) {
    case 'keep-both': {
      const copy = addBeside(view, write, existing)
      recordConflict(view, write, existing, copy, null)
      return { outcome: 'conflict', seq: copy.changedSeq, node: copy, original: existing.id }
    }
    case 'newest-wins': {
      const node = addVersion(view, write, existing)
      recordConflict(view, write, existing, null, 'newest-wins')
      return { outcome: 'applied', seq: node.changedSeq, node }
    }
    case 'manual': {
      storeContent(view, mutation, write.sources)
      // The original is as it was; its entry tells all devices that somebody has to choose.
      const told = putNode(view, mutation, 'updated', existing, mutation.content.size)
      recordConflict(view, write, existing, null, null)
      return { outcome: 'conflict', seq: told.changedSeq, node: told, original: told.id }
    }
  }
}

/** A conflicted copy: a node of its own, linked to the one that it met (P2). @throws name-taken */
function addBeside(view: View, write: Write, existing: NodeState): NodeState {
  const name = freeCopyName(view, write.principal, write.parent, write.name)
  return addNode(view, { ...write, name }, existing)
}

/** @param met the node whose content the writer had not seen; `null` = there was none */
export function addNode(view: View, write: Write, met: NodeState | null): NodeState {
  const { mutation, principal, parent, name, content } = write
  const kind = mutation.nodeKind
  const state = { id: view.takeId(), ...newContentNode(view, parent, { kind, name, content }) }
  const node = putNode(view, mutation, 'created', state, mutation.content.size)
  storeContent(view, mutation, write.sources)
  storeVersion(view, principal, node, {
    content: mutation.id,
    baseRevision: mutation.base,
    conflictOf: met && met.id,
  })
  return node
}

export function addVersion(view: View, write: Write, existing: NodeState): NodeState {
  const { mutation, principal, content } = write
  const state = { ...existing, ...content, contentRevision: existing.contentRevision + 1 }
  const node = putNode(view, mutation, 'updated', state, mutation.content.size)
  storeContent(view, mutation, write.sources)
  storeVersion(view, principal, node, { content: mutation.id, baseRevision: mutation.base, conflictOf: null })
  return node
}

function recordConflict(
  view: View,
  { mutation, principal }: Write,
  existing: NodeState,
  copy: NodeState | null,
  resolution: Resolution | null,
): void {
  view.effects.conflicts.push({
    id: mutation.id,
    spaceId: existing.spaceId,
    original: existing.id,
    copy: copy && copy.id,
    baseRevision: mutation.base,
    theirRevision: existing.contentRevision,
    content: mutation.id,
    nodeKind: mutation.nodeKind,
    mtimeNs: mutation.mtimeNs,
    executable: mutation.executable,
    userId: principal.userId,
    device: principal.device,
    seq: view.effects.seq,
    resolution,
  })
}
