import type { DeviceId } from '../../core/ids.ts'
import { formatCursor, parseCursor, type Holder } from '../../core/namespace/cursor.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import { json, journal, type Call } from '../gateway/call.ts'
import { sha256Hex } from '../gateway/hash.ts'

/**
 * One call to the journal waits this long at most; then it is asked again. Where the client has gone, nobody asks again, and
 * nobody waits any more.
 */
const WAIT_SLICE_MS = 5_000

export const holderOf = ({ principal, query }: Call): Holder => ({
  tenant: principal.tenantId,
  user: principal.userId,
  device: (query['device'] as string | undefined) ?? null,
})

/** GET /v1/sync/changes: the journal after a cursor, filtered by what the caller may read. Without a cursor: from the beginning. */
export async function changes(call: Call): Promise<Response> {
  const { cursor, limit, wait } = call.query as { cursor?: string; limit: number; wait: number }
  const holder = holderOf(call)
  const from = cursor === undefined ? { epoch: null, seq: 0 } : parseCursor(cursor, holder, sha256Hex)
  const page = await readPage(call, { from, limit, until: call.now + wait * 1000 })
  return json({
    changes: page.entries.map(({ seq, kind, at, node }) => ({ seq, kind, at, node })),
    cursor: formatCursor({ epoch: page.epoch, seq: page.through }, holder, sha256Hex),
    more: page.more,
    spaces: page.spaces,
  })
}

type Asked = { from: { epoch: string | null; seq: number }; limit: number; until: number }

async function readPage(call: Call, { from, limit, until }: Asked) {
  const device = holderOf(call).device as DeviceId | null
  for (let at = from; ;) {
    const waitMs = Math.min(WAIT_SLICE_MS, Math.max(0, until - Date.now()))
    const page = unwrap(await journal(call).changes(call.principal.sessionId, { from: at, limit, waitMs, device }))
    if (page.entries.length > 0 || page.more || page.isFull || Date.now() >= until) return page
    at = { epoch: page.epoch, seq: page.through }
  }
}
