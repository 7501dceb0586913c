import type { ChunkLocation, Codec, Content } from '../content.ts'
import type { ErrorCode, ErrorFacts } from '../errors.ts'
import type { Precondition } from './precondition.ts'
import type { MutationId, NodeId, SessionId, Sha256, SpaceId, UploadId, UserId } from '../ids.ts'

export type NodeKind = 'folder' | 'file' | 'symlink'

/** What a write whose base is stale becomes (docs/spec/conflicts.md). */
export const CONFLICT_POLICIES = ['keep-both', 'newest-wins', 'manual'] as const
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number]

/**
 * A folder, a file or a symlink as everyone sees it. Content and placement have revisions of their own, so an edit and a rename
 * never conflict.
 */
export type NodeState = {
  id: NodeId
  spaceId: SpaceId
  /** `null` for the root of a space. */
  parentId: NodeId | null
  kind: NodeKind
  name: string
  /** 0 for a folder; 1, 2, … for the versions of a file or symlink. */
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
  /** Of a symlink: where it points, as it was given. Its content is this text; the server never follows it. */
  linkTarget: string | null
  /** Small facts that people and programs keep with a node; `null` when there are none. */
  properties: Record<string, string> | null
  /** Of a folder: holds for what lies below it; `null` = as the folder above says, `keep-both` at the root. */
  conflictPolicy: ConflictPolicy | null
  /** Unix milliseconds by the server's clock; shown, never used to decide. */
  createdAt: number
  changedAt: number
  changedSeq: number
  /** The entry that last changed its bytes, and the one that brought it into its present folder: what P3 and P4 compare. */
  contentSeq: number
  placedSeq: number
  /** When *it* was put into the trash; what lies below it is there with it, as a unit, and has `null` of its own. */
  trashedAt: number | null
  trashedBy: UserId | null
}

export type Actor = { userId: UserId; sessionId: SessionId }

type Common = {
  id: MutationId
  /** SHA-256 of the canonical request: the same id with another fingerprint is refused. */
  fingerprint: string
  actor: Actor
  traceparent: string | null
  /** What the client demands of the present state of the node that it names. */
  precondition?: Precondition
  /** The epoch of the cursor that its author stood at: revisions of another one mean nothing. Absent = not told. */
  epoch?: string
}

/** A node, or the one that an earlier mutation of the same client made. */
export type NodeRef = NodeId | { madeBy: MutationId }
export type Place = { parent: NodeRef; name: string }

export type CreateFolder = Common & {
  kind: 'create-folder'
  parent: NodeRef
  name: string
  ifExists: 'fail' | 'keep'
}

/** A chunk that the store was seen to hold for this upload. `verified` is false inside a pack: its hash is a claim. */
export type StagedChunk = ChunkLocation & { verified: boolean }

export type WriteFile = Common & {
  kind: 'write-file'
  /** A symlink's content is its target, inline. */
  nodeKind: 'file' | 'symlink'
  uploadId: UploadId | null
  target: Place | { node: NodeId }
  /** The content revision that the writer saw; 0 = no such file. */
  base: number
  content: Content & { contentId: Sha256 }
  /** By SHA-256 of the chunk. What is not here must be held already and readable by the actor. */
  staged: Record<string, StagedChunk>
  mtimeNs: string | null
  executable: boolean
}

/** Move, rename, or both. One row and one entry, whatever lies below. */
export type Move = Common & {
  kind: 'move'
  node: NodeId
  to: Place
  /** The placement revision that the mover saw; `null` = whichever is there. */
  base: number | null
  /** `replace`: a file or symlink of that name goes to the trash, unless it changed after `seen`. */
  ifExists: 'fail' | 'keep-both' | 'replace'
  seen: number | null
}

/** New nodes that refer to the same contents: no byte is read or written. Of a folder: everything below it. */
export type Copy = Common & {
  kind: 'copy'
  node: NodeId
  /** Of a file: this version; `null` = the present one. */
  revision: number | null
  to: Place
  ifExists: 'fail' | 'keep-both'
}

/** Into the trash, as a unit. */
export type Trash = Common & {
  kind: 'trash'
  node: NodeId
  /** Of a file: the content revision that the deleter saw. `null` = not told. */
  base: number | null
  /** The seq up to which the deleter had seen the journal: what came or changed below since then survives (P4). `null` = delete what is there. */
  seen: number | null
}

/** Out of the trash. `to: null` = to its place, or into the nearest folder above it that still lives. */
export type Restore = Common & { kind: 'restore'; node: NodeId; to: Place | null }

/** Out of the trash for good. Its rows and bytes go later, by the collector. */
export type Purge = Common & {
  kind: 'purge'
  node: NodeId
  /** The retention's: only what went there at this time or before, Unix milliseconds. */
  trashedUntil?: number
}

/** What is absent stays as it is. A property of `null` is removed. */
export type SetAttributes = Common & {
  kind: 'set-attributes'
  node: NodeId
  mtimeNs?: string | null
  executable?: boolean
  properties?: Record<string, string | null>
  conflictPolicy?: ConflictPolicy | null
}

/** An old version becomes the newest again: a new version with the same content. */
export type RestoreVersion = Common & { kind: 'restore-version'; node: NodeId; revision: number; base: number | null }

/** A labelled version is kept whatever the retention says. `label: null` takes the label away. */
export type LabelVersion = Common & { kind: 'label-version'; node: NodeId; revision: number; label: string | null }

/** `mine`: the write that came second wins; `theirs`: what was there stays; `both`: side by side; `merged`: a version written since holds both. */
export const CHOICES = ['mine', 'theirs', 'both', 'merged'] as const
export type Choice = (typeof CHOICES)[number]

/** Ends a conflict, once for all devices. */
export type ResolveConflict = Common & {
  kind: 'resolve-conflict'
  /** A conflict is named by the mutation that met it. */
  conflict: MutationId
  choice: Choice
  /** The content revision of the original that the person saw; `null` = whichever is there. */
  base: number | null
}

export type Mutation =
  | CreateFolder
  | WriteFile
  | Move
  | Copy
  | Trash
  | Restore
  | Purge
  | SetAttributes
  | RestoreVersion
  | LabelVersion
  | ResolveConflict

/** Something that a person should be told although the change was made. */
export type Notice =
  | 'revived' // it had been deleted meanwhile; the edit brought it back (P3)
  | 'parent-gone' // its folder is no more: it is in the nearest one that lives
  | 'renamed' // its name was taken: it has another

export type Outcome =
  | { outcome: 'applied'; seq: number; node: NodeState; notice?: Notice }
  | { outcome: 'conflict'; seq: number; node: NodeState; original: NodeId }
  | { outcome: 'rejected'; code: ErrorCode; facts: ErrorFacts }

export type SpaceRole = 'reader' | 'writer' | 'manager'

/** Who acts, as the database knows it at commit: rights are decided here, not when the upload was presigned. */
export type PrincipalFacts =
  | { standing: 'revoked' }
  | { standing: 'active'; userId: UserId; device: string; roles: Record<string, SpaceRole> | 'every-space' }

/** The collector acts as nobody's session: no client can, since a session is what the edge has authenticated. */
export const SYSTEM_ACTOR: Actor = {
  userId: '00000000-0000-8000-8000-000000000000' as UserId,
  sessionId: '00000000-0000-8000-8000-000000000000' as SessionId,
}

export type HeldChunk = ChunkLocation

/** A version's content as another version may refer to it. */
export type VersionFacts = Pick<
  NodeState,
  'size' | 'sha256' | 'contentId' | 'codec' | 'mtimeNs' | 'executable' | 'linkTarget'
> & {
  /** The row of `contents`: named by the mutation that wrote it. */
  content: MutationId
  isDamaged: boolean
}

export type Resolution = Choice | 'newest-wins'

/** A write that met another (docs/spec/conflicts.md). */
export type ConflictFacts = {
  id: MutationId
  original: NodeId
  /** `null`: nothing stands beside the original; policy `manual` holds the content, `newest-wins` made it a version. */
  copy: NodeId | null
  /** What the writer had seen, and what was there. */
  baseRevision: number
  theirRevision: number
  /** The content that came second. */
  mine: VersionFacts & { nodeKind: 'file' | 'symlink' }
  resolution: Resolution | null
}

/** Nodes that one folder copy may make; larger trees are copied folder by folder. */
export const COPY_MAX_NODES = 2_000
/** What may survive one delete; beyond it the deleter must catch up first. */
export const SURVIVORS_MAX = 1_000

/**
 * The first answer to a mutation. When it is so old that the answer was removed, a write is still known by what it stored: then it is
 * not known what else was asked for, only whose it was; and `outcome` tells the present state.
 */
export type Prior = { fingerprint: string; outcome: Outcome } | { fingerprint: null; by: UserId; outcome: Outcome }

/**
 * What the decision needs to know. Whoever gathers a node also gathers every folder above it. A key that is present with `null` was looked up and is not there; a key that is
 * absent was not looked up: `decide` then asks for it, and the shell gathers and decides anew.
 */
export type Facts = {
  /** The head of the journal. */
  seq: number
  /** Another one after the database was restored from a backup. */
  epoch: string
  principals: Map<SessionId, PrincipalFacts>
  priors: Map<MutationId, Prior>
  nodes: Map<NodeId, NodeState | null>
  /** Of `nodes`: those that were purged. Their rows are on their way out; they still say where things were. */
  purged: Set<NodeId>
  /** By `childKey(parent, name)`. Only those that are not themselves in the trash. */
  children: Map<string, NodeState | null>
  uploads: Map<UploadId, { state: 'open' | 'committed' | 'expired'; userId: UserId; expiresAt: number }>
  /** By `heldKey(user, sha256)`: live chunks that this user may refer to. */
  held: Map<string, HeldChunk | null>
  /** Files whose present content has a chunk in quarantine: it is served to nobody. */
  damaged: Map<NodeId, boolean>
  /** By `versionKey(node, revision)`. */
  versions: Map<string, VersionFacts | null>
  /**
   * What lies below a folder, each after its parent, and the content of its files; not what was trashed by itself. True at `seq` only:
   * asked for when the batch has changed nothing yet (see `Barrier`).
   */
  subtrees: Map<NodeId, { node: NodeState; content: MutationId | null }[] | 'too-many'>
  /**
   * By `survivorsKey`: what lies below a folder and came there, or got other bytes, after `seen` by another session; each with no
   * other of them above it. True at `seq` only.
   */
  survivors: Map<string, NodeId[] | 'too-many'>
  conflicts: Map<MutationId, ConflictFacts | null>
}

export const heldKey = (userId: UserId, sha256: string): string => `${userId} ${sha256}`
export const versionKey = (node: NodeId, revision: number): string => `${node} ${revision}`
export const survivorsKey = (folder: NodeId, seen: number, session: SessionId): string => `${folder} ${seen} ${session}`
