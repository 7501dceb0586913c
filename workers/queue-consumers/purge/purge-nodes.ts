import type { BusMessage, Verdict } from '../../../core/event-bus.ts'
import type { Faults } from '../../../core/fault-points.ts'
import type { Db } from '../../../db/connect.ts'
import { leaveEvent } from '../../../db/system/outbox.ts'
import { liftTrashed, PURGE_LIMITS, purgedNodes, purgePage, type PurgeLimits } from '../../../db/system/purge.ts'

export type PurgeDeps = {
  db: Db
  now: () => number
  graceMs: number
  faults: Faults
  limits?: PurgeLimits
  maxPages?: number
}

/** In one delivery; a larger tree goes on in another message. */
const MAX_PAGES = 50

/**
 * Removes the rows of what was purged in a tenant, page by page, until nothing purged is left (db/system/purge.ts). The message only
 * says that there is something: the rows say what. Bytes that nothing refers to any more go after the grace, by gc/.
 */
export async function purgeNodes({ tenantId, payload, traceparent }: BusMessage, deps: PurgeDeps): Promise<Verdict> {
  const { db, now, graceMs, faults, limits = PURGE_LIMITS, maxPages = MAX_PAGES } = deps
  for (let pages = 0; pages < maxPages; pages++) {
    const purged = await purgedNodes(db, tenantId, limits.nodes)
    if (purged.length === 0) return { do: 'ack' }
    await faults('purge.before-lift')
    const lifted = await liftTrashed(db, tenantId, purged, limits.rows)
    await faults('purge.after-lift')
    const release = { nowMs: now(), graceMs, traceparent }
    await faults('purge.before-page')
    const removed = await purgePage(db, tenantId, purged, {
      release,
      limits,
      beforeCommit: () => faults('purge.before-commit'),
    })
    await faults('purge.after-page')
    // Another purger may have been at the same nodes; a page that could do nothing would do nothing again.
    if (lifted + removed === 0) break
  }
  if ((await purgedNodes(db, tenantId, 1)).length > 0)
    await leaveEvent(db, { tenantId, kind: 'node.purged', payload, traceparent, dueMs: now() })
  return { do: 'ack' }
}
