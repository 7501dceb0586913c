import type { ChunkLocation, Codec, Content } from '../content.ts'
import type { ErrorCode, ErrorFacts } from '../errors.ts'
import type { Precondition } from './precondition.ts'
import type { MutationId, NodeId, SessionId, Sha256, SpaceId, UploadId, UserId } from '../ids.ts'

/** A folder or a file as everyone sees it. Content and placement have revisions of their own, so an edit and a rename never conflict. */
export type NodeState = {
  id: NodeId
  spaceId: SpaceId
  /** `null` for the root of a space. */
  parentId: NodeId | null
  kind: 'folder' | 'file'
  name: string
  /** 0 for a folder; 1, 2, … for a file's versions. */
  contentRevision: number
  placementRevision: number
  /** Plaintext bytes; `null` for a folder, as are the next three. */
  size: number | null
  sha256: Sha256 | null
  contentId: Sha256 | null
  codec: Codec | null
  /** Nanoseconds since 1970, decimal: kept exactly as the client gave it. */
  mtimeNs: string | null
  executable: boolean
  /** Unix milliseconds by the server's clock; shown, never used to decide. */
  createdAt: number
  changedAt: number
  changedSeq: number
}

export type Actor = { userId: UserId; sessionId: SessionId }

type Common = {
  id: MutationId
  /** SHA-256 of the canonical request: the same id with another fingerprint is refused. */
  fingerprint: string
  actor: Actor
  traceparent: string | null
}

export type CreateFolder = Common & {
  kind: 'create-folder'
  /** A node, or a folder that an earlier mutation makes. */
  parent: NodeId | { madeBy: MutationId }
  name: string
  ifExists: 'fail' | 'keep'
}

/** A chunk that the store was seen to hold for this upload. `verified` is false inside a pack: its hash is a claim. */
export type StagedChunk = ChunkLocation & { verified: boolean }

export type WriteFile = Common & {
  kind: 'write-file'
  uploadId: UploadId | null
  target: { parent: NodeId; name: string } | { node: NodeId }
  /** The content revision that the writer saw; 0 = no such file. */
  base: number
  precondition?: Precondition
  content: Content & { contentId: Sha256 }
  /** By SHA-256 of the chunk. What is not here must be held already and readable by the actor. */
  staged: Record<string, StagedChunk>
  mtimeNs: string | null
  executable: boolean
}

export type Mutation = CreateFolder | WriteFile

export type Outcome =
  | { outcome: 'applied'; seq: number; node: NodeState }
  | { outcome: 'conflict'; seq: number; node: NodeState; original: NodeId }
  | { outcome: 'rejected'; code: ErrorCode; facts: ErrorFacts }

export type SpaceRole = 'reader' | 'writer' | 'manager'

/** Who acts, as the database knows it at commit: rights are decided here, not when the upload was presigned. */
export type PrincipalFacts =
  | { standing: 'revoked' }
  | { standing: 'active'; userId: UserId; device: string; roles: Record<string, SpaceRole> }

export type HeldChunk = ChunkLocation

/**
 * What the decision needs to know. A key that is present with `null` was looked up and is not there; a key that is
 * absent was not looked up: `decide` then asks for it, and the shell gathers and decides anew.
 */
export type Facts = {
  /** The head of the journal. */
  seq: number
  principals: Map<SessionId, PrincipalFacts>
  priors: Map<MutationId, { fingerprint: string; outcome: Outcome }>
  nodes: Map<NodeId, NodeState | null>
  /** By `childKey(parent, name)`. Live children only. */
  children: Map<string, NodeState | null>
  uploads: Map<UploadId, { state: 'open' | 'committed' | 'expired'; userId: UserId; expiresAt: number }>
  /** By `heldKey(user, sha256)`: live chunks that this user may refer to. */
  held: Map<string, HeldChunk | null>
  /** Files whose present content has a chunk in quarantine: it is served to nobody. */
  damaged: Map<NodeId, boolean>
}

export const heldKey = (userId: UserId, sha256: string): string => `${userId} ${sha256}`
