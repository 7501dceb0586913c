import type { ChunkLocation, Codec } from '../content.ts'
import type { EventKind } from '../event-bus.ts'
import type { MutationId, NodeId, Sha256, SpaceId, UploadId, UserId } from '../ids.ts'
import type { Actor, NodeState, Outcome } from './model.ts'

/** Rows that a batch of decisions writes, in the order in which they are written, in one transaction. */
export type Effects = {
  /** The head after the batch. */
  seq: number
  /** Last state of each node that changed. */
  nodes: Map<NodeId, NodeState>
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
  journal: JournalEntry[]
  answers: { mutationId: MutationId; fingerprint: string; seq: number; outcome: Outcome }[]
  outbox: { kind: EventKind; payload: Record<string, string | number>; traceparent: string | null }[]
  /** How many files each upload gave: an upload must still be open when the batch is written. */
  uploads: Map<UploadId, number>
}

export type JournalEntry = {
  seq: number
  kind: 'created' | 'updated'
  nodeId: NodeId
  spaceId: SpaceId
  mutationId: MutationId
  actor: Actor
  node: NodeState
}

export const noEffects = (seq: number): Effects => ({
  seq,
  nodes: new Map(),
  contents: [],
  chunks: [],
  reused: [],
  contentChunks: [],
  versions: [],
  journal: [],
  answers: [],
  outbox: [],
  uploads: new Map(),
})
