import { secretText } from '../../../core/identity/secret-text.ts'
import { AppError } from '../../../core/errors.ts'
import { hashSecret, secretsEqual } from '../secrets.ts'
import { readForm } from './body.ts'
import { readCookie, setCookie } from './cookies.ts'
import type { IdentityContext } from './identity-env.ts'

/*
 * The form token: a hash over this browser's form cookie and its session, so a form stops counting when somebody signs in
 * or out, and nothing has to be stored.
 */
export const FORM_TOKEN_FIELD = 'form_token'

const tokenOf = (formCookie: string, session: string | null): string =>
  hashSecret(`form:${formCookie}:${session ?? ''}`)

/** The token for a page that is being rendered; sets the form cookie where there is none. */
export function formToken(c: IdentityContext): string {
  let cookie = readCookie(c, 'form')
  if (cookie === null) setCookie(c, 'form', (cookie = secretText(c.env.random(32))))
  return tokenOf(cookie, readCookie(c, 'session'))
}

/** The fields of a form of ours. @throws forbidden when it is not from a page that this browser was shown */
export async function readGuardedForm(c: IdentityContext): Promise<Record<string, string>> {
  const { [FORM_TOKEN_FIELD]: token = '', ...fields } = await readForm(c.req.raw)
  const cookie = readCookie(c, 'form')
  if (cookie === null || !secretsEqual(token, tokenOf(cookie, readCookie(c, 'session'))))
    throw new AppError('forbidden', { detail: 'This form is too old, or cookies are blocked. Open the page again.' })
  return fields
}
