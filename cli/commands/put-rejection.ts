import { AppError, ERROR_CODES, type ErrorCode } from '../../core/errors.ts'
import { toFailure, type Failure } from '../failure.ts'

const KNOWN: ReadonlySet<string> = new Set(ERROR_CODES)

/** What the server said about one file of many. */
export function rejectionFailure({ code, detail }: { code: string; detail?: string }): Failure {
  const known = KNOWN.has(code) ? (code as ErrorCode) : 'internal'
  return toFailure(new AppError(known, detail === undefined ? {} : { detail }))
}
