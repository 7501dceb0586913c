import { invariant } from '../errors.ts'
import type { EventKind } from '../event-bus.ts'
import type { MutationId, NodeId, SessionId, UserId } from '../ids.ts'
import { nameKey } from '../names.ts'
import { noEffects, type Effects, type EntryKind } from './effects.ts'
import {
  heldKey,
  survivorsKey,
  SYSTEM_ACTOR,
  versionKey,
  type ConflictFacts,
  type Facts,
  type HeldChunk,
  type Mutation,
  type NodeState,
  type Outcome,
  type PrincipalFacts,
  type VersionFacts,
} from './model.ts'

export const childKey = (parent: NodeId, name: string): string => `${parent} ${nameKey(name)}`

/**
 * One step of a way down by names, to be walked where the nodes are: below `parent`, or below what the step `up` finds. So a way costs
 * one round, however long it is (SC-04).
 */
export type WayStep = { id: string; up: string; key: string } | { id: string; parent: NodeId; key: string }

/** Facts that a decision asked for and that were not gathered. */
export type Needs = {
  nodes: Set<NodeId>
  children: Map<string, { parent: NodeId; key: string }>
  /** By their ids, each after the one above it. What they find are `children`. */
  ways: Map<string, WayStep>
  held: Map<string, { userId: UserId; sha256: string }>
  damaged: Set<NodeId>
  versions: Map<string, { node: NodeId; revision: number }>
  subtrees: Set<NodeId>
  survivors: Map<string, { folder: NodeId; seen: number; session: SessionId }>
  conflicts: Set<MutationId>
}

const noNeeds = (): Needs => ({
  nodes: new Set(),
  children: new Map(),
  ways: new Map(),
  held: new Map(),
  damaged: new Set(),
  versions: new Map(),
  subtrees: new Set(),
  survivors: new Map(),
  conflicts: new Set(),
})

/** Thrown inside `decideBatch` only, caught there: a fact is missing, so this mutation cannot be decided in this round. */
export class FactMissing extends Error {}

/**
 * Thrown inside `decideBatch` only, caught there: what this mutation must know of a whole subtree, or of a version, cannot be overlaid with
 * what the batch has done. The batch ends before it, and it is decided in the next one.
 */
export class Barrier extends Error {}

/**
 * The namespace as one batch sees it: the facts, overlaid with what earlier mutations of the batch have done.
 * It collects the effects. Local to one call of `decideBatch`.
 */
export type View = {
  readonly facts: Facts
  readonly now: number
  readonly effects: Effects
  readonly needs: Needs
  /** The messages of `effects.outbox`, by what they are of. */
  readonly wakes: Map<string, Effects['outbox'][number]>
  readonly decided: Map<MutationId, { fingerprint: string; outcome: Outcome }>
  /** Nodes that this batch makes: nothing lies below them but what it puts there. */
  readonly fresh: Set<NodeId>
  /** How to take back what the present mutation has done, last first (all-or-nothing.ts). */
  readonly undo: (() => void)[]
  takeId(): NodeId
}

/** @param freshId the id of the `index`th node that the batch makes: the same for the same index, in every round */
export function openView(facts: Facts, now: number, freshId: (index: number) => NodeId): View {
  const fresh = new Set<NodeId>()
  const undo: View['undo'] = []
  return {
    facts: { ...facts, purged: new Set(facts.purged) },
    now,
    effects: noEffects(facts.seq),
    needs: noNeeds(),
    wakes: new Map(),
    decided: new Map(),
    fresh,
    undo,
    takeId() {
      const id = freshId(fresh.size)
      fresh.add(id)
      undo.push(() => fresh.delete(id))
      return id
    },
  }
}

export function nodeOf(view: View, id: NodeId): NodeState | null {
  const node = view.facts.nodes.get(id)
  if (node === undefined) {
    view.needs.nodes.add(id)
    throw new FactMissing()
  }
  return node
}

/**
 * Several nodes that are known to exist: one round for all that are missing.
 * @throws Barrier when this is not the first of the batch that lacks some: they may be very many, and what comes first may change them
 */
export function nodesOf(view: View, ids: readonly NodeId[]): NodeState[] {
  const { facts, needs } = view
  const missing = ids.filter((id) => !facts.nodes.has(id))
  if (missing.length > 0 && needs.nodes.size > 0) throw new Barrier()
  if (missing.length > 0) requireUnchanged(view)
  for (const id of missing) needs.nodes.add(id)
  return ids.map((id) => {
    const node = nodeOf(view, id)
    invariant(node !== null, 'a node that the facts name is there')
    return node
  })
}

/** The child that has this name: one that is not itself in the trash. Dead folders have such children too. */
export function childOf(view: View, parent: NodeId, name: string): NodeState | null {
  if (!knowsChild(view, parent, name)) {
    expectChild(view, parent, name)
    throw new FactMissing()
  }
  const child = view.facts.children.get(childKey(parent, name)) ?? null
  if (child && !view.facts.nodes.has(child.id)) view.facts.nodes.set(child.id, child)
  return child
}

export const knowsChild = ({ facts, fresh }: View, parent: NodeId, name: string): boolean =>
  fresh.has(parent) || facts.children.has(childKey(parent, name))

/** Has it gathered with what this round lacks anyway. */
export function expectChild(view: View, parent: NodeId, name: string): void {
  if (!knowsChild(view, parent, name)) view.needs.children.set(childKey(parent, name), { parent, key: nameKey(name) })
}

/** Steps that one round walks; of more ways the others wait for the next. */
const WAY_STEPS_MAX = 20_000

/** Has the way down from `parent` gathered with what this round lacks anyway. @param way ids of steps are of the asker's making */
export function expectWay(view: View, parent: NodeId, way: readonly { id: string; name: string }[]): void {
  const { ways } = view.needs
  if (ways.size > 0 && ways.size + way.length > WAY_STEPS_MAX) return
  for (const [at, { id, name }] of way.entries()) {
    const key = nameKey(name)
    if (!ways.has(id)) ways.set(id, at === 0 ? { id, parent, key } : { id, up: way[at - 1]!.id, key })
  }
}

/** @throws Barrier when this batch has stored the chunk */
export function heldOf(view: View, userId: UserId, sha256: string): HeldChunk | null {
  const key = heldKey(userId, sha256)
  const held = view.facts.held.get(key)
  if (held === undefined) {
    view.needs.held.set(key, { userId, sha256 })
    throw new FactMissing()
  }
  // This batch has just brought it; whom it is held for is known once it is written.
  if (held === null && view.effects.chunks.some((chunk) => chunk.sha256 === sha256)) throw new Barrier()
  return held
}

/** Whether a file's present content can no longer be served. What this batch wrote itself is sound as far as anyone knows. */
export function isDamaged(view: View, { id, changedSeq }: NodeState): boolean {
  if (changedSeq > view.facts.seq) return false
  const damaged = view.facts.damaged.get(id)
  if (damaged === undefined) {
    view.needs.damaged.add(id)
    throw new FactMissing()
  }
  return damaged
}

/** The content of a version. @throws Barrier when this batch wrote to the node */
export function versionOf(view: View, node: NodeState, revision: number): VersionFacts | null {
  if (node.changedSeq > view.facts.seq) throw new Barrier()
  const key = versionKey(node.id, revision)
  const version = view.facts.versions.get(key)
  if (version === undefined) {
    view.needs.versions.set(key, { node: node.id, revision })
    throw new FactMissing()
  }
  return version
}

/** What lies below a folder: `Facts.subtrees`. @throws Barrier when the batch has changed anything */
export function subtreeOf(view: View, folder: NodeId): NonNullable<ReturnType<Facts['subtrees']['get']>> {
  requireUnchanged(view)
  const subtree = view.facts.subtrees.get(folder)
  if (subtree === undefined) {
    // Whoever is decided after this one begins a batch of its own, and asks anew.
    if (view.needs.subtrees.size > 0) throw new Barrier()
    view.needs.subtrees.add(folder)
    throw new FactMissing()
  }
  return subtree
}

/** Folders of one batch whose survivors are looked for together: one look reads the journal since the least `seen`. */
export const SURVIVORS_AT_ONCE = 128

/** What a delete must leave alive: `Facts.survivors`. @throws Barrier when the batch may have changed what that is */
export function survivorsOf(view: View, folder: NodeId, seen: number, session: SessionId): NodeId[] | 'too-many' {
  const key = survivorsKey(folder, seen, session)
  const survivors = view.facts.survivors.get(key)
  if (survivors === undefined) {
    requireUnchanged(view)
    if (view.needs.survivors.size >= SURVIVORS_AT_ONCE) throw new Barrier()
    view.needs.survivors.set(key, { folder, seen, session })
    throw new FactMissing()
  }
  requireApart(view, folder)
  return survivors
}

/** @throws Barrier when the batch has made or ended a conflict */
export function conflictOf(view: View, id: MutationId): ConflictFacts | null {
  if (view.effects.conflicts.length + view.effects.resolutions.length > 0) throw new Barrier()
  const conflict = view.facts.conflicts.get(id)
  if (conflict === undefined) {
    view.needs.conflicts.add(id)
    throw new FactMissing()
  }
  return conflict
}

/** Deletes side by side leave one another's survivors as they were; whatever moves something may not. */
function requireApart(view: View, folder: NodeId): void {
  for (const { kind, node } of view.effects.journal) {
    if (kind !== 'created' && kind !== 'updated' && kind !== 'trashed') throw new Barrier()
    for (let at: NodeState | null = node; at; at = at.parentId === null ? null : nodeOf(view, at.parentId))
      if (at.id === folder) throw new Barrier()
  }
}

function requireUnchanged({ effects, facts }: View): void {
  if (effects.seq > facts.seq) throw new Barrier()
}

const SYSTEM: PrincipalFacts = {
  standing: 'active',
  userId: SYSTEM_ACTOR.userId,
  device: 'BitVault',
  roles: 'every-space',
}

export function principalOf(view: View, { actor }: Mutation): PrincipalFacts {
  if (actor.sessionId === SYSTEM_ACTOR.sessionId) return SYSTEM
  return view.facts.principals.get(actor.sessionId) ?? { standing: 'revoked' }
}

/** What a mutation says of a node; the rest follows from what it did. */
export type NewState = Omit<NodeState, 'changedAt' | 'changedSeq' | 'contentSeq' | 'placedSeq'>

/** Puts a node's new state into the overlay and the effects, with its journal entry and wake-up. */
export function putNode(
  view: View,
  mutation: Mutation,
  kind: EntryKind,
  state: NewState,
  writtenBytes: number | null = null,
): NodeState {
  const { effects, facts } = view
  const before = facts.nodes.get(state.id) ?? null
  const seq = (effects.seq += 1)
  const node: NodeState = {
    ...state,
    changedAt: view.now,
    changedSeq: seq,
    contentSeq: before && before.contentRevision === state.contentRevision ? before.contentSeq : seq,
    placedSeq: before && isSamePlace(before, state) ? before.placedSeq : seq,
  }
  leaveName(view, before, node)
  put(view, facts.nodes, node.id, node)
  if (node.parentId !== null && node.trashedAt === null)
    put(view, facts.children, childKey(node.parentId, node.name), node)
  put(view, effects.nodes, node.id, node)
  effects.journal.push({
    seq,
    kind,
    nodeId: node.id,
    spaceId: node.spaceId,
    mutationId: mutation.id,
    actor: mutation.actor,
    node,
    writtenBytes,
  })
  wake(view, 'journal.appended', { lastSeq: seq }, mutation.traceparent)
  return node
}

const isSamePlace = (before: NodeState, after: NewState): boolean =>
  before.parentId === after.parentId && (before.trashedAt === null) === (after.trashedAt === null)

/** Its old name is free from now on, for the rest of the batch and for the rows. */
function leaveName(view: View, before: NodeState | null, after: NodeState): void {
  const { facts, effects, fresh, undo } = view
  if (!before || before.parentId === null || before.trashedAt !== null) return
  const key = childKey(before.parentId, before.name)
  const keeps = after.parentId !== null && after.trashedAt === null && childKey(after.parentId, after.name) === key
  if (keeps) return
  if (facts.children.get(key)?.id === before.id) put(view, facts.children, key, null)
  if (fresh.has(before.id) || effects.parked.has(before.id)) return
  effects.parked.add(before.id)
  undo.push(() => effects.parked.delete(before.id))
}

/** From now on its row, and what lies below it, is on its way out. */
export function markPurged({ facts, effects, undo }: View, id: NodeId): void {
  facts.purged.add(id)
  effects.purged.push(id)
  undo.push(() => facts.purged.delete(id))
}

function put<K, V>({ undo }: View, map: Map<K, V>, key: K, value: V): void {
  const before = map.get(key)
  undo.push(before === undefined ? () => map.delete(key) : () => map.set(key, before))
  map.set(key, value)
}

/**
 * Leaves one message for each kind, subject and trace of the batch: a message is a wake-up, and consumers read on from
 * their own watermark, so a thousand files of one upload need one.
 */
export function wake(
  view: View,
  kind: EventKind,
  payload: Record<string, string | number>,
  traceparent: string | null,
): void {
  const key = `${kind} ${payload.objectKey ?? ''} ${traceparent ?? ''}`
  const same = view.wakes.get(key)
  if (same) {
    const before = same.payload
    view.undo.push(() => (same.payload = before))
    same.payload = payload
    return
  }
  const message = { kind, payload, traceparent }
  put(view, view.wakes, key, message)
  view.effects.outbox.push(message)
}
