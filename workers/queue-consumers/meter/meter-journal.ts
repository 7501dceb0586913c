import type { BusMessage, Verdict } from '../../../core/event-bus.ts'
import type { Faults } from '../../../core/fault-points.ts'
import type { Db } from '../../../db/connect.ts'
import { leaveEvent } from '../../../db/system/outbox.ts'
import { meterPage, readUsage } from '../../../db/system/meter.ts'

export type MeterDeps = { db: Db; now: () => number; faults: Faults; pageEntries?: number; maxPages?: number }

const PAGE_ENTRIES = 5_000
const MAX_PAGES = 50

/**
 * Counts on from where the last count ended, whatever the message says: a message that is late, early or doubled finds the
 * mark moved already. Counting again from 0 gives the same.
 */
export async function meterJournal({ tenantId, payload }: BusMessage, deps: MeterDeps): Promise<Verdict> {
  const { db, faults, pageEntries = PAGE_ENTRIES, maxPages = MAX_PAGES } = deps
  const { throughSeq } = await readUsage(db, tenantId)
  // Most messages are told by an earlier one's run: one read, no lock.
  if (typeof payload['lastSeq'] === 'number' && payload['lastSeq'] <= throughSeq) return { do: 'ack' }
  for (let page = 0; page < maxPages; page++) {
    await faults('meter.before-page')
    const counted = await meterPage(db, tenantId, pageEntries)
    await faults('meter.after-page')
    if (!counted) return { do: 'ack' }
  }
  await leaveEvent(db, { tenantId, kind: 'journal.appended', payload: {}, traceparent: null, dueMs: deps.now() })
  return { do: 'ack' }
}
