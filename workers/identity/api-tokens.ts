import { API_TOKEN_RANDOM_BYTES, isApiToken, makeApiToken } from '../../core/identity/api-token.ts'
import { AppError } from '../../core/errors.ts'
import type { SessionId } from '../../core/ids.ts'
import {
  type ApiTokenRow,
  findApiToken,
  insertApiToken,
  lockAndCountApiTokens,
  revokeApiToken,
} from '../../db/system/identity/api-tokens.ts'
import { insertSession, type SessionRow } from '../../db/system/identity/sessions.ts'
import { tokensFor, type Tokens } from './issue-tokens.ts'
import { OAuthFailure } from './oauth-failure.ts'
import { newId, type IdentityScope } from './scope.ts'
import { hashSecret } from './secrets.ts'

const MAX_LIVE_TOKENS = 50
const DAY_MS = 86_400_000

/** Makes a token with a session of its own, so that revoking it is seen wherever sessions are checked. The secret is answered once. */
export async function createApiToken(
  scope: IdentityScope,
  owner: SessionRow,
  { name, expiresInDays }: { name: string; expiresInDays: number },
): Promise<ApiTokenRow & { token: string }> {
  const { tenantId, userId } = owner
  const now = scope.now()
  const expiresAt = now + expiresInDays * DAY_MS
  const { token, prefix } = makeApiToken(scope.random(API_TOKEN_RANDOM_BYTES))
  const id = newId<string>(scope)
  const sessionId = newId<SessionId>(scope)
  await scope.db.begin(async (tx) => {
    if ((await lockAndCountApiTokens(tx, tenantId, userId, now)) >= MAX_LIVE_TOKENS)
      throw new AppError('forbidden', { detail: `At most ${MAX_LIVE_TOKENS} tokens at a time: revoke one first.` })
    await insertSession(tx, {
      sessionId,
      tenantId,
      userId,
      deviceName: name,
      kind: 'api-token',
      now,
      absoluteExpiry: expiresAt,
    })
    await insertApiToken(tx, { id, hash: hashSecret(token), prefix, sessionId, tenantId, userId, name, now, expiresAt })
  })
  scope.log.info('token.created', { tenantId, userId, sessionId })
  const times = { createdAt: new Date(now), expiresAt: new Date(expiresAt), lastUsedAt: null, revokedAt: null }
  return { id, name, prefix, ...times, token }
}

/** An API token for a short access token. Throws `invalid_grant`. */
export async function exchangeApiToken(scope: IdentityScope, token: string): Promise<Tokens> {
  const owner = isApiToken(token) ? await findApiToken(scope.db, hashSecret(token), scope.now()) : null
  if (owner === null) throw new OAuthFailure('invalid_grant', 'There is no such API token.')
  if (!owner.standing) throw new OAuthFailure('invalid_grant', 'The API token was revoked.')
  const endsAt = owner.expiresAt.getTime()
  if (endsAt <= scope.now()) throw new OAuthFailure('invalid_grant', 'The API token has expired.')
  return tokensFor(scope, owner, { endsAt })
}

/** Throws `not-found` for what is not the caller's. */
export async function dropApiToken(scope: IdentityScope, owner: SessionRow, id: string): Promise<void> {
  const { tenantId, userId } = owner
  const ended = await scope.db.begin((tx) => revokeApiToken(tx, { id, tenantId, userId, now: scope.now() }))
  if (ended === null) throw new AppError('not-found')
  scope.tellEnded(tenantId, [ended])
}
