import type { SessionId, TenantId, UserId } from '../../../core/ids.ts'
import type { Role } from '../../../core/identity/roles.ts'
import type { Db, Tx } from '../../connect.ts'

/* System queries: a session is found by a secret, and only then is its tenant known. */

export type SessionKind = 'device' | 'browser' | 'api-token'

export type NewSession = {
  sessionId: SessionId
  tenantId: TenantId
  userId: UserId
  deviceName: string
  kind: SessionKind
  now: number
  absoluteExpiry: number
}

export async function insertSession(tx: Tx, s: NewSession): Promise<void> {
  await tx`
    insert into sessions (id, tenant_id, user_id, device_name, kind, created_at, last_used_at, absolute_expiry)
    values (${s.sessionId}, ${s.tenantId}, ${s.userId}, ${s.deviceName}, ${s.kind},
            ${new Date(s.now)}, ${new Date(s.now)}, ${new Date(s.absoluteExpiry)})`
}

export type SessionRow = {
  sessionId: SessionId
  tenantId: TenantId
  userId: UserId
  kind: SessionKind
  deviceName: string
  role: Role
  createdAt: Date
  absoluteExpiry: Date
}

const standing = (db: Db | Tx, now: number) =>
  db`s.revoked_at is null and s.absolute_expiry > ${new Date(now)} and m.removed_at is null and u.disabled_at is null`

const columns = (db: Db | Tx) => db`
  s.id as "sessionId", s.tenant_id as "tenantId", s.user_id as "userId", s.kind, s.device_name as "deviceName",
  m.role, s.created_at as "createdAt", s.absolute_expiry as "absoluteExpiry"`

const whole = (db: Db | Tx) => db`
  sessions s join memberships m on m.tenant_id = s.tenant_id and m.user_id = s.user_id join users u on u.id = s.user_id`

/** The session, if it still stands: not revoked, in time, its member and account active. */
export async function findSession(
  db: Db,
  tenantId: TenantId,
  sessionId: SessionId,
  now: number,
): Promise<SessionRow | null> {
  const [row] = await db<SessionRow[]>`
    select ${columns(db)} from ${whole(db)}
    where s.id = ${sessionId} and s.tenant_id = ${tenantId} and ${standing(db, now)}`
  return row ?? null
}

export async function insertBrowserCookie(tx: Tx, hash: string, sessionId: SessionId): Promise<void> {
  await tx`insert into browser_cookies (hash, session_id) values (${hash}, ${sessionId})`
}

export async function findBrowserSession(db: Db, cookieHash: string, now: number): Promise<SessionRow | null> {
  const [row] = await db<SessionRow[]>`
    select ${columns(db)} from browser_cookies c join ${whole(db)} on s.id = c.session_id
    where c.hash = ${cookieHash} and s.kind = 'browser' and ${standing(db, now)}`
  return row ?? null
}

/** Ends a session; every access token of it is refused from the next check on. Repeating it is no error. */
export async function revokeSession(db: Db | Tx, sessionId: SessionId, now: number): Promise<void> {
  await db`update sessions set revoked_at = ${new Date(now)} where id = ${sessionId} and revoked_at is null`
}

/** The same for a session of this user only. @returns whether there is such a session */
export async function revokeOwnSession(
  db: Db,
  { tenantId, userId, sessionId }: { tenantId: TenantId; userId: UserId; sessionId: SessionId },
  now: number,
): Promise<boolean> {
  const rows = await db`update sessions set revoked_at = coalesce(revoked_at, ${new Date(now)})
    where id = ${sessionId} and tenant_id = ${tenantId} and user_id = ${userId} returning id`
  return rows.length > 0
}

/** @returns the sessions that this ended */
export async function revokeSessionsOf(tx: Tx, tenantId: TenantId, userId: UserId, now: number): Promise<SessionId[]> {
  const ended = await tx<{ id: SessionId }[]>`update sessions set revoked_at = ${new Date(now)}
    where tenant_id = ${tenantId} and user_id = ${userId} and revoked_at is null returning id`
  await tx`update api_tokens set revoked_at = ${new Date(now)}
    where tenant_id = ${tenantId} and user_id = ${userId} and revoked_at is null`
  return ended.map(({ id }) => id)
}
