import { textOfBase64 } from '../../core/base64-text.ts'
import { invariant } from '../../core/errors.ts'
import type { MutationId, NodeId, SessionId, UploadId, UserId } from '../../core/ids.ts'
import {
  COPY_MAX_NODES,
  heldKey,
  survivorsKey,
  SURVIVORS_MAX,
  versionKey,
  type ConflictFacts,
  type Facts,
  type HeldChunk,
  type NodeState,
  type Notice,
  type Outcome,
  type SpaceRole,
  type VersionFacts,
} from '../../core/namespace/model.ts'
import { childKey } from '../../core/namespace/view.ts'
import type { FactsWanted } from './facts.ts'
import type { Head } from './lease.ts'

/** As the answer is put together again from its row and its entry. */
type StoredOutcome = {
  outcome: 'applied' | 'conflict'
  seq: number
  node: NodeState | null
  original: NodeId | null
  notice: Notice | null
}

/** The content of a symlink is its target. */
type StoredVersion = Omit<VersionFacts, 'linkTarget'> & { inline: string | null }

/** What the query of facts-query.ts answers. A rare part that was not asked for is absent. */
export type FactsRow = {
  head: Head
  priors: { id: MutationId; fingerprint: string; outcome: StoredOutcome }[] | null
  principals: { session: SessionId; user: UserId; device: string; roles: Record<string, SpaceRole> | null }[] | null
  /** `null`: too many (`FACTS_MAX`). */
  nodes: { all: NodeState[] | null; purged: NodeId[] | null } | null
  children: NodeState[] | null
  uploads: { id: UploadId; state: 'open' | 'committed' | 'expired'; userId: UserId; expiresAt: number }[] | null
  held: { userId: UserId; sha256: string; objectKey: string; offset: number; length: number }[] | null
  damaged: NodeId[] | null
  ways?: { step: string; node: NodeState }[] | null
  forgotten?: { id: MutationId; by: UserId; outcome: StoredOutcome }[] | null
  versions?: (StoredVersion & { node: NodeId; revision: number })[] | null
  subtrees?: { folder: NodeId; nodes: { node: NodeState; content: MutationId | null }[] | null }[] | null
  survivors?: { folder: NodeId; seen: number; session: SessionId; far: boolean; id: NodeId | null }[] | null
  conflicts?: (Omit<ConflictFacts, 'mine'> & { mine: StoredVersion & { nodeKind: 'file' | 'symlink' } })[] | null
}

/** One look would bring more than may be in memory at once. */
export class TooManyFacts extends Error {}

/** Adds what was found; what was wanted and is not there is written down as such. @throws TooManyFacts */
export function addFacts(facts: Facts, wanted: FactsWanted, row: FactsRow): void {
  facts.seq = row.head.seq
  facts.epoch = row.head.epoch
  const { nodes } = row
  if (nodes === null) throw new TooManyFacts()
  for (const { id, fingerprint, outcome } of row.priors ?? []) {
    const answer = firstAnswer(outcome)
    if (answer) facts.priors.set(id, { fingerprint, outcome: answer })
  }
  for (const { id, by, outcome } of row.forgotten ?? []) {
    const known = firstAnswer(outcome)
    if (known && !facts.priors.has(id)) facts.priors.set(id, { fingerprint: null, by, outcome: known })
  }
  for (const { session, user, device, roles } of row.principals ?? []) {
    facts.principals.set(session, { standing: 'active', userId: user, device, roles: roles ?? {} })
  }
  for (const upload of row.uploads ?? []) facts.uploads.set(upload.id, upload)
  addNodes(facts, wanted, { ...row, nodes })
  addWays(facts, wanted, row)
  addHeld(facts, wanted, row)
  for (const id of wanted.damaged) facts.damaged.set(id, false)
  for (const id of row.damaged ?? []) facts.damaged.set(id, true)
  addVersions(facts, wanted, row)
  addSubtrees(facts, wanted, row)
  addSurvivors(facts, wanted, row)
  addConflicts(facts, wanted, row)
}

/** `null`: its entry was compacted away, and the answer will be with it. */
function firstAnswer({ outcome, seq, node, original, notice }: StoredOutcome): Outcome | null {
  if (!node) return null
  if (outcome === 'conflict' && original !== null) return { outcome, seq, node, original }
  return { outcome: 'applied', seq, node, ...(notice && { notice }) }
}

function addNodes(facts: Facts, wanted: FactsWanted, row: FactsRow & { nodes: NonNullable<FactsRow['nodes']> }): void {
  for (const id of wanted.nodes) if (!facts.nodes.has(id)) facts.nodes.set(id, null)
  for (const node of row.nodes.all ?? []) facts.nodes.set(node.id, node)
  for (const id of row.nodes.purged ?? []) facts.purged.add(id)
  for (const { parent, key } of wanted.children) facts.children.set(childKey(parent, key), null)
  for (const node of row.children ?? []) {
    if (node.parentId !== null) facts.children.set(childKey(node.parentId, node.name), node)
    facts.nodes.set(node.id, node)
  }
}

/** Below a step that found nothing there is nothing to know. */
function addWays(facts: Facts, wanted: FactsWanted, row: FactsRow): void {
  const found = new Map((row.ways ?? []).map(({ step, node }) => [step, node]))
  for (const step of wanted.ways) {
    const parent = 'parent' in step ? step.parent : found.get(step.up)?.id
    if (parent === undefined) continue
    const node = found.get(step.id) ?? null
    invariant(node === null || node.parentId === parent, 'a step finds a child of the one above it')
    facts.children.set(childKey(parent, step.key), node)
    if (node) facts.nodes.set(node.id, node)
  }
}

function addHeld(facts: Facts, wanted: FactsWanted, row: FactsRow): void {
  for (const { userId, sha256 } of wanted.held) facts.held.set(heldKey(userId, sha256), null)
  for (const { userId, sha256, objectKey, offset, length } of row.held ?? []) {
    facts.held.set(heldKey(userId, sha256), { objectKey, offset, length } satisfies HeldChunk)
  }
}

function addVersions(facts: Facts, wanted: FactsWanted, row: FactsRow): void {
  for (const { node, revision } of wanted.versions)
    if (revision !== null) facts.versions.set(versionKey(node, revision), null)
  for (const { node, revision, ...version } of row.versions ?? [])
    facts.versions.set(versionKey(node, revision), versionOf(version))
}

function versionOf({ inline, ...version }: StoredVersion): VersionFacts {
  return { ...version, linkTarget: inline === null ? null : textOfBase64(inline) }
}

function addSubtrees(facts: Facts, wanted: FactsWanted, row: FactsRow): void {
  for (const folder of wanted.subtrees) facts.subtrees.set(folder, [])
  for (const { folder, nodes } of row.subtrees ?? []) {
    const below = nodes ?? []
    facts.subtrees.set(folder, below.length > COPY_MAX_NODES ? 'too-many' : below)
  }
}

function addSurvivors(facts: Facts, wanted: FactsWanted, row: FactsRow): void {
  const found = new Map<string, NodeId[] | 'too-many'>()
  for (const { folder, seen, session } of wanted.survivors) found.set(survivorsKey(folder, seen, session), [])
  for (const { folder, seen, session, far, id } of row.survivors ?? []) {
    const key = survivorsKey(folder, seen, session)
    const ids = found.get(key)
    if (far) found.set(key, 'too-many')
    else if (id !== null && Array.isArray(ids)) ids.push(id)
  }
  for (const [key, ids] of found) {
    // In one order, whichever way Postgres found them: names are given out in it.
    const isTooMany = ids === 'too-many' || ids.length > SURVIVORS_MAX
    facts.survivors.set(key, isTooMany ? 'too-many' : ids.toSorted())
  }
}

function addConflicts(facts: Facts, wanted: FactsWanted, row: FactsRow): void {
  for (const id of wanted.conflicts) facts.conflicts.set(id, null)
  for (const { mine, ...conflict } of row.conflicts ?? []) {
    const { nodeKind, ...version } = mine
    facts.conflicts.set(conflict.id, { ...conflict, mine: { nodeKind, ...versionOf(version) } })
  }
}
