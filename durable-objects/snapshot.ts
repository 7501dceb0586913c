import { shownNodes } from '../core/access/visibility.ts'
import { requireWithin, type Cursor } from '../core/namespace/cursor.ts'
import type { NodeId } from '../core/ids.ts'
import type { NodeState } from '../core/namespace/model.ts'
import { snapshotNodes } from '../core/namespace/snapshot.ts'
import type { Tx } from '../db/connect.ts'
import type { Visible } from '../db/tenant/reads.ts'
import { snapshotPage } from '../db/tenant/snapshot.ts'

/** The page before: where the journal stood at the first one, and the last node. */
export type SnapshotFrom = Cursor & { after: NodeId }

export type Snapshot = {
  nodes: NodeState[]
  /** Where the journal stood when the first page was read: from here on changes are told by the feed. */
  pinned: Cursor
  /** The last node looked at; `null` on the last page. */
  last: NodeId | null
}

/**
 * One page of everything that is visible. Later pages may show later states; the feed after `pinned` brings all of them to the same.
 * @throws resync-required: the epoch has changed since the first page, or the entries after `pinned` are gone
 */
export async function readSnapshot(
  tx: Tx,
  visible: Visible,
  { from, limit }: { from: SnapshotFrom | null; limit: number },
): Promise<Snapshot> {
  const page = await snapshotPage(tx, visible, { after: from?.after ?? null, limit })
  const pinned = { epoch: from?.epoch ?? page.epoch, seq: from?.seq ?? page.head }
  requireWithin(pinned, { epoch: page.epoch, seq: page.head, horizon: page.horizon })
  const nodes = snapshotNodes(page, { after: from?.after ?? null, seq: pinned.seq })
  return { nodes: shownNodes({ spaces: new Set(visible.spaces) }, nodes), pinned, last: page.last }
}
