const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const FORM = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The text whose UTF-8 form `base64` holds (RFC 4648, section 4, padded); `null` when it is no base64 or no UTF-8. */
export function textOfBase64(base64: string): string | null {
  if (!FORM.test(base64)) return null
  try {
    // The one strict UTF-8 decoder of the language itself: it refuses overlong forms, surrogates and cut sequences.
    return decodeURIComponent(percentForm(base64))
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

/** Each byte as `%xx`. */
function percentForm(base64: string): string {
  let escaped = ''
  let bits = 0
  let bitCount = 0
  for (const digit of base64.replace(/=+$/, '')) {
    bits = ((bits << 6) | ALPHABET.indexOf(digit)) & 0xffff
    bitCount += 6
    if (bitCount < 8) continue
    bitCount -= 8
    escaped += `%${((bits >> bitCount) & 0xff).toString(16).padStart(2, '0')}`
  }
  return escaped
}
