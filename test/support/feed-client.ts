import type { NodeStateWire } from '../../protocol/files.ts'
import type { Change, ChangesReply, SnapshotReply } from '../../protocol/sync.ts'
import type { Account, Answer } from './account.ts'

/** The tree as a client that follows docs/spec/feed.md has it: rules FD-10 to FD-12, and FD-14. */
export class FoldedTree {
  readonly nodes = new Map<string, NodeStateWire>()

  /** A state that is known, or older than what is known, says nothing: what is known may have been lifted since. */
  put(node: NodeStateWire): void {
    const known = this.nodes.get(node.id)
    if (!known || node.changedSeq > known.changedSeq) this.nodes.set(node.id, node)
  }

  apply({ kind, node }: Change): void {
    if (kind === 'purged') this.#purge(node.id, node.parentId)
    else this.put(node)
  }

  /** With what lies below; a unit that was trashed by itself stays, in the folder above. */
  #purge(id: string, above: string | null): void {
    this.nodes.delete(id)
    for (const child of this.nodes.values()) {
      if (child.parentId !== id) continue
      if (child.trashedAt === null) this.#purge(child.id, above)
      else this.nodes.set(child.id, { ...child, parentId: above })
    }
  }

  /** At the head: what lies in a folder that is not known has gone with it, but for units that were trashed by themselves. */
  settle(roots: ReadonlySet<string>): void {
    const isKnown = (id: string | null): boolean => id === null || this.nodes.has(id) || roots.has(id)
    for (let before = -1; before !== this.nodes.size;) {
      before = this.nodes.size
      for (const { id, parentId, trashedAt } of this.nodes.values())
        if (trashedAt === null && !isKnown(parentId)) this.nodes.delete(id)
    }
  }

  /** In one order, to be compared. */
  sorted(): NodeStateWire[] {
    return [...this.nodes.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }
}

export type FeedClientOptions = {
  call: Account['call']
  device?: string
  /** How many a page holds, asked anew for each. */
  limit?: () => number
}

/**
 * A client of the feed: pulls, and begins anew by a snapshot when the server says so. It notes every page, so that a test can look
 * for what was told twice with two meanings.
 */
export class FeedClient {
  tree = new FoldedTree()
  cursor: string | null = null
  /** `epoch.seq` → what was told under it. */
  readonly told = new Map<string, string>()
  readonly resyncs: string[] = []
  readonly #options: FeedClientOptions

  constructor(options: FeedClientOptions) {
    this.#options = options
  }

  /** Up to the head, however often it must begin anew. */
  async pull(): Promise<void> {
    for (;;) {
      const answer = await this.page(this.cursor)
      if (answer.status === 410 && answer.body.code === 'resync-required') {
        this.resyncs.push(answer.body.reason)
        await this.begin()
        continue
      }
      if (answer.status !== 200) throw new Error(`changes: ${answer.status} ${JSON.stringify(answer.body)}`)
      const { changes, cursor, more }: ChangesReply = answer.body
      for (const change of changes) this.#note(cursor, change)
      for (const change of changes) this.tree.apply(change)
      this.cursor = cursor
      if (more) continue
      this.tree.settle(await this.#roots())
      return
    }
  }

  async #roots(): Promise<ReadonlySet<string>> {
    const { status, body } = await this.#options.call('GET', '/v1/spaces')
    if (status !== 200) throw new Error(`spaces: ${status} ${JSON.stringify(body)}`)
    return new Set(body.spaces.map(({ rootId }: { rootId: string }) => rootId))
  }

  page(cursor: string | null, more: Record<string, string | number> = {}): Promise<Answer> {
    return this.#get('/v1/sync/changes', { ...(cursor === null ? {} : { cursor }), ...more })
  }

  snapshotPage(after: string | null, more: Record<string, string | number> = {}): Promise<Answer> {
    return this.#get('/v1/sync/snapshot', { ...(after === null ? {} : { after }), ...more })
  }

  /** Takes a snapshot; what was known before is forgotten. Begins again when the journal is replaced meanwhile. */
  async begin(between: () => Promise<void> = async () => {}): Promise<void> {
    const tree = new FoldedTree()
    for (let after: string | null = null; ;) {
      const answer = await this.snapshotPage(after)
      if (answer.status === 410 && answer.body.code === 'resync-required') return this.begin(between)
      if (answer.status !== 200) throw new Error(`snapshot: ${answer.status} ${JSON.stringify(answer.body)}`)
      const { nodes, next, cursor }: SnapshotReply = answer.body
      for (const node of nodes) {
        if (node.parentId !== null && !tree.nodes.has(node.parentId)) throw new Error('a child came before its parent')
        tree.put(node)
      }
      after = next
      if (cursor !== null) {
        this.tree = tree
        this.cursor = cursor
        return
      }
      await between()
    }
  }

  #note(cursor: string, change: Change): void {
    const place = `${cursor.split('.')[0]}.${change.seq}`
    const said = JSON.stringify(change)
    if ((this.told.get(place) ?? said) !== said) throw new Error(`${place} was told with two meanings`)
    this.told.set(place, said)
  }

  #get(path: string, query: Record<string, string | number>): Promise<Answer> {
    const { call, device, limit } = this.#options
    const values = { limit: limit?.() ?? 1_000, ...(device === undefined ? {} : { device }), ...query }
    const search = new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)]))
    return call('GET', `${path}?${search}`)
  }
}
