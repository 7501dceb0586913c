import { createHash, timingSafeEqual } from 'node:crypto'

/** What the database keeps of a secret of ours: they are random and long, so one SHA-256 is enough. Lower-case hex. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** Compares hashes, so that neither length nor content shows in the time it takes. */
export const secretsEqual = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())

const NONCE_BYTES = 12
const encoder = new TextEncoder()

/** AES-256-GCM under a key that only `opener` gives: the holder of `opener` can read it, a copy of the database cannot. */
export async function sealFor(opener: string, text: string, nonce: Uint8Array<ArrayBuffer>): Promise<string> {
  const key = await sealingKey(opener)
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, encoder.encode(text))
  return Buffer.concat([nonce, new Uint8Array(sealed)]).toString('base64url')
}
export const SEAL_NONCE_BYTES = NONCE_BYTES

/** Throws when `opener` is not the one it was sealed for. */
export async function unsealWith(opener: string, sealed: string): Promise<string> {
  const bytes = Buffer.from(sealed, 'base64url')
  const key = await sealingKey(opener)
  const iv = bytes.subarray(0, NONCE_BYTES)
  return new TextDecoder().decode(
    await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, bytes.subarray(NONCE_BYTES)),
  )
}

/** HKDF (RFC 5869) with its own label: the key has nothing in common with the hash that is stored. */
async function sealingKey(opener: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(opener), 'HKDF', false, ['deriveKey'])
  const hkdf = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode('bitvault refresh successor'),
  }
  return crypto.subtle.deriveKey(hkdf, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}
