import { isApiToken } from '../../core/identity/api-token.ts'
import { findApiToken } from '../../db/system/identity/api-tokens.ts'
import { lockRefreshToken } from '../../db/system/identity/refresh-tokens.ts'
import { revokeSession } from '../../db/system/identity/sessions.ts'
import { endSession } from './end-session.ts'
import type { IdentityScope } from './scope.ts'
import { hashSecret } from './secrets.ts'

/** Ends the session of a refresh token or an API token (RFC 7009). An unknown token is no error: it is good for nothing already. */
export async function revokeByToken(scope: IdentityScope, token: string): Promise<void> {
  const hash = hashSecret(token)
  const now = scope.now()
  if (isApiToken(token)) {
    const owner = await findApiToken(scope.db, hash, now)
    if (owner !== null) await endSession(scope, owner)
    return
  }
  const row = await scope.db.begin(async (tx) => {
    const found = await lockRefreshToken(tx, hash)
    if (found !== null) await revokeSession(tx, found.sessionId, now)
    return found
  })
  if (row !== null) scope.tellEnded(row.tenantId, [row.sessionId])
}
