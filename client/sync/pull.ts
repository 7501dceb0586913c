import { AppError } from '../../core/errors.ts'
import type { NodeId } from '../../core/ids.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Answered } from './answered.ts'
import type { Remote, RemoteChange, SyncStore } from './ports.ts'
import { RemoteTree } from './remote-tree.ts'
import { RootGone } from './root-gone.ts'
import { takeSnapshot } from './take-snapshot.ts'

/** Of subtrees that come back in one page of changes; beyond it a snapshot is cheaper. */
const RETURNING_MAX = 20_000

type Pulling = { store: SyncStore; remote: Remote; answered: Answered }

/**
 * Brings the remote tree to the head of the journal. A page and the cursor behind it are one transaction; pages may be cut anywhere and
 * come any number of times (I10). Nothing is planned before the end is reached.
 *
 * @returns whether anything was told
 * @throws RootGone, AppError, ConnectionError
 */
export async function pullToHead(pulling: Pulling): Promise<boolean> {
  const { store } = pulling
  let isNews = false
  for (;;) {
    const { cursor } = store.cursor()
    if (cursor === null) {
      await takeSnapshot(pulling, 'first')
      isNews = true
      continue
    }
    try {
      const page = await pulling.remote.changes(cursor, 0)
      isNews ||= page.changes.length > 0
      await applyPage(pulling, page)
      if (!page.more) return isNews
    } catch (error) {
      const reason = whyAnew(error)
      if (reason === null) throw error
      await takeSnapshot(pulling, reason)
      isNews = true
    }
  }
}

/** What the old epoch had may be lost on the server; what lies behind the horizon was deleted. `null`: a snapshot would not help. */
function whyAnew(error: unknown): 'horizon' | 'epoch' | 'other-device' | null {
  if (!(error instanceof AppError)) return null
  // Cursors are bound to a device and a user: this one is another since somebody signed in anew.
  if (error.code === 'cursor-invalid') return 'other-device'
  if (error.code !== 'resync-required') return null
  return error.facts['reason'] === 'horizon' ? 'horizon' : 'epoch'
}

type Page = { changes: RemoteChange[]; cursor: string; more: boolean }

async function applyPage(pulling: Pulling, page: Page): Promise<void> {
  const { store, answered } = pulling
  if (!(await rootLives(pulling, page))) throw new RootGone()
  const { changes, cursor } = page
  const news = changes.filter((change) => !answered.isOlder(change))
  const returning = await readReturning(pulling, news)
  const seen = Math.max(store.cursor().seen, changes.at(-1)?.seq ?? 0)
  store.write((to) => {
    const tree = new RemoteTree(store, to)
    for (const change of news) apply(tree, change, { root: store.root, returning })
    to.setCursor({ cursor, snapshotAfter: null, seen })
  })
  answered.forgetUpTo(seen)
}

/** By the last thing that is told of it up to the head: it may have been in the trash for a while. */
async function rootLives({ store, remote }: Pulling, page: Page): Promise<boolean> {
  let lives = true
  for (let at = page; ; at = await remote.changes(at.cursor, 0)) {
    const told = at.changes.findLast(({ node }) => node.id === store.root)
    if (told) lives = told.kind !== 'purged' && told.node.trashedAt === null
    if (lives || !at.more) return lives
  }
}

type Applying = { root: NodeId; returning: Map<string, NodeStateWire[]> }

function apply(tree: RemoteTree, { kind, node }: RemoteChange, { root, returning }: Applying): void {
  const lives = kind !== 'purged' && node.trashedAt === null
  if (node.id === root) return
  if (!lives || !tree.holds(node.parentId)) return tree.drop(node.id as NodeId)
  if (!tree.put(node)) return
  for (const below of returning.get(node.id) ?? [])
    if (below.trashedAt === null && tree.holds(below.parentId)) tree.put(below)
}

/** Folders that come out of the trash, or in from elsewhere, bring along what lies below them: that has to be asked for. */
async function readReturning(
  { store, remote }: Pulling,
  changes: RemoteChange[],
): Promise<Map<string, NodeStateWire[]>> {
  const isHeld = (id: string | null): boolean =>
    id !== null && (id === store.root || (store.item(id as NodeId)?.remote ?? null) !== null)
  const times = new Map<string, number>()
  for (const { node } of changes) times.set(node.id, (times.get(node.id) ?? 0) + 1)
  const found = new Map<string, NodeStateWire[]>()
  let count = 0
  for (const { kind, node } of changes) {
    if (node.kind !== 'folder' || (kind !== 'restored' && kind !== 'moved') || found.has(node.id)) continue
    // Moved twice in one page: it may have been away meanwhile.
    const isNew = kind === 'restored' || !isHeld(node.id) || (times.get(node.id) ?? 0) > 1
    if (!isNew || !(isHeld(node.parentId) || times.has(node.parentId ?? ''))) continue
    const below: NodeStateWire[] = []
    for await (const one of remote.below(node.id as NodeId)) {
      below.push(one)
      if (++count > RETURNING_MAX) throw new AppError('resync-required', { reason: 'horizon' })
    }
    found.set(node.id, below)
  }
  return found
}
