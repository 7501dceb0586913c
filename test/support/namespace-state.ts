import type { MutationId, NodeId, SessionId, SpaceId, UploadId, UserId } from '../../core/ids.ts'
import type { Effects, JournalEntry } from '../../core/namespace/effects.ts'
import type { Facts, HeldChunk, NodeState, SpaceRole } from '../../core/namespace/model.ts'

export type StoredVersion = Effects['versions'][number] & { label: string | null }
export type StoredConflict = Effects['conflicts'][number] & { resolvedBy: UserId | null; resolvedSeq: number | null }
export type StoredSession = { userId: UserId; device: string; isRevoked: boolean }

/** The tables of one tenant, as far as a decision reads or writes them. */
export type NamespaceState = {
  /** The head of the journal. */
  seq: number
  /** Another one after the database was restored. */
  epoch: string
  nodes: Map<NodeId, NodeState>
  /** Their rows wait for the collector. */
  purged: Set<NodeId>
  /** Unique among what is not in the trash: key of parent and name → node. */
  siblings: Map<string, NodeId>
  /** Index of `nodes` by parent, whatever their state. */
  below: Map<NodeId, Set<NodeId>>
  /** By `versionKey(node, revision)`. */
  versions: Map<string, StoredVersion>
  contents: Map<MutationId, Effects['contents'][number]>
  contentChunks: Effects['contentChunks']
  chunks: Effects['chunks']
  /** Contents with a chunk in quarantine. */
  damaged: Set<MutationId>
  conflicts: Map<MutationId, StoredConflict>
  journal: JournalEntry[]
  priors: Facts['priors']
  uploads: Map<UploadId, { state: 'open' | 'committed' | 'expired'; userId: UserId; expiresAt: number }>
  /** By `heldKey(user, sha256)`: chunks that are simply there, beside those that were committed. */
  held: Map<string, HeldChunk>
  sessions: Map<SessionId, StoredSession>
  roles: Map<UserId, Record<SpaceId, SpaceRole>>
}

export const emptyState = (): NamespaceState => ({
  seq: 0,
  epoch: 'first epoch',
  nodes: new Map(),
  purged: new Set(),
  siblings: new Map(),
  below: new Map(),
  versions: new Map(),
  contents: new Map(),
  contentChunks: [],
  chunks: [],
  damaged: new Set(),
  conflicts: new Map(),
  journal: [],
  priors: new Map(),
  uploads: new Map(),
  held: new Map(),
  sessions: new Map(),
  roles: new Map(),
})

/** A node and the folders above it, nearest first. */
export function pathOf({ nodes }: NamespaceState, id: NodeId): NodeState[] {
  const path: NodeState[] = []
  for (let at = nodes.get(id); at; at = at.parentId === null ? undefined : nodes.get(at.parentId)) path.push(at)
  return path
}

/** It exists, and neither it nor a folder above it is in the trash. */
export const livesIn = (state: NamespaceState, id: NodeId): boolean =>
  state.nodes.has(id) && pathOf(state, id).every(({ trashedAt }) => trashedAt === null)

/** What lies below a folder, each after its parent; not what was trashed by itself, nor what lies below that. */
export function* unitBelow(state: NamespaceState, folder: NodeId): Generator<NodeState> {
  const folders = [folder]
  for (const at of folders) {
    for (const id of state.below.get(at) ?? []) {
      const node = state.nodes.get(id)!
      if (node.trashedAt !== null) continue
      yield node
      if (node.kind === 'folder') folders.push(id)
    }
  }
}
