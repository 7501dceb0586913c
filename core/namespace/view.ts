import type { EventKind } from '../event-bus.ts'
import type { MutationId, NodeId, UserId } from '../ids.ts'
import { nameKey } from '../names.ts'
import type { Effects } from './effects.ts'
import { noEffects } from './effects.ts'
import {
  heldKey,
  type Facts,
  type HeldChunk,
  type Mutation,
  type NodeState,
  type Outcome,
  type PrincipalFacts,
} from './model.ts'

export const childKey = (parent: NodeId, name: string): string => `${parent} ${nameKey(name)}`

/** Facts that a decision asked for and that were not gathered. */
export type Needs = {
  nodes: Set<NodeId>
  children: Map<string, { parent: NodeId; key: string }>
  held: Map<string, { userId: UserId; sha256: string }>
  damaged: Set<NodeId>
}

/** Thrown inside `decideBatch` only, caught there: a fact is missing, so this mutation cannot be decided in this round. */
export class FactMissing extends Error {}

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
  takeId(): NodeId
}

export function openView(facts: Facts, now: number, freshIds: readonly NodeId[]): View {
  let used = 0
  return {
    facts,
    now,
    effects: noEffects(facts.seq),
    needs: { nodes: new Set(), children: new Map(), held: new Map(), damaged: new Set() },
    wakes: new Map(),
    decided: new Map(),
    takeId() {
      const id = freshIds[used++]
      if (id === undefined) throw new Error('decideBatch was given fewer fresh ids than mutations')
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

export function childOf(view: View, parent: NodeId, name: string): NodeState | null {
  const key = childKey(parent, name)
  const child = view.facts.children.get(key)
  if (child === undefined) {
    view.needs.children.set(key, { parent, key: nameKey(name) })
    throw new FactMissing()
  }
  return child
}

export function heldOf(view: View, userId: UserId, sha256: string): HeldChunk | null {
  const key = heldKey(userId, sha256)
  const held = view.facts.held.get(key)
  if (held === undefined) {
    view.needs.held.set(key, { userId, sha256 })
    throw new FactMissing()
  }
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

export function principalOf(view: View, mutation: Mutation): PrincipalFacts {
  return view.facts.principals.get(mutation.actor.sessionId) ?? { standing: 'revoked' }
}

/** Puts a node's new state into the overlay and the effects, with its journal entry and wake-up. */
export function putNode(
  view: View,
  mutation: Mutation,
  kind: 'created' | 'updated',
  state: Omit<NodeState, 'changedAt' | 'changedSeq'>,
): NodeState {
  const { effects, facts } = view
  effects.seq += 1
  const node: NodeState = { ...state, changedAt: view.now, changedSeq: effects.seq }
  facts.nodes.set(node.id, node)
  if (node.parentId !== null) facts.children.set(childKey(node.parentId, node.name), node)
  effects.nodes.set(node.id, node)
  effects.journal.push({
    seq: effects.seq,
    kind,
    nodeId: node.id,
    spaceId: node.spaceId,
    mutationId: mutation.id,
    actor: mutation.actor,
    node,
  })
  wake(view, 'journal.appended', { lastSeq: effects.seq }, mutation.traceparent)
  return node
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
    same.payload = payload
    return
  }
  const message = { kind, payload, traceparent }
  view.wakes.set(key, message)
  view.effects.outbox.push(message)
}
