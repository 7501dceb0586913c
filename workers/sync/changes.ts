import { formatCursor, parseCursor } from '../../core/namespace/cursor.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import { json, journal, type Call } from '../gateway/call.ts'

/** GET /v1/sync/changes: the journal after a cursor, filtered by what the caller may read. Without a cursor: from the beginning. */
export async function changes(call: Call): Promise<Response> {
  const { cursor, limit } = call.query as { cursor?: string; limit: number }
  const from = cursor === undefined ? { epoch: null, seq: 0 } : parseCursor(cursor)
  const page = unwrap(await journal(call).changes(call.principal.sessionId, from.epoch, from.seq, limit))
  return json({
    changes: page.entries.map(({ seq, kind, at, node }) => ({ seq, kind, at, node })),
    cursor: formatCursor({ epoch: page.epoch, seq: page.through }),
    more: page.more,
  })
}
