import type { TenantId } from '../../core/ids.ts'
import { asTenant, type Db, type Tx } from '../connect.ts'

export type Head = { epoch: string; seq: number; lease: number }

/** Becomes the owner of a tenant's journal: every earlier owner's next commit fails. `null`: no such tenant. */
export const takeLease = (db: Db, tenant: TenantId): Promise<Head | null> =>
  asTenant(db, tenant, (tx) => takeLeaseIn(tx, tenant))

/**
 * The same as part of a transaction, which then holds the head until it ends: nobody can take the lease away before it has
 * written, so that two owners who take it from each other both get on.
 */
export async function takeLeaseIn(tx: Tx, tenant: TenantId): Promise<Head | null> {
  const [head] = await tx<Head[]>`
    update tenant_head set lease = lease + 1 where tenant_id = ${tenant}
    returning epoch, seq::float8 as seq, lease::float8 as lease`
  return head ?? null
}

/** Ends the epoch of a journal: cursors from before it are reset. Together with `takeLeaseIn`, whose lease fences it. */
export async function beginEpochIn(tx: Tx, tenant: TenantId, epoch: string): Promise<void> {
  await tx`update tenant_head set epoch = ${epoch} where tenant_id = ${tenant}`
}

/** When the entry `seq` was written, Unix milliseconds; `null`: there is no such entry, or no longer. */
export async function entryTimeIn(tx: Tx, tenant: TenantId, seq: number): Promise<number | null> {
  const [entry] = await tx<{ at: number }[]>`
    select (extract(epoch from at) * 1000)::float8 as at from journal where tenant_id = ${tenant} and seq = ${seq}`
  return entry?.at ?? null
}
