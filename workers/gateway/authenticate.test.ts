import { generateKeyPairSync } from 'node:crypto'
import { SignJWT, UnsecuredJWT, importJWK, type JWK } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import type { SessionId, TenantId, UserId } from '../../core/ids.ts'
import { signAccessToken } from '../identity/access-token.ts'
import { readKeyRing } from '../identity/keys.ts'
import { authenticate, type IdentityService } from './authenticate.ts'
import { identityKeys } from './identity-keys.ts'
import { lruCache } from './lru-cache.ts'

const ISSUER = 'https://vault.example'
const NOW = Date.UTC(2026, 10, 20, 12)
const SUBJECT = {
  tenantId: '01900000-0000-7000-8000-000000000001' as TenantId,
  userId: '01900000-0000-7000-8000-000000000002' as UserId,
  sessionId: '01900000-0000-7000-8000-000000000003' as SessionId,
}
const API_TOKEN = `bvt_abcdefgh_${'k'.repeat(32)}`

const privateJwk = (kid: string): JWK & { kid: string } => ({
  ...(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as JWK),
  kid,
})

/** One isolate with its caches, and an identity that counts what it is asked. */
async function gateway() {
  const jwks = [privateJwk('one'), privateJwk('two')]
  const state = {
    jwks,
    ring: await readKeyRing(JSON.stringify(jwks)),
    asked: [] as string[],
    isDown: false,
    tokenGood: true,
  }
  const identity: IdentityService = {
    async fetch(url) {
      state.asked.push(new URL(url).pathname)
      if (state.isDown) throw new Error('network connection lost')
      if (url.endsWith('jwks.json')) return Response.json(state.ring.jwks)
      if (!state.tokenGood) return Response.json({ error: 'invalid_grant' }, { status: 400 })
      return Response.json({ access_token: await sign(), expires_in: 600 })
    },
  }
  const keys = identityKeys(ISSUER)
  const cache = lruCache<Principal>(3)
  const sign = (expiresAt = NOW + 600_000, signer = state.ring.signer) =>
    signAccessToken(SUBJECT, { issuer: ISSUER, signer, now: NOW, expiresAt })
  const ask = (authorization: string | null, now = NOW) =>
    authenticate(new Request(ISSUER, { headers: authorization === null ? {} : { authorization } }), {
      keys,
      cache,
      identity,
      issuer: ISSUER,
      now,
    })
  const codeOf = (authorization: string | null, now?: number) =>
    ask(authorization, now).then(
      () => 'let in',
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    )
  return { state, ask, codeOf, sign, cache }
}

let at: Awaited<ReturnType<typeof gateway>>
beforeEach(async () => void (at = await gateway()))

describe('access tokens', () => {
  test('a good one says who; the second time nothing is verified or asked', async () => {
    const token = await at.sign()
    const first = await at.ask(`Bearer ${token}`)
    expect(first).toEqual({ ...SUBJECT, expiresAt: NOW + 600_000 })
    expect(await at.ask(`bearer ${token}`)).toBe(first)
    expect(at.state.asked).toEqual(['/.well-known/jwks.json'])
  })

  test.each([
    null,
    '',
    'Bearer',
    'Bearer  ',
    'Basic YTpi',
    'Bearer a.b.c',
    'Bearer a b',
    `Bearer ${'x'.repeat(5000)}`,
    'Bearer bvt_x',
  ])('%j is unauthenticated', async (authorization) => expect(await at.codeOf(authorization)).toBe('unauthenticated'))

  test('expired: told apart, also when it was remembered; half a minute of leeway', async () => {
    const bearer = `Bearer ${await at.sign(NOW + 1000)}`
    expect(await at.codeOf(bearer)).toBe('let in')
    expect(await at.codeOf(bearer, NOW + 30_000)).toBe('let in')
    expect(await at.codeOf(bearer, NOW + 32_000)).toBe('token-expired')
    expect(await at.codeOf(bearer, NOW - 29_000)).toBe('let in')
  })

  const forge = async (over: { header?: object; claims?: object; key?: JWK; secret?: Uint8Array }) => {
    const key = over.secret ?? (await importJWK(over.key ?? at.state.jwks[0]!, 'EdDSA'))
    const seconds = NOW / 1000
    const claims = {
      iss: ISSUER,
      aud: 'bitvault',
      sub: SUBJECT.userId,
      tid: SUBJECT.tenantId,
      sid: SUBJECT.sessionId,
      iat: seconds,
      nbf: seconds,
      exp: seconds + 600,
      ...over.claims,
    }
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: 'one', ...over.header }
    return `Bearer ${await new SignJWT(claims as Record<string, unknown>).setProtectedHeader(header).sign(key)}`
  }

  test('the forger’s own token is good when nothing is forged', async () =>
    expect(await at.codeOf(await forge({}))).toBe('let in'))

  test.each<[string, Parameters<typeof forge>[0]]>([
    ['another audience', { claims: { aud: 'else' } }],
    ['another issuer', { claims: { iss: 'https://evil.example' } }],
    ['no audience', { claims: { aud: undefined } }],
    ['not valid yet', { claims: { nbf: NOW / 1000 + 31 } }],
    ['without an end', { claims: { exp: undefined } }],
    ['without a session', { claims: { sid: undefined } }],
    ['a tenant that is no id', { claims: { tid: "' or 1=1" } }],
    ['another kind of token', { header: { typ: 'JWT' } }],
    ['no kind', { header: { typ: undefined } }],
    ['no key id', { header: { kid: undefined } }],
    ['an unknown key id', { header: { kid: 'three' } }],
    ['the wrong key of ours', { header: { kid: 'two' } }],
    ['a key of its own', { key: privateJwk('one') }],
  ])('%s is unauthenticated', async (_, over) => expect(await at.codeOf(await forge(over))).toBe('unauthenticated'))

  test('alg none, and HMAC with the public key as its secret', async () => {
    const seconds = NOW / 1000
    const none = new UnsecuredJWT({ sid: SUBJECT.sessionId, tid: SUBJECT.tenantId })
      .setSubject(SUBJECT.userId)
      .setIssuer(ISSUER)
      .setAudience('bitvault')
      .setExpirationTime(seconds + 60)
      .encode()
    expect(await at.codeOf(`Bearer ${none}`)).toBe('unauthenticated')
    const secret = new TextEncoder().encode(at.state.ring.jwks.keys[0]!.x.padEnd(64, 'x'))
    expect(await at.codeOf(await forge({ header: { alg: 'HS256' }, secret }))).toBe('unauthenticated')
  })

  test('a changed payload', async () => {
    const [header, , signature] = (await at.sign()).split('.')
    const other = Buffer.from(
      JSON.stringify({ sub: SUBJECT.userId, tid: SUBJECT.userId, sid: SUBJECT.sessionId }),
    ).toString('base64url')
    expect(await at.codeOf(`Bearer ${header}.${other}.${signature}`)).toBe('unauthenticated')
  })
})

describe('keys', () => {
  test('a new key is fetched when its id turns up; invented ids are not asked for each time', async () => {
    expect(await at.codeOf(`Bearer ${await at.sign()}`)).toBe('let in')
    const old = at.state.ring
    at.state.ring = await readKeyRing(JSON.stringify([privateJwk('new'), ...at.state.jwks]))
    const fresh = `Bearer ${await at.sign()}`
    expect(await at.codeOf(fresh, NOW + 9_999)).toBe('unauthenticated')
    expect(await at.codeOf(fresh, NOW + 10_000)).toBe('let in')
    expect(await at.codeOf(`Bearer ${await at.sign(NOW + 500_000, old.signer)}`)).toBe('let in')
    expect(at.state.asked.length).toBe(2)
  })

  test('a removed key is good for five minutes at most', async () => {
    const retired = at.state.ring.signer
    expect(await at.codeOf(`Bearer ${await at.sign()}`)).toBe('let in')
    at.state.ring = await readKeyRing(JSON.stringify([privateJwk('new')]))
    const late = `Bearer ${await at.sign(NOW + 900_000, retired)}`
    expect(await at.codeOf(late, NOW + 300_001)).toBe('unauthenticated')
  })

  test('identity away: the known keys go on; without any, busy', async () => {
    const bearer = `Bearer ${await at.sign()}`
    at.state.isDown = true
    expect(await at.codeOf(bearer)).toBe('busy')
    at.state.isDown = false
    expect(await at.codeOf(bearer)).toBe('let in')
    at.state.isDown = true
    const another = `Bearer ${await at.sign(NOW + 599_000)}`
    expect(await at.codeOf(another, NOW + 400_000)).toBe('let in')
  })

  test('only public parts leave identity', () => {
    expect(JSON.stringify(at.state.ring.jwks)).not.toContain('"d"')
    expect(JSON.stringify(at.state.ring.jwks)).not.toContain(String(at.state.jwks[0]!.d))
  })
})

describe('API tokens sent as they are', () => {
  test('are exchanged, remembered for a minute, and end with their revocation', async () => {
    const bearer = `Bearer ${API_TOKEN}`
    expect(await at.ask(bearer)).toMatchObject(SUBJECT)
    expect(await at.codeOf(bearer, NOW + 59_999)).toBe('let in')
    expect(at.state.asked.filter((path) => path === '/v1/auth/token').length).toBe(1)
    at.state.tokenGood = false
    expect(await at.codeOf(bearer, NOW + 60_000)).toBe('unauthenticated')
    at.state.isDown = true
    expect(await at.codeOf(bearer, NOW + 60_000)).toBe('busy')
  })
})

test('the cache is bounded and drops what is unused for longest', () => {
  const cache = lruCache<number>(3)
  for (const i of [1, 2, 3]) cache.set(`${i}`, i, 10)
  expect(cache.get('1', 0)).toBe(1)
  cache.set('4', 4, 10)
  expect([cache.size, cache.get('2', 0), cache.get('1', 0)]).toEqual([3, undefined, 1])
  expect(cache.get('1', 10)).toBeUndefined()
  expect(cache.size).toBe(2)
})
