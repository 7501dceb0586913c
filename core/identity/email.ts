import { AppError } from '../errors.ts'

const MAX_LENGTH = 254 // RFC 5321, section 4.5.3.1, less the brackets
// oxlint-disable-next-line no-control-regex -- control characters are just what we refuse
const SHAPE = /^[^\s@\u0000-\u001f\u007f]{1,64}@[^\s@\u0000-\u001f\u007f.][^\s@\u0000-\u001f\u007f]*$/u

/**
 * The one spelling under which an address is stored and looked up: NFKC, trimmed, lower-case.
 * Throws `invalid-request` on what cannot be an address. Whether it receives mail is not known here.
 */
export function normaliseEmail(input: string): string {
  const email = input.length > 4 * MAX_LENGTH ? '' : input.normalize('NFKC').trim().toLowerCase()
  if (email.length > MAX_LENGTH || !SHAPE.test(email))
    throw new AppError('invalid-request', { field: 'email', detail: 'This is not an e-mail address.' })
  return email
}
