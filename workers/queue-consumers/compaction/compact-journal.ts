import type { Faults } from '../../../core/fault-points.ts'
import type { TenantId } from '../../../core/ids.ts'
import type { Db } from '../../../db/connect.ts'
import { compactPage } from '../../../db/system/compaction.ts'

/** What of a journal stays: entries younger than this, and so many of the newest. */
export type KeepJournal = { ms: number; entries: number; pageEntries?: number }

export type CompactionDeps = { db: Db; now: () => number; faults: Faults; keepJournal: KeepJournal }

const PAGE_ENTRIES = 5_000

/**
 * Removes one page of old journal entries and of their first answers.
 * @returns whether there may be more
 */
export async function compactJournal(
  tenantId: TenantId,
  { db, now, faults, keepJournal }: CompactionDeps,
): Promise<boolean> {
  const limit = keepJournal.pageEntries ?? PAGE_ENTRIES
  await faults('compaction.before-page')
  const limits = { nowMs: now(), keepMs: keepJournal.ms, keepEntries: keepJournal.entries, limit }
  const { entries, answers } = await compactPage(db, tenantId, limits)
  await faults('compaction.after-page')
  return entries === limit || answers === limit
}
