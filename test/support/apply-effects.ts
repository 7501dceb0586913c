import type { NodeId } from '../../core/ids.ts'
import type { Effects } from '../../core/namespace/effects.ts'
import { versionKey, type NodeState } from '../../core/namespace/model.ts'
import { childKey } from '../../core/namespace/view.ts'
import type { NamespaceState } from './namespace-state.ts'

/** Writes a batch as the database does: table by table, each constraint checked at every row. */
export function applyEffects(state: NamespaceState, effects: Effects): void {
  for (const id of effects.parked) leaveName(state, demand(state.nodes.get(id), `parked ${id} is there`))
  for (const id of effects.purged) state.purged.add(id)
  for (const node of effects.nodes.values()) putRow(state, node)
  addContents(state, effects)
  addVersions(state, effects)
  addConflicts(state, effects)
  addJournal(state, effects)
  for (const [id, files] of effects.uploads) {
    const upload = demand(state.uploads.get(id), 'the upload is there')
    if (files < 1 || upload.state === 'expired') throw new Error('an upload must still be open when it is committed')
  }
}

/** Inserts or replaces a row and keeps its indexes. */
export function putRow(state: NamespaceState, node: NodeState): void {
  const before = state.nodes.get(node.id)
  if (before) removeRow(state, before)
  state.nodes.set(node.id, node)
  if (node.parentId === null) return
  const siblings = state.below.get(node.parentId) ?? new Set<NodeId>()
  state.below.set(node.parentId, siblings.add(node.id))
  if (node.trashedAt !== null || state.purged.has(node.id)) return
  const key = childKey(node.parentId, node.name)
  const other = state.siblings.get(key)
  if (other) throw new Error(`two siblings of one name: ${other} and ${node.id}`)
  state.siblings.set(key, node.id)
}

export function removeRow(state: NamespaceState, node: NodeState): void {
  leaveName(state, node)
  state.nodes.delete(node.id)
  if (node.parentId !== null) state.below.get(node.parentId)?.delete(node.id)
}

function leaveName({ siblings }: NamespaceState, { id, parentId, name }: NodeState): void {
  const key = parentId === null ? '' : childKey(parentId, name)
  if (siblings.get(key) === id) siblings.delete(key)
}

function addContents(state: NamespaceState, effects: Effects): void {
  for (const content of effects.contents) {
    refuse(state.contents.has(content.id), `content ${content.id} twice`)
    state.contents.set(content.id, content)
  }
  state.chunks.push(...effects.chunks)
  for (const row of effects.contentChunks) state.contentChunks.push(row)
}

function addVersions(state: NamespaceState, effects: Effects): void {
  for (const version of effects.versions) {
    const key = versionKey(version.nodeId, version.revision)
    refuse(state.versions.has(key), `version ${key} twice`)
    demand(state.contents.get(version.content), `the content of version ${key} is there`)
    demand(state.nodes.get(version.nodeId), `the node of version ${key} is there`)
    state.versions.set(key, { ...version, label: null })
  }
  for (const { nodeId, revision, label } of effects.labels) {
    const version = demand(state.versions.get(versionKey(nodeId, revision)), 'the labelled version is there')
    state.versions.set(versionKey(nodeId, revision), { ...version, label })
  }
  for (const node of effects.nodes.values()) {
    if (node.kind === 'folder') continue
    demand(state.versions.get(versionKey(node.id, node.contentRevision)), `the present version of ${node.id} is there`)
  }
}

function addConflicts(state: NamespaceState, effects: Effects): void {
  for (const conflict of effects.conflicts) {
    refuse(state.conflicts.has(conflict.id), `conflict ${conflict.id} twice`)
    demand(state.contents.get(conflict.content), 'the content of a conflict is there')
    const atOnce = conflict.resolution !== null
    state.conflicts.set(conflict.id, {
      ...conflict,
      resolvedBy: atOnce ? conflict.userId : null,
      resolvedSeq: atOnce ? conflict.seq : null,
    })
  }
  for (const { id, resolution, by, seq } of effects.resolutions) {
    const conflict = demand(state.conflicts.get(id), 'the resolved conflict is there')
    refuse(conflict.resolution !== null, `conflict ${id} resolved twice`)
    state.conflicts.set(id, { ...conflict, resolution, resolvedBy: by, resolvedSeq: seq })
  }
}

function addJournal(state: NamespaceState, effects: Effects): void {
  for (const entry of effects.journal) {
    refuse(entry.seq !== state.journal.length + 1, `a gap in the journal before ${entry.seq}`)
    state.journal.push(entry)
  }
  refuse(effects.seq !== state.journal.length, 'the head is not the last entry')
  state.seq = effects.seq
  for (const { mutationId, fingerprint, seq, outcome } of effects.answers) {
    refuse(state.priors.has(mutationId), `two answers to ${mutationId}`)
    const entry = demand(state.journal[seq - 1], 'an answer names an entry')
    // An answer is put together again from its entry: the node is not stored twice.
    if (outcome.outcome === 'rejected' || !isSame(entry.node, outcome.node))
      throw new Error('an answer that its entry does not hold')
    state.priors.set(mutationId, { fingerprint, outcome })
  }
}

/** The collector moves what is in the trash out of folders that were purged, without an entry. */
const isSame = (entry: NodeState, answer: NodeState): boolean => {
  const { parentId } = answer.trashedAt === null ? entry : answer
  return JSON.stringify({ ...entry, parentId }) === JSON.stringify(answer)
}

function refuse(broken: boolean, what: string): void {
  if (broken) throw new Error(what)
}

function demand<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`not so: ${what}`)
  return value
}
