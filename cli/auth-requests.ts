import { ConnectionError, connectionReason } from '../client/connection-error.ts'
import { errorOfReply } from '../client/problem-reply.ts'
import { AppError } from '../core/errors.ts'
import type { World } from './world.ts'

/** The endpoints that take no access token, since they are where one comes from (RFC 6749, RFC 8628). */
export const CLIENT_ID = 'bitvault-cli'

const TIMEOUT_MS = 20_000
const REPLY_MAX_CHARS = 65_536

export type Tokens = { accessToken: string; expiresInMs: number; refreshToken: string | null }
/** `error` as RFC 6749, section 5.2, names it: `authorization_pending`, `invalid_grant`. */
export type TokenAnswer = { is: 'tokens'; tokens: Tokens } | { is: 'refused'; error: string }

/** Throws `AppError` for a problem that is no answer of the protocol, `ConnectionError` when none came. */
export async function askForTokens(world: World, server: string, fields: Record<string, string>): Promise<TokenAnswer> {
  const response = await postForm(world, `${server}/v1/auth/token`, { client_id: CLIENT_ID, ...fields })
  const body = await readJson(response.clone())
  if (response.ok) return { is: 'tokens', tokens: parseTokens(body) }
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : null
  if (response.status < 500 && typeof error === 'string') return { is: 'refused', error }
  throw await errorOfReply(response)
}

/** Form-encoded, as OAuth has it. Throws `ConnectionError`. */
export async function postForm(world: World, url: string, fields: Record<string, string>): Promise<Response> {
  try {
    return await world.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams(fields).toString(),
      redirect: 'error',
      signal: AbortSignal.any([world.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
  } catch (error) {
    world.signal.throwIfAborted()
    throw new ConnectionError(`the server cannot be reached (${connectionReason(error)})`, 1, { cause: error })
  }
}

export async function readJson(response: Response): Promise<unknown> {
  const text = await response.text().catch(() => '')
  try {
    return JSON.parse(text.slice(0, REPLY_MAX_CHARS))
  } catch {
    return null
  }
}

function parseTokens(body: unknown): Tokens {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const { access_token: accessToken, expires_in: expiresIn, refresh_token: refreshToken } = fields
  if (typeof accessToken !== 'string' || typeof expiresIn !== 'number') throw notUnderstood()
  return {
    accessToken,
    expiresInMs: expiresIn * 1000,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : null,
  }
}

/** No cause: it would quote the answer, which may hold a token. */
export const notUnderstood = (): AppError =>
  new AppError('internal', { detail: 'that address answered, but not as a BitVault server does' })
