import type { MutationId, NodeId, SessionId, SpaceId, UserId } from '../../core/ids.ts'
import { decideBatch } from '../../core/namespace/decide.ts'
import type { Effects, JournalEntry } from '../../core/namespace/effects.ts'
import { versionKey, type Mutation, type NodeState, type Outcome, type SpaceRole } from '../../core/namespace/model.ts'
import { applyEffects, putRow } from './apply-effects.ts'
import { blankFolder } from './blank-folder.ts'
import { collectPurged } from './collect-purged.ts'
import { addFacts, contentOf, firstFacts } from './namespace-facts.ts'
import { emptyState, livesIn, pathOf, type NamespaceState } from './namespace-state.ts'
import { requireLawfulTree } from './tree-law.ts'

/** As many as the journal's writer has. */
const MAX_ROUNDS = 30

export type NamespaceServerOptions = {
  /** Unix milliseconds. */
  now?: () => number
  /** The id of the `ordinal`th node (1, 2, …) that clients make. */
  idOf?: (ordinal: number) => NodeId
}

/**
 * The server in memory: one tenant's journal. It gathers, decides and applies as the journal object and the database do, one transaction
 * for each batch of decisions, and holds every rule of the tables while it does (unique names at every moment, a journal without gaps, I7).
 */
export class NamespaceServer {
  readonly state: NamespaceState = emptyState()
  readonly #now: () => number
  readonly #idOf: (ordinal: number) => NodeId
  #made = 0

  constructor({
    now = () => 1_700_000_000_000,
    idOf = (ordinal) => `n${ordinal}` as NodeId,
  }: NamespaceServerOptions = {}) {
    this.#now = now
    this.#idOf = idOf
  }

  /** @returns the root of a new space */
  addSpace(spaceId: SpaceId, root: NodeId): NodeId {
    putRow(this.state, rootOf(spaceId, root))
    return root
  }

  addSession(sessionId: SessionId, userId: UserId, device: string): void {
    this.state.sessions.set(sessionId, { userId, device, isRevoked: false })
    if (!this.state.roles.has(userId)) this.state.roles.set(userId, {})
  }

  revoke(sessionId: SessionId): void {
    this.state.sessions.get(sessionId)!.isRevoked = true
  }

  setRoles(userId: UserId, roles: Record<string, SpaceRole>): void {
    this.state.roles.set(userId, roles)
  }

  /** Everything that was sent, in as many transactions as it takes. */
  commit(...mutations: Mutation[]): Outcome[] {
    const outcomes: Outcome[] = []
    while (outcomes.length < mutations.length) {
      const more = this.transact(mutations.slice(outcomes.length)).outcomes
      if (more.length === 0) throw new Error('a batch decides at least its first mutation')
      outcomes.push(...more)
    }
    return outcomes
  }

  /** One transaction: what of `mutations` can be decided together, at least the first. */
  transact(mutations: readonly Mutation[]): { outcomes: Outcome[]; effects: Effects } {
    const { outcomes, effects } = this.decide(mutations)
    applyEffects(this.state, effects)
    while (effects.nodes.has(this.#idOf(this.#made + 1))) this.#made++
    requireLawfulTree(this.state)
    return { outcomes, effects }
  }

  /** What a transaction would do. Changes nothing. */
  decide(mutations: readonly Mutation[]): { outcomes: Outcome[]; effects: Effects } {
    const facts = firstFacts(this.state)
    const now = this.#now()
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const own = {
        ...facts,
        nodes: new Map(facts.nodes),
        children: new Map(facts.children),
      }
      const decision = decideBatch(own, mutations, now, (index) => this.#idOf(this.#made + index + 1))
      if (decision.at === 'decided') return decision
      if (round + 1 === MAX_ROUNDS && decision.known > 0) return this.decide(mutations.slice(0, decision.known))
      addFacts(this.state, decision.needs, facts)
    }
    throw new Error('the facts never sufficed')
  }

  /** The collector: rows of what was purged go for good. */
  collect(): void {
    collectPurged(this.state)
    requireLawfulTree(this.state)
  }

  /** Puts a chunk of a file's present content into quarantine. */
  damage(node: NodeId): void {
    const content = contentOf(this.state, this.state.nodes.get(node))
    if (content === null) throw new Error(`${node} has no content`)
    this.state.damaged.add(content)
  }

  get journal(): readonly JournalEntry[] {
    return this.state.journal
  }

  node(id: NodeId): NodeState | undefined {
    return this.state.nodes.get(id)
  }

  isLive(id: NodeId): boolean {
    return livesIn(this.state, id)
  }

  /** What a person sees in a folder. */
  children(folder: NodeId): NodeState[] {
    if (!this.isLive(folder)) return []
    return [...(this.state.below.get(folder) ?? [])]
      .map((id) => this.state.nodes.get(id)!)
      .filter((node) => node.trashedAt === null)
  }

  /** `a/b.txt`, as people see it; of something in the trash: where it would be. */
  path(id: NodeId): string {
    return pathOf(this.state, id)
      .slice(0, -1)
      .map((node) => node.name)
      .toReversed()
      .join('/')
  }

  /** Everything that lives in a space, as paths in order; a folder ends in a slash. */
  tree(root: NodeId): string[] {
    const paths: string[] = []
    const folders = [root]
    for (const folder of folders) {
      for (const node of this.children(folder)) {
        paths.push(this.path(node.id) + (node.kind === 'folder' ? '/' : ''))
        if (node.kind === 'folder') folders.push(node.id)
      }
    }
    return paths.sort()
  }

  /** The bytes of a version, as text; only of inline contents. */
  text(id: NodeId, revision = this.state.nodes.get(id)?.contentRevision ?? 0): string | null {
    const version = this.state.versions.get(versionKey(id, revision))
    const inline = version && this.state.contents.get(version.content)?.inline
    return inline === undefined || inline === null ? null : Buffer.from(inline, 'base64').toString('utf8')
  }

  conflict(id: MutationId) {
    return this.state.conflicts.get(id)
  }
}

const rootOf = (spaceId: SpaceId, id: NodeId): NodeState => ({
  ...blankFolder(),
  id,
  spaceId,
  parentId: null,
  name: String(id),
})
