import type { TenantId, UserId } from '../../../core/ids.ts'
import type { Role } from '../../../core/identity/roles.ts'
import type { Db, Tx } from '../../connect.ts'

/* System queries: accounts stand above tenants, and the tenant role may only read memberships. Every one names its tenant. */

export async function insertMembership(
  tx: Tx,
  { tenantId, userId, role, now }: { tenantId: TenantId; userId: UserId; role: Role; now: number },
): Promise<void> {
  await tx`insert into memberships (tenant_id, user_id, role, created_at) values (${tenantId}, ${userId}, ${role}, ${new Date(now)})`
}

export type MemberRow = {
  userId: UserId
  email: string
  displayName: string
  role: Role
  joinedAt: Date
  invited: boolean
}

/** A page of members by id. */
export async function listMembers(db: Db, tenantId: TenantId, limit: number): Promise<MemberRow[]> {
  return db<MemberRow[]>`
    select u.id as "userId", u.email, u.display_name as "displayName", m.role, m.created_at as "joinedAt", u.password_hash is null as invited
    from memberships m join users u on u.id = m.user_id
    where m.tenant_id = ${tenantId} and m.removed_at is null order by u.id limit ${limit}`
}

/** The member of an address in this tenant, present or removed; other tenants' members are not found. */
export async function findMemberByEmail(
  tx: Tx,
  tenantId: TenantId,
  email: string,
): Promise<{ userId: UserId; removed: boolean; invited: boolean } | null> {
  const [row] = await tx<{ userId: UserId; removed: boolean; invited: boolean }[]>`
    select m.user_id as "userId", m.removed_at is not null as removed, u.password_hash is null as invited
    from memberships m join users u on u.id = m.user_id
    where m.tenant_id = ${tenantId} and u.email = ${email} for update of m`
  return row ?? null
}

export async function restoreMember(tx: Tx, tenantId: TenantId, userId: UserId, role: Role): Promise<void> {
  await tx`update memberships set removed_at = null, role = ${role} where tenant_id = ${tenantId} and user_id = ${userId}`
}

/** Their role, under a lock on all owners, so that two owners cannot remove each other at once. */
export async function lockMember(
  tx: Tx,
  tenantId: TenantId,
  userId: UserId,
): Promise<{ role: Role; owners: number } | null> {
  const rows = await tx<{ userId: UserId; role: Role }[]>`
    select user_id as "userId", role from memberships
    where tenant_id = ${tenantId} and removed_at is null and (user_id = ${userId} or role = 'owner') order by user_id for update`
  const role = rows.find((row) => row.userId === userId)?.role
  return role === undefined ? null : { role, owners: rows.filter((row) => row.role === 'owner').length }
}

export async function removeMember(tx: Tx, tenantId: TenantId, userId: UserId, now: number): Promise<void> {
  await tx`update memberships set removed_at = ${new Date(now)} where tenant_id = ${tenantId} and user_id = ${userId} and removed_at is null`
  await tx`delete from password_links where user_id = ${userId}`
}
