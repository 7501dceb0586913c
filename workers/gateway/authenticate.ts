import { AppError } from '../../core/errors.ts'
import { isApiToken } from '../../core/identity/api-token.ts'
import type { Principal } from '../../core/principal.ts'
import { GRANT_API_TOKEN } from '../../protocol/identity.ts'
import { verifyAccessToken } from '../identity/access-token.ts'
import { lruCache, type LruCache } from './lru-cache.ts'
import { identityKeys, type IdentityKeys } from './identity-keys.ts'

/*
 * Who is asking. A token is verified once and then remembered until it ends, so the usual request costs one look into a
 * map. The database is not asked: whether the session still stands is asked by the journal and the reader, at the rows.
 * What is kept between requests is only tokens already verified and public keys.
 */

/** How this isolate reaches identity: a service binding, or an address elsewhere. */
export type IdentityService = { fetch(url: string, init?: RequestInit): Promise<Response> }

export type AuthenticateOptions = {
  keys: IdentityKeys
  cache: LruCache<Principal>
  /** API tokens are looked up once more after this long, so that a revoked one ends within it. */
  identity: IdentityService
  issuer: string
  /** Unix milliseconds. */
  now: number
}

const CACHED_TOKENS = 10_000
/** An API token stands in the cache this long only: its access token lives longer, but a revocation should not wait. */
const API_TOKEN_CACHE_MS = 60_000
const BEARER = /^Bearer ([\x21-\x7e]+)$/i

/**
 * The bearer of an access token, or of an API token sent as it is.
 * @throws unauthenticated, token-expired; busy when identity does not answer
 */
export async function authenticate(request: Request, options: AuthenticateOptions): Promise<Principal> {
  const token = BEARER.exec(request.headers.get('authorization') ?? '')?.[1]
  if (token === undefined) throw new AppError('unauthenticated')
  const { cache, now } = options
  const known = cache.get(token, now)
  if (known !== undefined) return known
  const principal = isApiToken(token) ? await exchange(token, options) : await verify(token, options)
  cache.set(
    token,
    principal,
    isApiToken(token) ? Math.min(principal.expiresAt, now + API_TOKEN_CACHE_MS) : principal.expiresAt,
  )
  return principal
}

const verify = (token: string, { keys, issuer, now, identity }: AuthenticateOptions): Promise<Principal> =>
  verifyAccessToken(token, { issuer, now, findKey: (kid) => keys.find(kid, identity, now) })

async function exchange(token: string, options: AuthenticateOptions): Promise<Principal> {
  const response = await options.identity
    .fetch(`${options.issuer}/v1/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: GRANT_API_TOKEN, api_token: token }).toString(),
    })
    .catch((cause: unknown) => {
      throw new AppError('busy', { retryAfterMs: 1_000 }, { cause })
    })
  if (response.status >= 500) throw new AppError('busy', { retryAfterMs: 1_000 })
  const reply = (await response.json()) as { access_token?: unknown }
  if (typeof reply.access_token !== 'string')
    throw new AppError('unauthenticated', { detail: 'This API token is unknown, revoked or past its time.' })
  return verify(reply.access_token, options)
}

export type Authenticator = (request: Request, env: { IDENTITY: { fetch: unknown } }) => Promise<Principal>

/** One for each isolate. @param issuer the PUBLIC_URL, without a slash at the end */
export function authenticator(issuer: string): Authenticator {
  const keys = identityKeys(issuer)
  const cache = lruCache<Principal>(CACHED_TOKENS)
  return (request, env) => {
    const identity = env.IDENTITY as IdentityService
    return authenticate(request, { keys, cache, identity, issuer, now: Date.now() })
  }
}
