import type { Attempts } from '../../../core/identity/back-off.ts'
import type { Db, Tx } from '../../connect.ts'

/* System queries: who guesses is not known yet, so there is no tenant to act in. */

const SWEEP_LIMIT = 50

/** The guesses counted under each key, locked until the transaction ends. Keys are locked in order, so that no two wait for each other. */
export async function lockAttempts(tx: Tx, keys: string[], now: number): Promise<Map<string, Attempts>> {
  const found = new Map<string, Attempts>()
  for (const key of keys.toSorted()) {
    // The row must exist to be locked: two first guesses at once would both find none.
    await tx`insert into sign_in_attempts (key, failures, last_at) values (${key}, 0, ${new Date(now)}) on conflict do nothing`
    const [row] = await tx<{ failures: number; lastAt: Date }[]>`
      select failures, last_at as "lastAt" from sign_in_attempts where key = ${key} for update`
    if (row && row.failures > 0) found.set(key, { failures: row.failures, lastAt: row.lastAt.getTime() })
  }
  return found
}

export async function saveAttempts(tx: Tx, key: string, { failures, lastAt }: Attempts): Promise<void> {
  await tx`update sign_in_attempts set failures = ${failures}, last_at = ${new Date(lastAt)} where key = ${key}`
}

/** Success: the account's guesses are forgotten, the address gets its one back. */
export async function forgiveAttempts(
  db: Db,
  { forget, giveBack }: { forget: string; giveBack: string | null },
): Promise<void> {
  await db`delete from sign_in_attempts where key = ${forget}`
  if (giveBack !== null)
    await db`update sign_in_attempts set failures = failures - 1 where key = ${giveBack} and failures > 0`
}

/** Removes a few rows older than any rule remembers; called on every guess, so the table stays bounded. */
export async function sweepAttempts(tx: Tx, olderThan: number): Promise<void> {
  await tx`delete from sign_in_attempts where key in (
    select key from sign_in_attempts where last_at < ${new Date(olderThan)} order by last_at limit ${SWEEP_LIMIT} for update skip locked)`
}
