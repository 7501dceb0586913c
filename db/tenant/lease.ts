import type { TenantId } from '../../core/ids.ts'
import { asTenant, type Db } from '../connect.ts'

export type Head = { epoch: string; seq: number; lease: number }

/** Becomes the owner of a tenant's journal: every earlier owner's next commit fails. `null`: no such tenant. */
export const takeLease = (db: Db, tenant: TenantId): Promise<Head | null> =>
  asTenant(db, tenant, async (tx) => {
    const [head] = await tx<Head[]>`
      update tenant_head set lease = lease + 1 where tenant_id = ${tenant}
      returning epoch, seq::float8 as seq, lease::float8 as lease`
    return head ?? null
  })
