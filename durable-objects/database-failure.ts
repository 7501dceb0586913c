import { AppError } from '../core/errors.ts'
import { asAppError } from '../protocol/problem.ts'

/** Another owner has the lease: seen before anything was written. */
export class Fenced extends Error {}

/**
 * What a failed transaction means for the next step.
 * fenced: another owner writes this journal. changed: the facts moved, gather anew. repeated: what would be written is there already,
 * and its first answer no longer. lost: the connection or the server went away and the outcome is unknown. final: the same would fail
 * again.
 */
export type DatabaseFailure = 'fenced' | 'changed' | 'repeated' | 'lost' | 'final'

/** SQLSTATEs (PostgreSQL, appendix A) and the driver's own codes. */
const CHANGED = new Set(['BV002', '40001', '40P01', '23503'])
/** Rows that are named by the mutation that writes them. */
const OF_MUTATIONS = new Set(['contents_pkey', 'conflicts_pkey'])
const LOST = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '25P03', // it was idle in its transaction for too long: see `enter` in db/connect.ts
  '53300',
  '55006',
  '3D000', // the database is being exchanged for a backup
])

export function failureOf(error: unknown): DatabaseFailure {
  if (error instanceof Fenced) return 'fenced'
  if (error instanceof AppError) return error.code === 'internal' && isLostMessage(error.cause) ? 'lost' : 'final'
  const { code, constraint_name: constraint } = (error ?? {}) as { code?: unknown; constraint_name?: unknown }
  if (code === 'BV001') return 'fenced'
  if (code === '23505') return OF_MUTATIONS.has(constraint as string) ? 'repeated' : 'final'
  if (typeof code === 'string' && CHANGED.has(code)) return 'changed'
  if (typeof code === 'string' && (LOST.has(code) || code.startsWith('08'))) return 'lost'
  return isLostMessage(error) ? 'lost' : 'final'
}

/** What was thrown as one of our errors: a database that is away is no error of ours, and passes. */
export const toAppError = (thrown: unknown): AppError =>
  failureOf(thrown) === 'lost'
    ? new AppError('database-unavailable', { retryAfterMs: 2000 }, { cause: thrown })
    : asAppError(thrown)

/** workerd reports a broken socket as a plain error; the driver may write to one that it has just let go of. */
const isLostMessage = (error: unknown): boolean =>
  error instanceof Error &&
  /null \(reading 'write'\)|writablestream has been closed|network connection lost|socket|connection (was )?(closed|refused|terminated|ended)|cannot connect|proxy request failed/i.test(
    error.message,
  )
