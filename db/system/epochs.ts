import type { Db } from '../connect.ts'

/**
 * Begins a new epoch for every tenant, and takes every journal from its owner, so that none writes on in the epoch that it knew. Why
 * the system's: a backup is of the whole database, so whoever restores one restores all tenants.
 * @returns how many tenants there are
 */
export async function beginEpochs(db: Db): Promise<number> {
  const { count } = await db`update tenant_head set epoch = gen_random_uuid(), lease = lease + 1`
  return count
}
