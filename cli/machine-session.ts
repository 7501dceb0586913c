import type { Session } from '../client/credentials.ts'
import { AppError } from '../core/errors.ts'
import { API_TOKEN_GRANT, askForTokens } from './auth-requests.ts'
import type { World } from './world.ts'

/** A token that ends this soon is not used any more: the request would arrive after its end. */
const EARLY_MS = 60_000

/** An API token is exchanged for short access tokens, in memory only. Throws `session-revoked` when it is good no more. */
export function createMachineSession(world: World, server: string, apiToken: string): Session {
  let current: { token: string; endsAt: number } | null = null
  let exchanging: Promise<string> | null = null

  const exchange = async (): Promise<string> => {
    const askedAt = world.now()
    const answer = await askForTokens(world, server, { grant_type: API_TOKEN_GRANT, token: apiToken })
    if (answer.is === 'refused')
      throw new AppError('session-revoked', { detail: 'this API token is unknown, revoked or past its time' })
    current = { token: answer.tokens.accessToken, endsAt: askedAt + answer.tokens.expiresInMs }
    return current.token
  }
  const renew = (): Promise<string> => (exchanging ??= exchange().finally(() => (exchanging = null)))

  return {
    accessToken: async () => {
      // A token that lives less than a minute is used as long as it lives.
      const early = current === null ? 0 : Math.min(EARLY_MS, (current.endsAt - world.now()) / 2)
      return current !== null && current.endsAt - early > world.now() ? current.token : renew()
    },
    onUnauthorized: async () => void (await renew()),
  }
}
