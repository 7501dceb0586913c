/** Crockford's base 32: no letter is mistaken for another, and nothing in it needs escaping anywhere. */
const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * One character a byte, five bits each: 26 random bytes make 130 bits of secret.
 * @param random random bytes, all of them used
 */
export const secretText = (random: Uint8Array): string => Array.from(random, (byte) => BASE32[byte & 31]).join('')
