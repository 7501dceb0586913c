import { AppError, isRetryable, type ErrorCode } from '../core/errors.ts'

/** HTTP status of each code: the one place where the HTTP edge maps errors (RFC 9110, section 15). */
export const STATUS = {
  unauthenticated: 401,
  'token-expired': 401,
  'session-revoked': 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'unsupported-media-type': 415,
  'malformed-json': 400,
  'body-too-large': 413,
  'invalid-request': 400,
  'name-invalid': 422,
  'name-taken': 409,
  'not-a-folder': 409,
  'not-a-file': 409,
  'in-trash': 410,
  'would-cycle': 409,
  'other-space': 409,
  'too-large': 413,
  'precondition-failed': 412,
  'version-conflict': 409,
  'mutation-reused': 422,
  'upload-expired': 410,
  'upload-incomplete': 409,
  'content-mismatch': 422,
  'chunk-unavailable': 422,
  'range-not-satisfiable': 416,
  'cursor-invalid': 400,
  'resync-required': 410,
  'setup-closed': 404,
  'too-many-requests': 429,
  busy: 503,
  'store-unavailable': 503,
  'database-unavailable': 503,
  internal: 500,
} as const satisfies Record<ErrorCode, number>

const TITLE = {
  unauthenticated: 'Sign in first',
  'token-expired': 'The access token has expired: refresh it and repeat',
  'session-revoked': 'This session was revoked: sign in again',
  forbidden: 'Not allowed',
  'not-found': 'There is no such thing, or it is not yours to see',
  'method-not-allowed': 'This address does not take that method',
  'unsupported-media-type': 'The body must be application/json',
  'malformed-json': 'The body is not JSON',
  'body-too-large': 'The body is too large',
  'invalid-request': 'A field is missing or out of range',
  'name-invalid': 'That name cannot be used',
  'name-taken': 'That name is taken',
  'not-a-folder': 'That is not a folder',
  'not-a-file': 'That is not a file',
  'in-trash': 'It was deleted: restore it, or make it anew',
  'would-cycle': 'A folder cannot go into itself',
  'other-space': 'A move stays within its space: copy it, then delete it',
  'too-large': 'That is more than one request may do',
  'precondition-failed': 'It has changed since you looked',
  'version-conflict': 'It has changed since the revision that you name',
  'mutation-reused': 'This mutation id was used for something else',
  'upload-expired': 'This upload has expired: start a new one',
  'upload-incomplete': 'Not every chunk has arrived',
  'content-mismatch': 'Sizes or hashes do not add up',
  'chunk-unavailable': 'A chunk was neither uploaded here nor readable by you',
  'range-not-satisfiable': 'No such range in this file',
  'cursor-invalid': 'This cursor is not from here: start anew',
  'resync-required': 'The changes after this cursor are gone: take a snapshot, then go on from its cursor',
  'setup-closed': 'Set-up is done, or this link is not the right one',
  'too-many-requests': 'Too many requests: wait',
  busy: 'Busy: try again',
  'store-unavailable': 'The object store does not answer: try again',
  'database-unavailable': 'The database does not answer: try again',
  internal: 'Something went wrong on our side',
} as const satisfies Record<ErrorCode, string>

/** RFC 9457 problem details. `code` is stable; `retryable` and `retryAfterMs` are the client's next step. */
export type Problem = {
  type: string
  title: string
  status: number
  code: ErrorCode
  retryable: boolean
  detail?: string
  field?: string
  retryAfterMs?: number
  [extra: string]: unknown
}

export function toProblem(error: AppError): Problem {
  const { code, facts } = error
  return {
    type: `urn:bitvault:problem:${code}`,
    title: TITLE[code],
    status: STATUS[code],
    code,
    retryable: isRetryable(code),
    ...facts,
  }
}

/** An unexpected error tells the client nothing but `internal`; its cause belongs in the log. */
export const asAppError = (error: unknown): AppError =>
  error instanceof AppError ? error : new AppError('internal', {}, { cause: error })

export function problemResponse(error: AppError, headers: Record<string, string> = {}): Response {
  const problem = toProblem(error)
  const all: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...headers,
  }
  if (problem.retryAfterMs !== undefined)
    all['retry-after'] = String(Math.max(1, Math.ceil(problem.retryAfterMs / 1000)))
  if (problem.status === 401) all['www-authenticate'] = `Bearer realm="bitvault", error="${code401(error.code)}"`
  return new Response(JSON.stringify(problem), { status: problem.status, headers: all })
}

const code401 = (code: ErrorCode): string => (code === 'unauthenticated' ? 'invalid_request' : 'invalid_token')
