import { errors, jwtVerify, SignJWT, type CryptoKey } from 'jose'
import { AppError } from '../../core/errors.ts'
import { isUuid, type SessionId, type TenantId, type UserId } from '../../core/ids.ts'
import type { Principal } from '../../core/principal.ts'

/*
 * The access token: RFC 9068 in shape, signed with Ed25519, ten minutes long. Both sides of its contract stand here,
 * so that what is signed and what is demanded cannot drift apart. Verification pins the algorithm, the type, issuer and
 * audience; the header chooses nothing but which of our keys.
 */
export const ACCESS_TOKEN_MS = 600_000
const AUDIENCE = 'bitvault'
const TYPE = 'at+jwt'
const ALGORITHM = 'EdDSA'
const LEEWAY_SECONDS = 30
const MAX_LENGTH = 2048

export type SigningKey = { kid: string; key: CryptoKey }
/** The public key of an id; null when it is not ours. */
export type FindKey = (kid: string) => Promise<CryptoKey | null>
export type TokenSubject = { tenantId: TenantId; userId: UserId; sessionId: SessionId }

/** @param now Unix milliseconds */
export function signAccessToken(
  { tenantId, userId, sessionId }: TokenSubject,
  { issuer, signer, now, expiresAt }: { issuer: string; signer: SigningKey; now: number; expiresAt: number },
): Promise<string> {
  return new SignJWT({ tid: tenantId, sid: sessionId })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: signer.kid })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setSubject(userId)
    .setIssuedAt(Math.floor(now / 1000))
    .setNotBefore(Math.floor(now / 1000))
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .sign(signer.key)
}

/** Throws `token-expired` for a token of ours past its time, `unauthenticated` for anything else that does not hold. */
export async function verifyAccessToken(
  token: string,
  { issuer, findKey, now }: { issuer: string; findKey: FindKey; now: number },
): Promise<Principal> {
  if (token.length > MAX_LENGTH) throw new AppError('unauthenticated')
  try {
    const { payload } = await jwtVerify(token, (header) => keyFor(header.kid, findKey), {
      algorithms: [ALGORITHM],
      typ: TYPE,
      issuer,
      audience: AUDIENCE,
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'nbf', 'iat', 'sub', 'tid', 'sid'],
    })
    return toPrincipal(payload)
  } catch (error) {
    if (error instanceof AppError) throw error
    if (error instanceof errors.JWTExpired) throw new AppError('token-expired')
    // The cause may quote claims of a stranger's token: it goes no further.
    if (error instanceof errors.JOSEError)
      throw new AppError('unauthenticated', { detail: 'The access token is not valid.' })
    throw error
  }
}

async function keyFor(kid: string | undefined, findKey: FindKey): Promise<CryptoKey> {
  const key = kid === undefined || kid.length > 64 ? null : await findKey(kid)
  if (key === null) throw new AppError('unauthenticated', { detail: 'The access token is not valid.' })
  return key
}

function toPrincipal({ sub, tid, sid, exp }: { [claim: string]: unknown }): Principal {
  const ids = [tid, sub, sid]
  if (!ids.every((id) => typeof id === 'string' && isUuid(id)) || typeof exp !== 'number')
    throw new AppError('unauthenticated', { detail: 'The access token is not valid.' })
  return {
    tenantId: tid as TenantId,
    userId: sub as UserId,
    sessionId: sid as SessionId,
    expiresAt: exp * 1000,
  }
}
