import type { MutationId, NodeId, SessionId, UserId } from '../../core/ids.ts'
import {
  COPY_MAX_NODES,
  heldKey,
  SURVIVORS_MAX,
  versionKey,
  type ConflictFacts,
  type Facts,
  type HeldChunk,
  type NodeState,
  type PrincipalFacts,
  type VersionFacts,
} from '../../core/namespace/model.ts'
import { childKey, type Needs } from '../../core/namespace/view.ts'
import { noFacts } from '../../db/tenant/facts.ts'
import { pathOf, unitBelow, type NamespaceState } from './namespace-state.ts'

/** What the first round of a decision knows: principals, first answers and uploads; the rest it asks for. */
export function firstFacts(state: NamespaceState): Facts {
  return {
    ...noFacts(),
    seq: state.seq,
    epoch: state.epoch,
    principals: new Map([...state.sessions].map(([id, session]) => [id, principalOf(state, session)])),
    priors: state.priors,
    uploads: state.uploads,
  }
}

function principalOf(state: NamespaceState, session: { userId: UserId; device: string; isRevoked: boolean }) {
  const { userId, device, isRevoked } = session
  const roles = state.roles.get(userId)
  const principal: PrincipalFacts =
    isRevoked || !roles ? { standing: 'revoked' } : { standing: 'active', userId, device, roles }
  return principal
}

/** Looks up what a decision asked for; what is not there is written down as `null`. */
export function addFacts(state: NamespaceState, needs: Needs, facts: Facts): void {
  for (const id of needs.nodes) addNode(state, facts, id)
  for (const [key, { parent }] of needs.children) {
    const id = state.siblings.get(key)
    addNode(state, facts, parent)
    if (id) addNode(state, facts, id)
    facts.children.set(key, id ? state.nodes.get(id)! : null)
  }
  addWays(state, facts, needs)
  for (const [key, { userId, sha256 }] of needs.held) facts.held.set(key, heldBy(state, userId, sha256))
  for (const id of needs.damaged) facts.damaged.set(id, hasDamage(state, id))
  for (const [key, { node, revision }] of needs.versions) facts.versions.set(key, versionFacts(state, node, revision))
  for (const folder of needs.subtrees) facts.subtrees.set(folder, subtreeOf(state, folder))
  for (const [key, { folder, seen, session }] of needs.survivors) addSurvivors(state, facts, key, folder, seen, session)
  for (const id of needs.conflicts) facts.conflicts.set(id, conflictFacts(state, id))
}

/** With every folder above it. */
function addNode(state: NamespaceState, facts: Facts, id: NodeId): void {
  if (!state.nodes.has(id)) facts.nodes.set(id, null)
  for (const node of pathOf(state, id)) {
    facts.nodes.set(node.id, node)
    if (state.purged.has(node.id)) facts.purged.add(node.id)
  }
}

function addWays(state: NamespaceState, facts: Facts, { ways }: Needs): void {
  const found = new Map<string, NodeId>()
  for (const step of ways.values()) {
    const parent = 'parent' in step ? step.parent : found.get(step.up)
    if (parent === undefined) continue
    const key = childKey(parent, step.key)
    const id = state.siblings.get(key)
    facts.children.set(key, id ? state.nodes.get(id)! : null)
    if (id) found.set(step.id, id)
  }
}

/** Verified chunks in a version that the user can read, and what the user uploaded. */
function heldBy(state: NamespaceState, userId: UserId, sha256: string): HeldChunk | null {
  const given = state.held.get(heldKey(userId, sha256))
  if (given) return given
  const found = state.chunks.find(
    (chunk) =>
      chunk.sha256 === sha256 &&
      (chunk.uploadedBy === userId || (chunk.verified && canRead(state, userId, sha256, chunk.objectKey))),
  )
  return found ? { objectKey: found.objectKey, offset: found.offset, length: found.length } : null
}

function canRead(state: NamespaceState, userId: UserId, sha256: string, objectKey: string): boolean {
  const contents = new Set(
    state.contentChunks.filter((c) => c.sha256 === sha256 && c.objectKey === objectKey).map((c) => c.content),
  )
  const roles = state.roles.get(userId) ?? {}
  return [...state.versions.values()].some(({ content, nodeId }) => {
    const space = contents.has(content) ? state.nodes.get(nodeId)?.spaceId : undefined
    return space !== undefined && roles[space] !== undefined
  })
}

function hasDamage(state: NamespaceState, id: NodeId): boolean {
  const content = contentOf(state, state.nodes.get(id))
  return content !== null && state.damaged.has(content)
}

/** The row of `contents` that holds a file's present bytes. */
export function contentOf(state: NamespaceState, node: NodeState | undefined): MutationId | null {
  if (!node || node.kind === 'folder') return null
  return state.versions.get(versionKey(node.id, node.contentRevision))?.content ?? null
}

function versionFacts(state: NamespaceState, node: NodeId, revision: number): VersionFacts | null {
  const version = state.versions.get(versionKey(node, revision))
  const kind = state.nodes.get(node)?.kind
  if (!version || !kind) return null
  return { ...contentFacts(state, version.content, kind), mtimeNs: version.mtimeNs, executable: version.executable }
}

function contentFacts(state: NamespaceState, content: MutationId, kind: NodeState['kind']) {
  const { size, sha256, contentId, codec, inline } = state.contents.get(content)!
  const linkTarget = kind === 'symlink' ? Buffer.from(inline!, 'base64').toString('utf8') : null
  return { content, size, sha256, contentId, codec, linkTarget, isDamaged: state.damaged.has(content) }
}

function subtreeOf(state: NamespaceState, folder: NodeId) {
  const found: { node: NodeState; content: MutationId | null }[] = []
  for (const node of unitBelow(state, folder)) {
    if (found.length >= COPY_MAX_NODES) return 'too-many'
    found.push({ node, content: contentOf(state, node) })
  }
  return found
}

/** Their nodes come along, so that the next round can put them where they are to live. */
function addSurvivors(
  state: NamespaceState,
  facts: Facts,
  key: string,
  folder: NodeId,
  seen: number,
  session: SessionId,
): void {
  const survivors: NodeId[] = []
  const folders = [folder]
  for (const at of folders) {
    for (const id of state.below.get(at) ?? []) {
      const node = state.nodes.get(id)!
      if (node.trashedAt !== null) continue
      if (isNews(state, node, seen, session)) survivors.push(id)
      else if (node.kind === 'folder') folders.push(id)
    }
  }
  if (survivors.length <= SURVIVORS_MAX) for (const id of survivors) addNode(state, facts, id)
  facts.survivors.set(key, survivors.length > SURVIVORS_MAX ? 'too-many' : survivors)
}

/** It came to its folder, or got its bytes, after `seen` and by another session. */
const isNews = (state: NamespaceState, node: NodeState, seen: number, session: SessionId): boolean =>
  [node.placedSeq, node.contentSeq].some((seq) => seq > seen && state.journal[seq - 1]?.actor.sessionId !== session)

function conflictFacts(state: NamespaceState, id: MutationId): ConflictFacts | null {
  const conflict = state.conflicts.get(id)
  if (!conflict) return null
  const { original, copy, baseRevision, theirRevision, content, nodeKind, mtimeNs, executable, resolution } = conflict
  const mine = { ...contentFacts(state, content, nodeKind), nodeKind, mtimeNs, executable }
  return { id, original, copy, baseRevision, theirRevision, mine, resolution }
}
