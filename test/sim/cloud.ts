import { AppError } from '../../core/errors.ts'
import type { MutationId, NodeId, SessionId, SpaceId, UserId } from '../../core/ids.ts'
import type { Effects } from '../../core/namespace/effects.ts'
import type { Actor, Mutation, NodeState, Outcome, SpaceRole } from '../../core/namespace/model.ts'
import { NamespaceServer } from '../support/namespace-server.ts'
import type { NamespaceState } from '../support/namespace-state.ts'
import { keyOfLink, type Key } from './ledger.ts'

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
export const uuidOf = (kind: number, ordinal: number): string => `${hex(kind, 8)}-0000-7000-8000-${hex(ordinal, 12)}`

export const SPACE = uuidOf(1, 1) as SpaceId
export const ROOT = uuidOf(2, 0) as NodeId

/** One change that reached the server, and what became of it. */
export type Asked = { actor: Actor; mutation: Mutation; outcome: Outcome }

/** What was committed in one transaction, by whom. */
export type Committed = { actor: Actor; effects: Effects; outcomes: Outcome[] }

export type CloudBackup = { state: NamespaceState; horizon: number }

/**
 * The server of the simulation: the real decisions on tables in memory (test/support/namespace-server.ts), one space, a session for each
 * device and one for the web. What can befall a server befalls it: it is down, compacts, is restored from a backup, withdraws rights.
 */
export class Cloud {
  readonly server: NamespaceServer
  readonly #nowMs: () => number
  readonly #held = new Map<Key, number>()
  readonly #listeners = new Set<() => void>()
  /** Entries up to this one are gone from the feed. */
  horizon = 0
  isDown = false
  /** How far its clock is off. */
  skewMs = 0
  /** More than this the files that live may not have; what would be more is refused. */
  limitBytes = Infinity
  #restores = 0
  /** In the order in which it came; what came twice is there twice. */
  readonly asked: Asked[] = []
  onAsked: (asked: Asked) => void = () => {}
  onCommit: (committed: Committed) => void = () => {}
  /** One that fails to keep its rules (I7) throws where it does. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.server = new NamespaceServer({
      now: () => nowMs() + this.skewMs,
      idOf: (ordinal) => uuidOf(2, ordinal) as NodeId,
    })
    this.server.addSpace(SPACE, ROOT)
  }

  readonly rootId = ROOT

  get state(): NamespaceState {
    return this.server.state
  }

  addDevice(index: number, name: string): Actor {
    const actor = { userId: uuidOf(3, index) as UserId, sessionId: uuidOf(4, index) as SessionId }
    this.server.addSession(actor.sessionId, actor.userId, name)
    this.setRole(actor, 'manager')
    return actor
  }

  setRole({ userId }: Actor, role: SpaceRole | null): void {
    this.server.setRoles(userId, role === null ? {} : { [SPACE]: role })
  }

  signOut = ({ sessionId }: Actor): void => this.server.revoke(sessionId)
  signIn = ({ sessionId }: Actor): void => void (this.state.sessions.get(sessionId)!.isRevoked = false)

  roleOf = ({ userId }: Actor): SpaceRole | null => this.state.roles.get(userId)?.[SPACE] ?? null
  isRevoked = ({ sessionId }: Actor): boolean => this.state.sessions.get(sessionId)?.isRevoked ?? true

  commit(mutations: readonly Mutation[]): Outcome[] {
    const outcomes: Outcome[] = []
    while (outcomes.length < mutations.length) {
      const rest = mutations.slice(outcomes.length)
      const done = this.server.transact(rest)
      outcomes.push(...done.outcomes)
      for (const [at, outcome] of done.outcomes.entries()) {
        const asked = { actor: rest[at]!.actor, mutation: rest[at]!, outcome }
        this.asked.push(asked)
        this.onAsked(asked)
      }
      this.#note(done.effects)
      this.onCommit({ actor: rest[0]!.actor, ...done })
    }
    this.ring()
    return outcomes
  }

  /** Says that there is something new, whether there is or not. */
  ring(): void {
    for (const listener of this.#listeners) listener()
  }

  /** There is no room for what a write brings. */
  isOverLimit(mutation: Mutation): boolean {
    if (mutation.kind !== 'write-file' || this.limitBytes === Infinity) return false
    const { target } = mutation
    const others = this.live().filter(({ node }) => !('node' in target) || node.id !== target.node)
    const held = others.reduce((sum, { node }) => sum + (node.size ?? 0), 0)
    return held + mutation.content.size > this.limitBytes
  }

  onNews(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #note(effects: Effects): void {
    if (effects.purged.length > 0) return this.#countAnew()
    for (const { content, nodeId } of effects.versions) this.#hold(this.keyOfContent(content, nodeId))
    for (const { content, nodeKind } of effects.conflicts) this.#hold(this.#keyOf(content, nodeKind === 'symlink'))
  }

  #countAnew(): void {
    this.#held.clear()
    for (const { nodeId, content } of this.state.versions.values())
      if (this.#isKept(nodeId)) this.#hold(this.keyOfContent(content, nodeId))
    for (const { content, nodeKind, original } of this.state.conflicts.values())
      if (this.#isKept(original)) this.#hold(this.#keyOf(content, nodeKind === 'symlink'))
  }

  /** Neither it nor the unit that it is in was purged; a unit that was trashed by itself outlives the folder that it was in. */
  #isKept(id: NodeId): boolean {
    const { nodes, purged } = this.state
    for (let at = nodes.get(id); at; at = at.parentId === null ? undefined : nodes.get(at.parentId)) {
      if (purged.has(at.id)) return false
      if (at.trashedAt !== null) return true
    }
    return nodes.has(id)
  }

  #hold = (key: Key): void => void this.#held.set(key, (this.#held.get(key) ?? 0) + 1)

  keyOfContent(content: MutationId, node: NodeId): Key {
    return this.#keyOf(content, this.state.nodes.get(node)?.kind === 'symlink')
  }

  #keyOf(content: MutationId, isLink: boolean): Key {
    const { sha256, inline } = this.state.contents.get(content)!
    return isLink ? keyOfLink(Buffer.from(inline!, 'base64').toString()) : sha256
  }

  /** Some version of something has these bytes, in the trash or not. */
  holds = (key: Key): boolean => this.#held.has(key)
  heldKeys = (): Key[] => [...this.#held.keys()]

  keyOfNode = (node: NodeState): Key | null =>
    node.kind === 'folder' ? null : node.kind === 'symlink' ? keyOfLink(node.linkTarget!) : node.sha256

  /** Everything that lives, with its path, parents first. */
  live(): { path: string; node: NodeState }[] {
    const found: { path: string; node: NodeState }[] = []
    const folders = [{ id: ROOT, path: '' }]
    for (const { id, path } of folders) {
      for (const node of this.server.children(id)) {
        const below = path === '' ? node.name : `${path}/${node.name}`
        found.push({ path: below, node })
        if (node.kind === 'folder') folders.push({ id: node.id, path: below })
      }
    }
    return found
  }

  nodesWith = (key: Key): NodeState[] =>
    [...this.state.versions.values()]
      .filter(({ content, nodeId }) => this.keyOfContent(content, nodeId) === key)
      .map(({ nodeId }) => this.state.nodes.get(nodeId)!)

  backup = (): CloudBackup => structuredClone({ state: this.state, horizon: this.horizon })

  /** The tables are what they were; the journal goes on in another epoch (FD-9). */
  restore(backup: CloudBackup): void {
    const { sessions, roles } = this.state
    const { state, horizon } = structuredClone(backup)
    Object.assign(this.state, state, { sessions, roles, epoch: `epoch ${++this.#restores}` })
    this.horizon = horizon
    this.#countAnew()
    this.ring()
  }

  compact(): void {
    this.horizon = this.state.seq
  }

  /** @throws database-unavailable, session-revoked */
  requireOpen(actor: Actor): void {
    if (this.isDown) throw new AppError('database-unavailable', { retryAfterMs: 500 })
    if (this.isRevoked(actor)) throw new AppError('session-revoked')
  }

  nowMs = (): number => this.#nowMs()
}
