import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'
import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrorCode } from '../../core/errors.ts'

/** Tokens that are nearly right. Made by hand, since a library would refuse to make some. */
type Claims = Record<string, unknown>
type Header = Record<string, unknown>

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const part = (token: string, at: number) => JSON.parse(Buffer.from(token.split('.')[at]!, 'base64url').toString())

export type BadToken = { title: string; code: ErrorCode; authorization: string | null }

/**
 * @param dir of the stack: its secrets hold the signing key
 * @param good a token that is taken; each bad one differs from it in one thing
 */
export async function badTokens(dir: string, good: string): Promise<BadToken[]> {
  const { signingKeys } = JSON.parse(await readFile(join(dir, 'secrets.json'), 'utf8'))
  const ours = createPrivateKey({ key: signingKeys[0], format: 'jwk' })
  const [header, claims] = [part(good, 0) as Header, part(good, 1) as Claims]
  const now = Math.floor(Date.now() / 1000)
  const made = (more: { header?: Header; claims?: Claims; key?: KeyObject }): string => {
    const text = `${encode({ ...header, ...more.header })}.${encode({ ...claims, ...more.claims })}`
    return `${text}.${sign(null, Buffer.from(text), more.key ?? ours).toString('base64url')}`
  }
  const bearer = (title: string, token: string, code: ErrorCode = 'unauthenticated'): BadToken => ({
    title,
    code,
    authorization: `Bearer ${token}`,
  })
  const [head, body, signature] = good.split('.') as [string, string, string]
  return [
    { title: 'no token', code: 'unauthenticated', authorization: null },
    { title: 'an empty header', code: 'unauthenticated', authorization: '' },
    { title: 'the token as a password', code: 'unauthenticated', authorization: `Basic ${btoa(`:${good}`)}` },
    { title: 'two tokens', code: 'unauthenticated', authorization: `Bearer ${good} ${good}` },
    bearer('a garbled token', 'a.b.c'),
    bearer('a very long token', `${good}${'A'.repeat(5_000)}`),
    bearer('a token without its signature', `${head}.${body}.`),
    bearer('a token whose signature was changed', `${head}.${body}.${flip(signature)}`),
    bearer('a token whose user was changed', `${head}.${encode({ ...claims, sub: randomUUID() })}.${signature}`),
    bearer(
      'a token past its time',
      made({ claims: { iat: now - 700, nbf: now - 700, exp: now - 60 } }),
      'token-expired',
    ),
    bearer('a token before its time', made({ claims: { nbf: now + 300 } })),
    bearer('a token for another audience', made({ claims: { aud: 'somebody-else' } })),
    bearer('a token for no audience', made({ claims: { aud: undefined } })),
    bearer('a token of another issuer', made({ claims: { iss: 'https://evil.example' } })),
    bearer('a token without an end', made({ claims: { exp: undefined } })),
    bearer('a token without a session', made({ claims: { sid: undefined } })),
    bearer('a token of another type', made({ header: { typ: 'JWT' } })),
    bearer('alg none', `${encode({ ...header, alg: 'none' })}.${body}.`),
    bearer('alg HS256 with our public key as the secret', hmac({ ...header, alg: 'HS256' }, body, ours)),
    bearer('a token of another key under our key id', made({ key: generateKeyPairSync('ed25519').privateKey })),
    bearer('a token that brings its key along', withOwnKey(made, header)),
    bearer('a key id that is not ours', made({ header: { kid: '../../etc/passwd' } })),
    bearer('a token of a session that never was', made({ claims: { sid: randomUUID() } }), 'session-revoked'),
  ]
}

const flip = (signature: string): string => (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)

function hmac(header: Header, body: string, ours: KeyObject): string {
  const text = `${encode(header)}.${body}`
  const secret = createPublicKey(ours).export({ type: 'spki', format: 'pem' })
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

function withOwnKey(made: (more: { header: Header; key: KeyObject }) => string, header: Header): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return made({ header: { ...header, jwk: publicKey.export({ format: 'jwk' }) }, key: privateKey })
}
