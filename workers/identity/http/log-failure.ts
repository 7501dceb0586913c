import { AppError } from '../../../core/errors.ts'
import { failureOf } from '../../../durable-objects/database-failure.ts'
import { asAppError } from '../../../protocol/problem.ts'
import type { IdentityContext } from './identity-env.ts'

/** What was thrown as one of our errors: a database that is away is not our fault, and passes. */
export function toAppError(thrown: unknown): AppError {
  if (!(thrown instanceof AppError) && failureOf(thrown) === 'lost')
    return new AppError('database-unavailable', { retryAfterMs: 1_000 }, { cause: thrown })
  return asAppError(thrown)
}

/** Failures of ours go to the log; refusals are the caller's business. */
export function logFailure(c: IdentityContext, thrown: unknown): AppError {
  const error = toAppError(thrown)
  if (error.code === 'internal' || error.code === 'database-unavailable')
    c.env.log.error('request.failed', error.code, error.cause ?? error, { method: c.req.method })
  return error
}
