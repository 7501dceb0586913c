import type { CryptoKey } from 'jose'
import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import type { FindKey } from '../identity/access-token.ts'
import { keyFinder } from '../identity/keys.ts'
import type { IdentityService } from './authenticate.ts'

export type IdentityKeys = {
  /** The public key of an id, or null. @throws busy when identity does not answer and nothing is known yet */
  find(kid: string, identity: IdentityService, now: number): Promise<CryptoKey | null>
}

const KEEP_MS = 300_000
/** A token with an invented key id must not make us ask each time. */
const REFETCH_MS = 10_000

const jwksReply = z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })).max(16) })

/**
 * The public keys of identity: fetched at need, kept for five minutes, asked for again when an unknown key id turns up.
 * Two requests may fetch at once: in workerd, one request must not wait for another one's I/O.
 */
export function identityKeys(issuer: string): IdentityKeys {
  let known: { find: FindKey; fetchedAt: number } | null = null

  const refetch = async (identity: IdentityService, now: number): Promise<FindKey> => {
    try {
      const response = await identity.fetch(`${issuer}/.well-known/jwks.json`)
      if (!response.ok) throw new Error(`the key set answers ${response.status}`)
      const find = await keyFinder(jwksReply.parse(await response.json()).keys)
      known = { find, fetchedAt: now }
      return find
    } catch (cause) {
      if (known === null)
        throw new AppError('busy', { detail: 'Sign-in is not reachable.', retryAfterMs: 1_000 }, { cause })
      // Old keys are better than none; the next try comes soon, but not with every request.
      known = { find: known.find, fetchedAt: now - KEEP_MS + REFETCH_MS }
      return known.find
    }
  }

  return {
    async find(kid, identity, now) {
      if (known === null || now - known.fetchedAt > KEEP_MS) return (await refetch(identity, now))(kid)
      const key = await known.find(kid)
      if (key !== null || now - known.fetchedAt < REFETCH_MS) return key
      return (await refetch(identity, now))(kid)
    },
  }
}
