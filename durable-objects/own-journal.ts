import { AppError } from '../core/errors.ts'
import type { TenantId } from '../core/ids.ts'
import type { Tx } from '../db/connect.ts'
import { beginEpochIn, entryTimeIn, takeLeaseIn } from '../db/tenant/lease.ts'
import { isRewound, type Mark } from './journal-mark.ts'

export type Ownership = { lease: number; epoch: string }

export type Owning = {
  tenant: TenantId
  /** As it was before the transaction began: what was written by then must be visible in it. */
  mark: Mark | null
  freshEpoch: () => string
}

/**
 * Becomes the owner of the journal, in a transaction that holds its head from here on. A database that does not know what we have
 * written was restored from a backup: then a new epoch begins with the same lease, so that of two owners who notice only one begins it.
 * @throws AppError not-found (no such tenant)
 */
export async function ownJournal(tx: Tx, { tenant, mark, freshEpoch }: Owning): Promise<Ownership & { seq: number }> {
  const head = await takeLeaseIn(tx, tenant)
  if (!head) throw new AppError('not-found', { detail: 'no such tenant' })
  const atOfMarked = mark?.epoch === head.epoch ? await entryTimeIn(tx, tenant, mark.seq) : null
  if (!isRewound(mark, head, atOfMarked)) return head
  const epoch = freshEpoch()
  await beginEpochIn(tx, tenant, epoch)
  return { ...head, epoch }
}
