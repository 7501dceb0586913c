import type { Db } from '../../db/connect.ts'

const WAIT_LIMIT_MS = 10_000

/** Until so many connections of this database wait for a lock. @param owner of a superuser, who sees all of them */
export async function untilWaiting(owner: Db, count: number): Promise<void> {
  const deadline = performance.now() + WAIT_LIMIT_MS
  while (performance.now() < deadline) {
    const [row] = await owner<{ waiting: number }[]>`
      select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    if (row!.waiting >= count) return
  }
  throw new Error(`no ${count} connections wait for a lock`)
}
