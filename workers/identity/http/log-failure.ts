import type { AppError } from '../../../core/errors.ts'
import { toAppError } from '../../../durable-objects/database-failure.ts'
import type { IdentityContext } from './identity-env.ts'

/** Failures of ours go to the log; refusals are the caller's business. */
export function logFailure(c: IdentityContext, thrown: unknown): AppError {
  const error = toAppError(thrown)
  if (error.code === 'internal' || error.code === 'database-unavailable')
    c.env.log.error('request.failed', error.code, error.cause ?? error, { method: c.req.method })
  return error
}
