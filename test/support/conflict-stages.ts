import type { MutationId, NodeId } from '../../core/ids.ts'
import type { Mutation, NodeState, Outcome, WriteFile } from '../../core/namespace/model.ts'

/** Two sessions, of two people who may write, or of two devices of one. */
export type Hand = 'first' | 'second'
export const HANDS = ['first', 'second'] as const

type Unsigned<M> = M extends Mutation ? Omit<M, 'id' | 'fingerprint' | 'actor' | 'traceparent' | 'precondition'> : never
/** A mutation without what a client adds when it sends it. A content is small text. */
export type Change =
  | Unsigned<Exclude<Mutation, WriteFile>>
  | { kind: 'write-file'; nodeKind: 'file' | 'symlink'; target: WriteFile['target']; base: number; text: string }

/** Whatever decides mutations one after the other: the function in memory, or the real server over HTTP. */
export type CellServer = {
  /** A folder that is empty, or in which nothing is called as the cells call things. */
  root: NodeId
  newId(): MutationId
  commit(by: Hand, id: MutationId, change: Change): Promise<Outcome>
}

/** The common state of the two: what is built here, both have seen. */
export class Stage {
  readonly server: CellServer
  /** The seq up to which both have seen the journal. */
  seen = 0
  /** The last entry that was answered here; the second may not have seen it. */
  head = 0

  constructor(server: CellServer) {
    this.server = server
  }

  async send(by: Hand, change: Change): Promise<Outcome> {
    return this.server.commit(by, this.server.newId(), change)
  }

  /** A change that everybody sees. */
  async done(change: Change): Promise<NodeState> {
    const outcome = await this.send('first', change)
    return this.#effectOf(outcome, change)
  }

  async folder(parent: NodeId, name: string): Promise<NodeState> {
    return this.done({ kind: 'create-folder', parent, name, ifExists: 'fail' })
  }

  async file(parent: NodeId, name: string, ...texts: string[]): Promise<NodeState> {
    let node: NodeState | null = null
    for (const [base, text] of texts.entries())
      node = await this.done({ kind: 'write-file', nodeKind: 'file', target: { parent, name }, base, text })
    return node!
  }

  async trash(node: NodeState): Promise<NodeState> {
    return this.done({ kind: 'trash', node: node.id, base: baseOf(node), seen: null })
  }

  /** A conflicted copy of `file`, which is at version 2. @returns the conflict's id */
  async conflict(file: NodeState): Promise<MutationId> {
    const id = this.server.newId()
    const text = `conflict of ${file.name}`
    const change: Change = { kind: 'write-file', nodeKind: 'file', target: { node: file.id }, base: 1, text }
    this.#effectOf(await this.server.commit('second', id, change), change)
    return id
  }

  #effectOf(outcome: Outcome, change: Change): NodeState {
    if (outcome.outcome === 'rejected')
      throw new Error(`${change.kind}: ${outcome.code} ${JSON.stringify(outcome.facts)}`)
    this.head = Math.max(this.head, outcome.seq)
    this.seen = this.head
    return outcome.node
  }
}

/** What a delete says that it had seen. */
export const baseOf = (node: NodeState): number | null => (node.kind === 'folder' ? null : node.contentRevision)
