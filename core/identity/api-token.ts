import { secretText } from './secret-text.ts'

/*
 * `bvt_<prefix>_<secret>`: the prefix is public and tells tokens apart in lists, the secret has 160 bits. The fixed
 * shape is for secret scanners: /\bbvt_[0-9a-z]{8}_[0-9a-z]{32}\b/.
 */
const SHAPE = /^bvt_([0-9a-hjkmnp-tv-z]{8})_([0-9a-hjkmnp-tv-z]{32})$/

export const API_TOKEN_RANDOM_BYTES = 40

/** @param random `API_TOKEN_RANDOM_BYTES` random bytes */
export function makeApiToken(random: Uint8Array): { token: string; prefix: string } {
  const prefix = secretText(random.subarray(0, 8))
  return { token: `bvt_${prefix}_${secretText(random.subarray(8, 40))}`, prefix }
}

/** Cheap refusal of what was never ours, before anything is hashed or looked up. */
export const isApiToken = (text: string): boolean => SHAPE.test(text)
