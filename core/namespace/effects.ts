import type { ChunkLocation, Codec } from '../content.ts'
import type { EventKind } from '../event-bus.ts'
import type { MutationId, NodeId, Sha256, SpaceId, UploadId, UserId } from '../ids.ts'
import type { Actor, NodeState, Outcome, Resolution } from './model.ts'

/** Rows that a batch of decisions writes, in the order in which they are written, in one transaction. */
export type Effects = {
  /** The head after the batch. */
  seq: number
  /** Last state of each node that changed. */
  nodes: Map<NodeId, NodeState>
  /**
   * Nodes that leave the name they had. Names are unique at every moment, so these give theirs up before any takes a new one:
   * a swap is two of them.
   */
  parked: Set<NodeId>
  /** Nodes whose rows the collector removes from now on. */
  purged: NodeId[]
  /**
   * One row for each write, named by its mutation. Rows are never shared between writers: a shared manifest would let
   * one user's unverified pack stand for another user's good bytes (T7). Storage is shared by chunk, below.
   */
  contents: {
    id: MutationId
    contentId: Sha256
    codec: Codec
    size: number
    sha256: Sha256
    inline: string | null
    chunkCount: number
  }[]
  /** Chunks that become live with this batch. */
  chunks: (ChunkLocation & { sha256: Sha256; verified: boolean; uploadedBy: UserId; uploadId: UploadId })[]
  /** Chunks that were live already and that the batch relies on: they must still be so when it is written. */
  reused: { sha256: Sha256; objectKey: string }[]
  contentChunks: {
    content: MutationId
    ordinal: number
    sha256: Sha256
    objectKey: string
    size: number
    plain: number
  }[]
  versions: {
    nodeId: NodeId
    revision: number
    /** A row of `contents`: of this batch, or, for a copy and a restored version, one that is there. */
    content: MutationId
    mtimeNs: string | null
    executable: boolean
    createdBy: UserId
    device: string
    seq: number
    /** The node whose newer content made this write a conflicted copy. */
    conflictOf: NodeId | null
    baseRevision: number
  }[]
  labels: { nodeId: NodeId; revision: number; label: string | null }[]
  /** Of the content `content` (see `versions`), and what was there when it came. `resolution` is set when policy decided at once. */
  conflicts: {
    id: MutationId
    spaceId: SpaceId
    original: NodeId
    copy: NodeId | null
    baseRevision: number
    theirRevision: number
    content: MutationId
    nodeKind: 'file' | 'symlink'
    mtimeNs: string | null
    executable: boolean
    userId: UserId
    device: string
    seq: number
    resolution: Resolution | null
  }[]
  resolutions: { id: MutationId; resolution: Resolution; by: UserId; seq: number }[]
  journal: JournalEntry[]
  answers: { mutationId: MutationId; fingerprint: string; seq: number; outcome: Outcome }[]
  outbox: { kind: EventKind; payload: Record<string, string | number>; traceparent: string | null }[]
  /** How many files each upload gave: an upload must still be open when the batch is written. */
  uploads: Map<UploadId, number>
}

/**
 * What an entry did to its node; the state that it left is in the entry. `restored` brings back to life, also what lay in a trashed folder
 * and survives it; it may move as well.
 */
export const ENTRY_KINDS = ['created', 'updated', 'moved', 'trashed', 'restored', 'purged'] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

export type JournalEntry = {
  seq: number
  kind: EntryKind
  nodeId: NodeId
  spaceId: SpaceId
  mutationId: MutationId
  actor: Actor
  node: NodeState
  /** Plaintext bytes that it wrote; `null` when it wrote no version. A copy and a restored version write 0. */
  writtenBytes: number | null
}

export const noEffects = (seq: number): Effects => ({
  seq,
  nodes: new Map(),
  parked: new Set(),
  purged: [],
  contents: [],
  chunks: [],
  reused: [],
  contentChunks: [],
  versions: [],
  labels: [],
  conflicts: [],
  resolutions: [],
  journal: [],
  answers: [],
  outbox: [],
  uploads: new Map(),
})
