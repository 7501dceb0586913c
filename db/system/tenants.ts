import type { NodeId, SpaceId, TenantId, UserId } from '../../core/ids.ts'
import type { Db, Tx } from '../connect.ts'

/**
 * System queries about tenants. Why they cross: a tenant that does not exist yet cannot be the tenant of a connection,
 * and a new member's space belongs to the act of joining, which identity performs.
 */
export type NewTenant = { tenantId: TenantId; name: string; epoch: string; now: Date }
export type NewPersonalSpace = {
  tenantId: TenantId
  spaceId: SpaceId
  rootId: NodeId
  userId: UserId
  name: string
  now: Date
}

/** The tenant and the head of its journal. */
export async function createTenant(db: Db | Tx, { tenantId, name, epoch, now }: NewTenant): Promise<void> {
  await db`insert into tenants (id, name, created_at) values (${tenantId}, ${name}, ${now})`
  await db`insert into tenant_head (tenant_id, epoch) values (${tenantId}, ${epoch})`
}

/** A member's personal space with its root folder. Roots stand before the journal begins: no entry makes them. */
export async function createPersonalSpace(
  db: Db | Tx,
  { tenantId, spaceId, rootId, userId, name, now }: NewPersonalSpace,
): Promise<void> {
  await db`insert into spaces (tenant_id, id, kind, name, owner_id, root_id, created_at)
    values (${tenantId}, ${spaceId}, 'personal', ${name}, ${userId}, ${rootId}, ${now})`
  await db`insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, executable, created_at, changed_at, changed_seq)
    values (${tenantId}, ${rootId}, ${spaceId}, null, 'folder', ${name}, ${name}, 0, 1, false, ${now}, ${now}, 0)`
  await db`insert into space_members (tenant_id, space_id, user_id, role) values (${tenantId}, ${spaceId}, ${userId}, 'manager')`
}
