import { isRecent } from '../../../core/identity/roles.ts'
import { AppError } from '../../../core/errors.ts'
import { findBrowserSession, findSession, type SessionRow } from '../../../db/system/identity/sessions.ts'
import { verifyAccessToken } from '../access-token.ts'
import { hashSecret } from '../secrets.ts'
import { readCookie } from './cookies.ts'
import type { IdentityContext } from './identity-env.ts'

const BEARER = /^Bearer ([\x21-\x7e]+)$/i

/** The session behind the access token, asked at the row. @throws unauthenticated, token-expired, session-revoked */
export async function bearerSession(c: IdentityContext): Promise<SessionRow> {
  const token = BEARER.exec(c.req.header('authorization') ?? '')?.[1]
  if (token === undefined) throw new AppError('unauthenticated')
  const { db, keys, publicUrl } = c.env
  const now = c.env.now()
  const { tenantId, sessionId } = await verifyAccessToken(token, { issuer: publicUrl, findKey: keys.findKey, now })
  const session = await findSession(db, tenantId, sessionId, now)
  if (session === null) throw new AppError('session-revoked')
  return session
}

/**
 * For what outlives a session or opens doors to others (T28): a person who signed in within the hour. API tokens never may.
 * @throws forbidden, with `signInAgain` when that would help
 */
export async function recentSession(c: IdentityContext): Promise<SessionRow> {
  const session = await bearerSession(c)
  if (session.kind === 'api-token') throw new AppError('forbidden', { detail: 'An API token cannot do this.' })
  if (!isRecent(session.createdAt.getTime(), c.env.now()))
    throw new AppError('forbidden', {
      detail: 'Sign in again first: this needs a sign-in within the last hour.',
      signInAgain: true,
    })
  return session
}

/** The signed-in browser, or null. */
export async function browserSession(c: IdentityContext): Promise<SessionRow | null> {
  const cookie = readCookie(c, 'session')
  return cookie === null ? null : findBrowserSession(c.env.db, hashSecret(cookie), c.env.now())
}
