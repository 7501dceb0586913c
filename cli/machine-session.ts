import type { Session } from '../client/credentials.ts'
import { AppError } from '../core/errors.ts'
import { GRANT_API_TOKEN } from '../protocol/identity.ts'
import { askForTokens } from './auth-requests.ts'
import { apiTokenRefused } from './not-signed-in.ts'
import type { World } from './world.ts'

/** A token that ends this soon is not used any more: the request would arrive after its end. */
const EARLY_MS = 60_000

/** An API token is exchanged for short access tokens, in memory only. Throws `session-revoked` when it is good no more. */
export function createMachineSession(world: World, server: string, apiToken: string): Session {
  let current: { token: string; goodUntil: number } | null = null
  let exchanging: Promise<string> | null = null

  const exchange = async (): Promise<string> => {
    const askedAt = world.now()
    const answer = await askForTokens(world, server, { grant_type: GRANT_API_TOKEN, api_token: apiToken })
    if (answer.is === 'refused' && answer.error === 'slow_down') throw new AppError('too-many-requests')
    if (answer.is === 'refused') throw apiTokenRefused()
    const { accessToken, expiresInMs } = answer.tokens
    // A token that lives less than two minutes is used for half of its life.
    current = { token: accessToken, goodUntil: askedAt + expiresInMs - Math.min(EARLY_MS, expiresInMs / 2) }
    return current.token
  }
  const renew = (): Promise<string> => (exchanging ??= exchange().finally(() => (exchanging = null)))

  return {
    accessToken: async () => (current !== null && world.now() < current.goodUntil ? current.token : renew()),
    onUnauthorized: async () => void (await renew()),
  }
}
