import type { SessionId, TenantId, UserId } from '../../../core/ids.ts'
import type { RefreshFacts } from '../../../core/identity/refresh.ts'
import type { Tx } from '../../connect.ts'

/* System queries: a refresh token is the only thing its bearer shows; the tenant follows from it. */

export type RefreshRow = { sessionId: SessionId; tenantId: TenantId; userId: UserId; facts: RefreshFacts }

/** The row of a presented token under its lock: two refreshes at once are decided one after the other. */
export async function lockRefreshToken(tx: Tx, hash: string): Promise<RefreshRow | null> {
  const [row] = await tx<
    {
      sessionId: SessionId
      tenantId: TenantId
      userId: UserId
      expiresAt: Date
      rotatedAt: Date | null
      successorSealed: string | null
      revokedAt: Date | null
      absoluteExpiry: Date
      memberActive: boolean
    }[]
  >`
    select r.session_id as "sessionId", s.tenant_id as "tenantId", s.user_id as "userId", r.expires_at as "expiresAt",
      r.rotated_at as "rotatedAt", r.successor_sealed as "successorSealed", s.revoked_at as "revokedAt",
      s.absolute_expiry as "absoluteExpiry", (m.removed_at is null and u.disabled_at is null) as "memberActive"
    from refresh_tokens r join sessions s on s.id = r.session_id
      join memberships m on m.tenant_id = s.tenant_id and m.user_id = s.user_id join users u on u.id = s.user_id
    where r.hash = ${hash} for update of r, s`
  if (!row) return null
  const { sessionId, tenantId, userId } = row
  return {
    sessionId,
    tenantId,
    userId,
    facts: {
      expiresAt: row.expiresAt.getTime(),
      rotatedAt: row.rotatedAt?.getTime() ?? null,
      successorSealed: row.successorSealed,
      session: { revokedAt: row.revokedAt?.getTime() ?? null, absoluteExpiry: row.absoluteExpiry.getTime() },
      memberActive: row.memberActive,
    },
  }
}

export type NewRefreshToken = {
  hash: string
  parentHash: string | null
  sessionId: SessionId
  now: number
  expiresAt: number
}

export async function insertRefreshToken(tx: Tx, token: NewRefreshToken): Promise<void> {
  await tx`insert into refresh_tokens (hash, session_id, parent_hash, issued_at, expires_at)
    values (${token.hash}, ${token.sessionId}, ${token.parentHash}, ${new Date(token.now)}, ${new Date(token.expiresAt)})`
}

/**
 * Marks the parent as used, keeps its successor sealed for the grace time, and erases what older grace times left:
 * a stolen old token together with a copy of the database must not lead to the present one.
 */
export async function rotateRefreshToken(
  tx: Tx,
  rotation: { parentHash: string; successorSealed: string; successor: NewRefreshToken; graceMs: number },
): Promise<void> {
  const { parentHash, successorSealed, successor, graceMs } = rotation
  const { sessionId, now } = successor
  await tx`update refresh_tokens set rotated_at = ${new Date(now)}, successor_sealed = ${successorSealed} where hash = ${parentHash}`
  await insertRefreshToken(tx, successor)
  await tx`update refresh_tokens set successor_sealed = null
    where session_id = ${sessionId} and successor_sealed is not null and rotated_at < ${new Date(now - graceMs)}`
  await tx`delete from refresh_tokens where session_id = ${sessionId} and expires_at < ${new Date(now)}`
  await tx`update sessions set last_used_at = ${new Date(now)} where id = ${sessionId}`
}
