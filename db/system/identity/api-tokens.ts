import type { SessionId, TenantId, UserId } from '../../../core/ids.ts'
import type { Db, Tx } from '../../connect.ts'

/* System queries: an API token is found by its hash, and only then is its tenant known. */

export type NewApiToken = {
  id: string
  hash: string
  prefix: string
  sessionId: SessionId
  tenantId: TenantId
  userId: UserId
  name: string
  now: number
  expiresAt: number
}

export async function insertApiToken(tx: Tx, t: NewApiToken): Promise<void> {
  await tx`
    insert into api_tokens (id, hash, prefix, session_id, tenant_id, user_id, name, created_at, expires_at)
    values (${t.id}, ${t.hash}, ${t.prefix}, ${t.sessionId}, ${t.tenantId}, ${t.userId}, ${t.name},
            ${new Date(t.now)}, ${new Date(t.expiresAt)})`
}

/** Serialises the creation of one member's tokens and answers how many live ones there are. */
export async function lockAndCountApiTokens(tx: Tx, tenantId: TenantId, userId: UserId, now: number): Promise<number> {
  await tx`select 1 from memberships where tenant_id = ${tenantId} and user_id = ${userId} for update`
  const [row] = await tx<{ live: number }[]>`
    select count(*)::int as live from api_tokens
    where tenant_id = ${tenantId} and user_id = ${userId} and revoked_at is null and expires_at > ${new Date(now)}`
  return row?.live ?? 0
}

export type ApiTokenOwner = {
  sessionId: SessionId
  tenantId: TenantId
  userId: UserId
  expiresAt: Date
  /** The token, its session, its member and the account still stand. */
  standing: boolean
}

/** Also notes the use, at most once a minute. */
export async function findApiToken(db: Db, hash: string, now: number): Promise<ApiTokenOwner | null> {
  const [row] = await db<(ApiTokenOwner & { id: string })[]>`
    select a.id, a.session_id as "sessionId", a.tenant_id as "tenantId", a.user_id as "userId", a.expires_at as "expiresAt",
      (a.revoked_at is null and s.revoked_at is null and m.removed_at is null and u.disabled_at is null) as standing
    from api_tokens a join sessions s on s.id = a.session_id
      join memberships m on m.tenant_id = a.tenant_id and m.user_id = a.user_id join users u on u.id = a.user_id
    where a.hash = ${hash}`
  if (!row) return null
  const { id, ...owner } = row
  if (owner.standing)
    await db`update api_tokens set last_used_at = ${new Date(now)}
      where id = ${id} and (last_used_at is null or last_used_at < ${new Date(now - 60_000)})`
  return owner
}

export type ApiTokenRow = {
  id: string
  name: string
  prefix: string
  createdAt: Date
  expiresAt: Date
  lastUsedAt: Date | null
  revokedAt: Date | null
}

const LIST_LIMIT = 200

/** A member's own, newest first. */
export async function listApiTokens(db: Db, tenantId: TenantId, userId: UserId): Promise<ApiTokenRow[]> {
  return db<ApiTokenRow[]>`
    select a.id, a.name, a.prefix, a.created_at as "createdAt", a.expires_at as "expiresAt", a.last_used_at as "lastUsedAt",
      coalesce(a.revoked_at, s.revoked_at) as "revokedAt"
    from api_tokens a join sessions s on s.id = a.session_id
    where a.tenant_id = ${tenantId} and a.user_id = ${userId} order by a.created_at desc, a.id desc limit ${LIST_LIMIT}`
}

/** Revokes a member's own token. @returns its session, which has ended with it; `null`: no such token. Repeating it is no error. */
export async function revokeApiToken(
  tx: Tx,
  { id, tenantId, userId, now }: { id: string; tenantId: TenantId; userId: UserId; now: number },
): Promise<SessionId | null> {
  const [row] = await tx<{ sessionId: SessionId }[]>`
    update api_tokens set revoked_at = coalesce(revoked_at, ${new Date(now)})
    where id = ${id} and tenant_id = ${tenantId} and user_id = ${userId} returning session_id as "sessionId"`
  if (!row) return null
  await tx`update sessions set revoked_at = ${new Date(now)} where id = ${row.sessionId} and revoked_at is null`
  return row.sessionId
}
