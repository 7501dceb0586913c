import type { ErrorCode } from '../core/errors.ts'

/** What the process answers to its caller. Part of the public interface: codes are added, never renumbered. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notSignedIn: 3,
  notFound: 4,
  conflict: 5,
  partly: 6,
  unreachable: 7,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** In a word or two, for the help of a command. */
export const EXIT_NAMES: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.failed, 'failed'],
  [EXIT.usage, 'wrong command line'],
  [EXIT.notSignedIn, 'not signed in'],
  [EXIT.notFound, 'not found'],
  [EXIT.conflict, 'conflict, a copy was made'],
  [EXIT.partly, 'partly done'],
  [EXIT.unreachable, 'server unreachable or busy'],
  [EXIT.interrupted, 'interrupted'],
]

/** For the overview. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.failed, 'it failed; the message says why'],
  [EXIT.usage, 'the command line is wrong: an unknown option, a name that cannot be used'],
  [EXIT.notSignedIn, 'not signed in, or the sign-in was revoked: run bitvault login'],
  [EXIT.notFound, 'a file or folder named on the command line does not exist, here or there'],
  [EXIT.conflict, 'it had changed on the server meanwhile: nothing was overwritten, yours is a copy beside it'],
  [EXIT.partly, 'some were done, others not'],
  [EXIT.unreachable, 'the server cannot be reached, or is too busy: the same command may succeed later'],
  [EXIT.interrupted, 'interrupted (Ctrl-C)'],
]

const OF_ERROR = {
  unauthenticated: EXIT.notSignedIn,
  'token-expired': EXIT.notSignedIn,
  'session-revoked': EXIT.notSignedIn,
  forbidden: EXIT.failed,
  'not-found': EXIT.notFound,
  'method-not-allowed': EXIT.failed,
  'unsupported-media-type': EXIT.failed,
  'malformed-json': EXIT.failed,
  'body-too-large': EXIT.failed,
  'invalid-request': EXIT.failed,
  'name-invalid': EXIT.usage,
  'name-taken': EXIT.failed,
  'not-a-folder': EXIT.failed,
  'not-a-file': EXIT.failed,
  'in-trash': EXIT.notFound,
  'would-cycle': EXIT.failed,
  'other-space': EXIT.failed,
  'too-large': EXIT.failed,
  'precondition-failed': EXIT.conflict,
  'version-conflict': EXIT.conflict,
  'mutation-reused': EXIT.failed,
  'upload-expired': EXIT.failed,
  'upload-incomplete': EXIT.failed,
  'content-mismatch': EXIT.failed,
  'chunk-unavailable': EXIT.failed,
  'range-not-satisfiable': EXIT.failed,
  'cursor-invalid': EXIT.failed,
  'resync-required': EXIT.failed,
  'setup-closed': EXIT.failed,
  'too-many-requests': EXIT.unreachable,
  busy: EXIT.unreachable,
  'store-unavailable': EXIT.unreachable,
  'database-unavailable': EXIT.unreachable,
  internal: EXIT.failed,
} as const satisfies Record<ErrorCode, ExitCode>

export const exitCodeOf = (code: ErrorCode): ExitCode => OF_ERROR[code]
