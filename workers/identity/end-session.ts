import type { SessionId, TenantId, UserId } from '../../core/ids.ts'
import { revokeOwnSession, revokeSession } from '../../db/system/identity/sessions.ts'
import type { IdentityScope } from './scope.ts'

/** Ends a session. Every token of it is refused from now on, and what it holds open is closed. Repeating it is no error. */
export async function endSession(
  scope: IdentityScope,
  { tenantId, sessionId }: { tenantId: TenantId; sessionId: SessionId },
): Promise<void> {
  await revokeSession(scope.db, sessionId, scope.now())
  scope.tellEnded(tenantId, [sessionId])
}

export type OwnSession = { tenantId: TenantId; userId: UserId; sessionId: SessionId }

/** The same for a module outside: only if the session is the user's own. Another's, or an unknown one, is no error. */
export async function endOwnSession(
  scope: Pick<IdentityScope, 'db' | 'now' | 'tellEnded'>,
  own: OwnSession,
): Promise<void> {
  if (await revokeOwnSession(scope.db, own, scope.now())) scope.tellEnded(own.tenantId, [own.sessionId])
}
