import { scrypt, timingSafeEqual } from 'node:crypto'
import { isPlausiblePassword, normalisePassword } from '../../core/identity/password-policy.ts'

/*
 * scrypt as OWASP's list has it: N = 2^15, r = 8, p = 3 (32 MiB, about 130 ms). workerd computes it on the isolate's
 * own thread; the back-off rules bound how often that happens, and a busy site gives identity a Worker of its own.
 */
const LOG2_N = 15
const R = 8
const P = 3
const HASH_BYTES = 32
const MAX_MEMORY_BYTES = 64 * 1024 * 1024
export const SALT_BYTES = 16

const SHAPE = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]+)\$([A-Za-z0-9_-]+)$/

/** @param password what `acceptPassword` returned */
export async function hashPassword(password: string, salt: Uint8Array): Promise<string> {
  const hash = await derive(password, salt, { log2N: LOG2_N, r: R, p: P })
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  return `scrypt$${LOG2_N}$${R}$${P}$${text(salt)}$${text(hash)}`
}

/**
 * Whether the password is the one of `stored`. With nothing stored it does the same work and answers false, so that
 * time does not tell whether an account exists.
 */
export async function verifyPassword(typed: string, stored: string | null): Promise<boolean> {
  const [, log2N, r, p, salt, hash] = SHAPE.exec(stored ?? NOBODY) ?? SHAPE.exec(NOBODY)!
  const password = isPlausiblePassword(typed) ? normalisePassword(typed) : ''
  const expected = Buffer.from(hash!, 'base64url')
  const found = await derive(password, Buffer.from(salt!, 'base64url'), {
    log2N: Number(log2N),
    r: Number(r),
    p: Number(p),
  })
  return found.length === expected.length && timingSafeEqual(found, expected) && stored !== null && password !== ''
}

/** Nobody's password. */
const NOBODY = `scrypt$${LOG2_N}$${R}$${P}$${'A'.repeat(22)}$${'A'.repeat(43)}`

function derive(password: string, salt: Uint8Array, cost: { log2N: number; r: number; p: number }): Promise<Buffer> {
  const options = { N: 2 ** cost.log2N, r: cost.r, p: cost.p, maxmem: MAX_MEMORY_BYTES }
  return new Promise((resolve, reject) =>
    scrypt(password, salt, HASH_BYTES, options, (error, key) => (error ? reject(error) : resolve(key))),
  )
}
