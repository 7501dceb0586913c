import type { NodeId } from '../../core/ids.ts'
import { isOneEpoch } from '../../core/namespace/cursor.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { forgetOldEpoch } from './forget-old-epoch.ts'
import type { Remote, SyncStore } from './ports.ts'
import { RemoteTree } from './remote-tree.ts'
import { RootGone } from './root-gone.ts'

/**
 * The whole remote tree, as it is: page by page, then what was not told is swept. A snapshot that is broken off is begun anew. Where the tail of changes
 * begins, nodes may be newer than that, never older; the tail tells the rest (FD-8).
 * @param reason `epoch`: the server went back to an older state, so what it does not have was not deleted by anybody (FD-13). `other-device`: the
 *   cursor is not ours any more; whether the journal is another one too, the two cursors tell.
 */
export async function takeSnapshot(
  { store, remote }: { store: SyncStore; remote: Remote },
  reason: 'first' | 'epoch' | 'horizon' | 'other-device',
): Promise<void> {
  const before = store.cursor().cursor
  store.write((to) => to.beginSnapshot())
  let after: string | null = null
  let seen = 0
  let rootLives = false
  for (;;) {
    const page = await remote.snapshot(after)
    for (const node of page.nodes) {
      seen = Math.max(seen, node.changedSeq)
      if (node.id === store.root) rootLives = node.trashedAt === null
    }
    if (page.cursor === null) {
      store.write((to) => putPage(new RemoteTree(store, to), page.nodes, store.root))
      after = page.after
      continue
    }
    // An answer without our root is no answer about what is below it: nothing is taken for deleted.
    if (!rootLives) throw new RootGone()
    const { cursor, nodes } = page
    // What was purged since an answer is in no page: the answer must not bring it back.
    seen = Math.max(seen, page.seq ?? 0)
    return store.write((to) => {
      putPage(new RemoteTree(store, to), nodes, store.root)
      to.endSnapshot()
      if (reason === 'epoch' || (reason === 'other-device' && !isOneEpoch(before, cursor))) forgetOldEpoch(store, to)
      to.setCursor({ cursor, snapshotAfter: null, seen })
    })
  }
}

function putPage(tree: RemoteTree, nodes: NodeStateWire[], root: NodeId): void {
  for (const node of nodes) {
    if (node.id === root) continue
    // Of what lies below something that does not live, the parent is not held.
    if (node.trashedAt === null && tree.holds(node.parentId)) tree.put(node, true)
    else tree.drop(node.id as NodeId)
  }
}
