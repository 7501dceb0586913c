import type { TenantId, UserId } from '../../../core/ids.ts'
import type { Role } from '../../../core/identity/roles.ts'
import type { Db, Tx } from '../../connect.ts'

/* System queries: an account is found by its address before any tenant is known. */

export type Login = { userId: UserId; passwordHash: string | null; tenantId: TenantId | null }

/** The account of an address, and its first tenant that still counts it a member. Disabled accounts are not found. */
export async function findLogin(db: Db, email: string): Promise<Login | null> {
  const [row] = await db<Login[]>`
    select u.id as "userId", u.password_hash as "passwordHash", m.tenant_id as "tenantId"
    from users u left join memberships m on m.user_id = u.id and m.removed_at is null
    where u.email = ${email} and u.disabled_at is null order by m.created_at, m.tenant_id limit 1`
  return row ?? null
}

export async function hasUsers(db: Db | Tx): Promise<boolean> {
  const [row] = await db<{ found: boolean }[]>`select exists (select 1 from users) as found`
  return row?.found === true
}

const SETUP_LOCK = 4_710_825

/** One set-up at a time: held until the transaction ends. */
export async function lockSetup(tx: Tx): Promise<void> {
  await tx`select pg_advisory_xact_lock(${SETUP_LOCK})`
}

export type NewUser = { userId: UserId; email: string; displayName: string; passwordHash: string | null; now: number }

/** Answers false when the address has an account already. */
export async function insertUser(tx: Tx, { userId, email, displayName, passwordHash, now }: NewUser): Promise<boolean> {
  const made = await tx`
    insert into users (id, email, display_name, password_hash, created_at)
    values (${userId}, ${email}, ${displayName}, ${passwordHash}, ${new Date(now)}) on conflict (email) do nothing`
  return made.count === 1
}

export type Account = {
  userId: UserId
  email: string
  displayName: string
  tenantId: TenantId
  tenantName: string
  role: Role
}

export async function findAccount(db: Db | Tx, tenantId: TenantId, userId: UserId): Promise<Account | null> {
  const [row] = await db<Account[]>`
    select u.id as "userId", u.email, u.display_name as "displayName", t.id as "tenantId", t.name as "tenantName", m.role
    from memberships m join users u on u.id = m.user_id join tenants t on t.id = m.tenant_id
    where m.tenant_id = ${tenantId} and m.user_id = ${userId} and m.removed_at is null and u.disabled_at is null`
  return row ?? null
}

export async function insertPasswordLink(
  tx: Tx,
  link: { hash: string; userId: UserId; now: number; expiresAt: number },
): Promise<void> {
  await tx`delete from password_links where user_id = ${link.userId}`
  await tx`insert into password_links (hash, user_id, created_at, expires_at)
    values (${link.hash}, ${link.userId}, ${new Date(link.now)}, ${new Date(link.expiresAt)})`
}

/** Whose link it is, while it is good: unused, in time, and its account still without a password. */
export async function findPasswordLink(
  db: Db,
  hash: string,
  now: number,
): Promise<{ userId: UserId; email: string } | null> {
  const [row] = await db<{ userId: UserId; email: string }[]>`
    select u.id as "userId", u.email from password_links l join users u on u.id = l.user_id
    where l.hash = ${hash} and l.used_at is null and l.expires_at > ${new Date(now)}
      and u.password_hash is null and u.disabled_at is null`
  return row ?? null
}

/** Sets the first password and uses the link up, in one. False when another was faster. */
export async function setFirstPassword(
  tx: Tx,
  { hash, userId, passwordHash, now }: { hash: string; userId: UserId; passwordHash: string; now: number },
): Promise<boolean> {
  const used = await tx`
    update password_links set used_at = ${new Date(now)}
    where hash = ${hash} and user_id = ${userId} and used_at is null and expires_at > ${new Date(now)}`
  if (used.count !== 1) return false
  const set = await tx`update users set password_hash = ${passwordHash} where id = ${userId} and password_hash is null`
  return set.count === 1
}
