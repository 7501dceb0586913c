import { formatCursor, formatSnapshotToken, parseSnapshotToken } from '../../core/namespace/cursor.ts'
import type { SpaceId } from '../../core/ids.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import { json, reader, type Call } from '../gateway/call.ts'
import { sha256Hex } from '../gateway/hash.ts'
import { holderOf } from './changes.ts'

/** GET /v1/sync/snapshot: a page of all that the caller may read, or of one space; the last one has the cursor to go on from. */
export async function snapshot(call: Call): Promise<Response> {
  const { after, limit, space = null } = call.query as { after?: string; limit: number; space?: SpaceId }
  const holder = holderOf(call)
  const from = after === undefined ? null : parseSnapshotToken(after, space, holder, sha256Hex)
  const page = unwrap(await reader(call).snapshot(call.principal.sessionId, { from, limit, space }))
  const { pinned, last } = page
  return json({
    nodes: page.nodes,
    next: last === null ? null : formatSnapshotToken({ ...pinned, after: last, space }, holder, sha256Hex),
    cursor: last === null ? formatCursor(pinned, holder, sha256Hex) : null,
    seq: last === null ? pinned.seq : null,
    spaces: page.spaces,
  })
}
