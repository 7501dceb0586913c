/**
 * The closed set of error codes. Each edge maps a code once (HTTP: protocol/problem.ts); a new code does not
 * compile until every edge knows it. Codes are part of the public API: they are added, never renamed.
 */
export const ERROR_CODES = [
  'unauthenticated', // no credentials, or credentials that we did not issue
  'token-expired', // a token of ours past its time: refresh and repeat
  'session-revoked', // the session or API token was revoked: sign in again
  'forbidden', // known principal, known thing, not allowed
  'not-found', // does not exist, or not for this principal: the two are never told apart
  'method-not-allowed',
  'unsupported-media-type',
  'malformed-json',
  'body-too-large',
  'invalid-request', // a field is missing or out of its range
  'name-invalid',
  'name-taken',
  'not-a-folder',
  'not-a-file',
  'in-trash', // it, or a folder above it, was deleted: restore it, or make it anew
  'would-cycle', // a folder cannot go into itself or below itself
  'other-space', // a move stays within its space: copy, then delete
  'too-large', // more than one request may do: go folder by folder
  'precondition-failed', // If-Match did not hold
  'version-conflict', // stale base revision where no conflicted copy can be made
  'mutation-reused', // one mutation id, two different bodies
  'upload-expired',
  'upload-incomplete', // commit before every chunk arrived
  'content-mismatch', // sizes or hashes do not add up
  'chunk-unavailable', // a chunk that this principal neither uploaded nor can read
  'range-not-satisfiable',
  'cursor-invalid', // not a cursor of ours, or of another tenant, user or device
  'resync-required', // the journal no longer, or never, held what follows this cursor: take a snapshot
  'setup-closed', // the first-run door is shut
  'too-many-requests',
  'busy', // try again: the journal moved, a queue is full
  'store-unavailable', // the object store does not answer
  'database-unavailable', // Postgres does not answer
  'internal',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** What a problem may tell the client. Never a token, a signed URL, a file name, or SQL. */
export type ErrorFacts = {
  /** The request field at fault, as a JSON pointer without the leading slash: `files/3/name`. */
  field?: string
  /** One sentence for a person. */
  detail?: string
  /** The client may repeat the same request after this time. */
  retryAfterMs?: number
  /** Further members of the problem, by code. */
  [extra: string]: unknown
}

/** Only these may succeed when the same request is sent again. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'busy',
  'store-unavailable',
  'database-unavailable',
  'too-many-requests',
])

export const isRetryable = (code: ErrorCode): boolean => RETRYABLE.has(code)

export class AppError extends Error {
  readonly code: ErrorCode
  readonly facts: ErrorFacts
  constructor(code: ErrorCode, facts: ErrorFacts = {}, options: { cause?: unknown } = {}) {
    super(facts.detail ?? code, options)
    this.name = 'AppError'
    this.code = code
    this.facts = facts
  }
}

/** A broken invariant of ours: `internal`, never retried. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition)
    throw new AppError('internal', { detail: 'an internal invariant does not hold' }, { cause: new Error(what) })
}
