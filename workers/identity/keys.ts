import { importJWK, type CryptoKey, type JWK } from 'jose'
import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import type { FindKey, SigningKey } from './access-token.ts'

const text = z.string().min(1).max(200)
const privateJwk = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), kid: text, x: text, d: text })
const privateJwks = z.array(privateJwk).min(1).max(8)

export type PublicJwk = { kty: 'OKP'; crv: 'Ed25519'; alg: 'EdDSA'; use: 'sig'; kid: string; x: string }

/** The first key signs, all of them verify: a new one is put first, an old one stays until its tokens are over. */
export type KeyRing = { signer: SigningKey; findKey: FindKey; jwks: { keys: PublicJwk[] } }

/** @param json AUTH_SIGNING_KEYS: a JSON array of private Ed25519 JWKs with `kid`. Throws `internal`, which never quotes it. */
export async function readKeyRing(json: string): Promise<KeyRing> {
  const keys = parseKeys(json)
  const jwks = keys.map(({ kty, crv, kid, x }) => ({ kty, crv, alg: 'EdDSA', use: 'sig', kid, x }) as const)
  const first = keys[0]!
  const key = (await importJWK(first, 'EdDSA')) as CryptoKey
  return { signer: { kid: first.kid, key }, findKey: await keyFinder(jwks), jwks: { keys: jwks } }
}

function parseKeys(json: string): z.infer<typeof privateJwks> {
  try {
    return privateJwks.parse(JSON.parse(json))
  } catch {
    throw new AppError(
      'internal',
      {},
      { cause: new Error('AUTH_SIGNING_KEYS is not an array of private Ed25519 JWKs') },
    )
  }
}

/** The keys of a JWKS by id. Keys that are not Ed25519 are left out. */
export async function keyFinder(jwks: readonly JWK[]): Promise<FindKey> {
  const byId = new Map<string, CryptoKey>()
  for (const jwk of jwks)
    if (jwk.kid !== undefined && jwk.crv === 'Ed25519') byId.set(jwk.kid, (await importJWK(jwk, 'EdDSA')) as CryptoKey)
  return async (kid) => byId.get(kid) ?? null
}
