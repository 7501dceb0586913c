import { AppError } from '../errors.ts'

export const PASSWORD_MIN = 10
export const PASSWORD_MAX = 256

/** The spelling that is hashed: the same password typed on two keyboards must be the same bytes (NIST SP 800-63B, 3.1.1.2). */
export const normalisePassword = (input: string): string => input.normalize('NFKC')

/**
 * Length only: no composition rules, no expiry (NIST SP 800-63B). Counts code points of the NFKC form.
 * Returns the form to hash; throws `invalid-request`.
 */
export function acceptPassword(input: string, email: string): string {
  const tooLong = `A password has at most ${PASSWORD_MAX} characters.`
  if (input.length > 4 * PASSWORD_MAX) throw refused(tooLong)
  const password = normalisePassword(input)
  const length = [...password].length
  if (length > PASSWORD_MAX) throw refused(tooLong)
  if (length < PASSWORD_MIN) throw refused(`Use at least ${PASSWORD_MIN} characters; a few unrelated words do well.`)
  if (password.trim() === '' || new Set(password).size < 3)
    throw refused('Use more than one or two different characters.')
  if (password.toLowerCase() === email) throw refused('Your e-mail address cannot be your password.')
  return password
}

/** Whether a sign-in is worth hashing at all; bounds the work an attacker can ask for. */
export const isPlausiblePassword = (input: string): boolean => input.length > 0 && input.length <= 4 * PASSWORD_MAX

const refused = (detail: string) => new AppError('invalid-request', { field: 'password', detail })
