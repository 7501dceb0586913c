import { AppError } from '../../../core/errors.ts'
import { STATUS, toProblem } from '../../../protocol/problem.ts'
import { PAGE_HEADERS, type Html } from '../pages/design.ts'
import { messagePage } from '../pages/account-pages.ts'
import type { FormState } from '../pages/form.ts'
import { formToken } from './form-guard.ts'
import type { IdentityContext } from './identity-env.ts'
import { logFailure } from './log-failure.ts'

/** @param refusedBy what a form was refused with: gives the status */
export async function show(c: IdentityContext, content: Html, refusedBy?: unknown): Promise<Response> {
  for (const [name, value] of Object.entries(PAGE_HEADERS)) c.header(name, value)
  if (!(refusedBy instanceof AppError)) return c.html(content)
  const { retryAfterMs } = refusedBy.facts
  if (retryAfterMs !== undefined) c.header('retry-after', String(Math.ceil(retryAfterMs / 1000)))
  return c.html(content, STATUS[refusedBy.code])
}

export const freshForm = (c: IdentityContext): FormState => ({ token: formToken(c), values: {}, error: null })

/** The form again with what was wrong; failures of ours are thrown on. */
export function refusedForm(c: IdentityContext, values: Record<string, string>, thrown: unknown): FormState {
  if (!(thrown instanceof AppError) || STATUS[thrown.code] >= 500) throw thrown
  const { field = null, detail = toProblem(thrown).title } = thrown.facts
  return { token: formToken(c), values, error: { field, detail } }
}

/** Any failure as a page that says what to do next. */
export function showFailure(thrown: Error, c: IdentityContext): Promise<Response> {
  const error = logFailure(c, thrown)
  const { title, detail } = toProblem(error)
  return show(
    c,
    messagePage(title, detail ?? ADVICE[error.code] ?? '', { href: '/login', label: 'Go to sign-in' }),
    error,
  )
}

const ADVICE: Partial<Record<string, string>> = {
  'setup-closed': 'If you are setting this server up, use the whole link that it printed when it started.',
  'database-unavailable': 'Wait a moment, then load this page again.',
  internal: 'Load the page again. If it happens once more, tell whoever runs this server.',
}
