import { Hono } from 'hono'
import type { AppError } from '../../../core/errors.ts'
import {
  deviceStartBody,
  GRANT_API_TOKEN,
  GRANT_DEVICE_CODE,
  tokenBody,
  type OAuthError,
} from '../../../protocol/identity.ts'
import { exchangeApiToken } from '../api-tokens.ts'
import { pollDeviceAuthorisation, startDeviceAuthorisation } from '../device-authorisation.ts'
import type { Tokens } from '../issue-tokens.ts'
import { OAuthFailure } from '../oauth-failure.ts'
import { refreshSession } from '../refresh-session.ts'
import { clientAddress, type IdentityScope } from '../scope.ts'
import { check, readFormOrJson } from './body.ts'
import type { IdentityEnv } from './identity-env.ts'
import { logFailure } from './log-failure.ts'

const NO_STORE = { 'cache-control': 'no-store' }
const GRANTS: ReadonlySet<unknown> = new Set(['refresh_token', GRANT_DEVICE_CODE, GRANT_API_TOKEN])

/** OAuth's two endpoints, with OAuth's errors (RFC 6749, section 5.2; RFC 8628). */
export const tokenEndpoint = new Hono<IdentityEnv>()
  .post('/device', async (c) => {
    const { device_name: deviceName } = check(deviceStartBody, await readFormOrJson(c.req.raw))
    const started = await startDeviceAuthorisation(c.env, { deviceName, address: clientAddress(c.env, c.req.raw) })
    return c.json(started, 200, NO_STORE)
  })
  .post('/token', async (c) => {
    const body = await readFormOrJson(c.req.raw)
    const grant = (body as { grant_type?: unknown } | null)?.grant_type
    if (grant !== undefined && !GRANTS.has(grant))
      throw new OAuthFailure('unsupported_grant_type', 'This grant type is not offered.')
    return c.json(await grantTokens(c.env, check(tokenBody, body)), 200, NO_STORE)
  })
  .onError((thrown, c) => {
    const known = thrown instanceof OAuthFailure ? thrown : logFailure(c, thrown)
    const { error, description, status, retryAfterMs } = toOAuth(known)
    const wait = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
    return c.json({ error, error_description: description }, status, { ...NO_STORE, ...wait })
  })

type Grant = ReturnType<typeof tokenBody.parse>

function grantTokens(scope: IdentityScope, grant: Grant): Promise<Tokens> {
  switch (grant.grant_type) {
    case 'refresh_token':
      return refreshSession(scope, grant.refresh_token)
    case GRANT_DEVICE_CODE:
      return pollDeviceAuthorisation(scope, grant.device_code)
    case GRANT_API_TOKEN:
      return exchangeApiToken(scope, grant.api_token)
  }
}

type OAuthAnswer = {
  error: OAuthError
  description: string
  status: 400 | 429 | 500 | 503
  retryAfterMs?: number | undefined
}

function toOAuth(failure: OAuthFailure | AppError): OAuthAnswer {
  if (failure instanceof OAuthFailure) return { error: failure.error, description: failure.message, status: 400 }
  const { code, facts } = failure
  const { retryAfterMs } = facts
  const description = facts.detail ?? code
  if (code === 'too-many-requests') return { error: 'slow_down', description, status: 429, retryAfterMs }
  if (code === 'database-unavailable' || code === 'busy')
    return { error: 'temporarily_unavailable', description, status: 503, retryAfterMs }
  if (code === 'internal') return { error: 'server_error', description, status: 500 }
  return { error: 'invalid_request', description: `${facts.field ?? 'body'}: ${description}`, status: 400 }
}
