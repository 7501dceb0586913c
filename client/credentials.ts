import { z } from 'zod'
import { AppError } from '../core/errors.ts'
import { ConnectionError, connectionReason } from './connection-error.ts'
import { timerSleep, withRetry } from './retry.ts'

/** What a login leaves behind for one server and profile. `token`: an API token of a machine, never refreshed. */
export type Credential =
  | {
      kind: 'session'
      server: string
      accessToken: string
      /** Unix milliseconds, by this machine's clock. */
      accessExpiresAt: number
      refreshToken: string
      clientId: string
    }
  | { kind: 'token'; server: string; token: string }

/** Keeps credentials by profile name. `update` is exclusive, across processes too: it reads, lets `change` decide, and writes. */
export interface CredentialStore {
  read(profile: string): Promise<Credential | null>
  list(): Promise<{ profile: string; server: string; isDefault: boolean }[]>
  /** @param change answers what to keep; `null` forgets the profile */
  update(
    profile: string,
    change: (present: Credential | null) => Promise<Credential | null>,
  ): Promise<Credential | null>
  setDefault(profile: string): Promise<void>
  /** The profile used when none is named, or null. */
  defaultProfile(): Promise<string | null>
}

export type SessionOptions = {
  store: CredentialStore
  profile: string
  fetch: typeof fetch
  /** Unix milliseconds. */
  clock: () => number
  /** For the jitter of retries; default: the platform's dice. */
  random?: (length: number) => Uint8Array
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** Hand both straight to `createApi`. */
export type Session = {
  /** A token good for 60 s more. Throws `unauthenticated` (never signed in), `session-revoked`, or `ConnectionError`. */
  accessToken: () => Promise<string>
  /** Gets a new token although the present one looks fresh. */
  onUnauthorized: () => Promise<void>
}

/** A token that ends this soon is not used any more: the request would arrive after its end. */
const EARLY_MS = 60_000
const REFRESH_TIMEOUT_MS = 20_000

const tokenReply = z.looseObject({
  access_token: z.string().min(1),
  expires_in: z.number().positive(),
  refresh_token: z.string().min(1).optional(),
})

/**
 * Refresh tokens rotate: each is good once, and the answer to its use holds the next. So a refresh is single flight in this
 * process and locked against others, what another process got is taken over, and a lost answer is repeated with the *same*
 * token, for which the server gives the same successor for a short while (SECURITY: refresh that survives a lost response).
 */
export function createSession(options: SessionOptions): Session {
  const { store, profile, clock } = options
  let known: Credential | null = null
  let refreshing: Promise<Credential> | null = null

  const load = async (): Promise<Credential> => {
    known ??= await store.read(profile)
    if (known === null) throw new AppError('unauthenticated', { detail: 'not signed in' })
    return known
  }
  const refresh = (stale: string): Promise<Credential> => {
    refreshing ??= refreshStored(options, stale)
      .then((credential) => (known = credential))
      .finally(() => (refreshing = null))
    return refreshing
  }

  return {
    accessToken: async () => {
      const credential = await load()
      if (credential.kind === 'token') return credential.token
      if (credential.accessExpiresAt - EARLY_MS > clock()) return credential.accessToken
      return tokenOf(await refresh(credential.accessToken))
    },
    onUnauthorized: async () => {
      const credential = await load()
      if (credential.kind === 'token') throw new AppError('token-expired', { detail: 'the API token has expired' })
      await refresh(credential.accessToken)
    },
  }
}

const tokenOf = (credential: Credential): string =>
  credential.kind === 'token' ? credential.token : credential.accessToken

async function refreshStored(options: SessionOptions, stale: string): Promise<Credential> {
  const { store, profile } = options
  let revoked: AppError | null = null
  const credential = await store.update(profile, async (present) => {
    // Another process was faster: its token is the good one, and our refresh token is spent.
    if (present === null || present.kind === 'token' || present.accessToken !== stale) return present
    try {
      return await refreshOnce(options, present)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'session-revoked') throw error
      revoked = error
      return null
    }
  })
  if (revoked !== null) throw revoked
  if (credential === null) throw new AppError('unauthenticated', { detail: 'not signed in' })
  return credential
}

const platformDice = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))

type SessionCredential = Credential & { kind: 'session' }

async function refreshOnce(options: SessionOptions, present: SessionCredential): Promise<Credential> {
  const { clock, random = platformDice, sleep = timerSleep } = options
  const askedAt = clock()
  const reply = await withRetry(() => askForToken(options.fetch, present), { clock, random, sleep })
  return {
    ...present,
    accessToken: reply.access_token,
    accessExpiresAt: askedAt + reply.expires_in * 1000,
    refreshToken: reply.refresh_token ?? present.refreshToken,
  }
}

async function askForToken(fetchIt: typeof fetch, present: SessionCredential): Promise<z.infer<typeof tokenReply>> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: present.refreshToken,
    client_id: present.clientId,
  })
  let response: Response
  let text: string
  try {
    response = await fetchIt(`${present.server.replace(/\/+$/, '')}/v1/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: body.toString(),
      redirect: 'error',
      signal: AbortSignal.timeout(REFRESH_TIMEOUT_MS),
    })
    text = await response.text()
  } catch (error) {
    throw new ConnectionError(`the server cannot be reached (${connectionReason(error)})`, 1, { cause: error })
  }
  if (!response.ok) throw refreshError(response.status, text)
  try {
    return tokenReply.parse(JSON.parse(text))
  } catch {
    // No cause: it would quote the answer, which may hold a token.
    throw new AppError('internal', { detail: 'the answer of the token endpoint is not understood' })
  }
}

/** RFC 6749, section 5.2: `{"error": "invalid_grant"}` is the end of this session. */
function refreshError(status: number, text: string): AppError {
  if (status >= 500) return new AppError('busy', { status })
  if (status === 429) return new AppError('too-many-requests', { status })
  const known = /"error"\s*:\s*"([a-z_]{1,40})"/.exec(text)?.[1]
  if (known === 'temporarily_unavailable' || known === 'slow_down') return new AppError('busy', { status })
  if (known === 'invalid_grant')
    return new AppError('session-revoked', { detail: 'this session has ended: sign in again' })
  // A proxy's page, say: no reason to forget the session.
  return new AppError('internal', { status, detail: `the token endpoint answered ${status}` })
}
