import type { z } from 'zod'
import { secretText } from '../../core/identity/secret-text.ts'
import { BROWSER_SESSION_MS, DEVICE_SESSION_MS, REFRESH_IDLE_MS } from '../../core/identity/refresh.ts'
import type { SessionId } from '../../core/ids.ts'
import type { Tx } from '../../db/connect.ts'
import { insertRefreshToken } from '../../db/system/identity/refresh-tokens.ts'
import { insertBrowserCookie, insertSession } from '../../db/system/identity/sessions.ts'
import type { tokenReply } from '../../protocol/identity.ts'
import { ACCESS_TOKEN_MS, signAccessToken, type TokenSubject } from './access-token.ts'
import { newId, type IdentityScope } from './scope.ts'
import { hashSecret } from './secrets.ts'
import type { Member } from './sign-in.ts'

export type Tokens = z.infer<typeof tokenReply>

const SECRET_BYTES = 32

/** 160 bits behind a prefix that secret scanners can look for. */
export const newRefreshToken = (scope: IdentityScope): string => `bvr_${secretText(scope.random(SECRET_BYTES))}`

/** A new session for a device, with its first refresh token. The tokens are for `tokensFor`, after the transaction. */
export async function startDeviceSession(
  scope: IdentityScope,
  tx: Tx,
  { tenantId, userId, deviceName }: Member & { deviceName: string },
): Promise<{ subject: TokenSubject; refreshToken: string }> {
  const now = scope.now()
  const sessionId = newId<SessionId>(scope)
  const refreshToken = newRefreshToken(scope)
  await insertSession(tx, {
    sessionId,
    tenantId,
    userId,
    deviceName,
    kind: 'device',
    now,
    absoluteExpiry: now + DEVICE_SESSION_MS,
  })
  const hash = hashSecret(refreshToken)
  await insertRefreshToken(tx, { hash, parentHash: null, sessionId, now, expiresAt: now + REFRESH_IDLE_MS })
  return { subject: { tenantId, userId, sessionId }, refreshToken }
}

/** A browser session; answers the secret of its cookie. */
export function startBrowserSession(scope: IdentityScope, { tenantId, userId }: Member): Promise<string> {
  const now = scope.now()
  const cookie = secretText(scope.random(SECRET_BYTES))
  return scope.db.begin(async (tx) => {
    const sessionId = newId<SessionId>(scope)
    await insertSession(tx, {
      sessionId,
      tenantId,
      userId,
      deviceName: 'Browser',
      kind: 'browser',
      now,
      absoluteExpiry: now + BROWSER_SESSION_MS,
    })
    await insertBrowserCookie(tx, hashSecret(cookie), sessionId)
    return cookie
  })
}

/** @param endsAt no access token outlives it, Unix milliseconds */
export async function tokensFor(
  scope: IdentityScope,
  subject: TokenSubject,
  { refreshToken, endsAt }: { refreshToken?: string; endsAt?: number },
): Promise<Tokens> {
  const now = scope.now()
  const expiresAt = Math.min(now + ACCESS_TOKEN_MS, endsAt ?? Infinity)
  const { signer } = scope.keys
  return {
    access_token: await signAccessToken(subject, { issuer: scope.publicUrl, signer, now, expiresAt }),
    token_type: 'Bearer',
    expires_in: Math.floor((expiresAt - now) / 1000),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  }
}
