import { ConnectionError, connectionReason } from '../client/connection-error.ts'
import { AppError, type ErrorCode } from '../core/errors.ts'
import { toProblem, type Problem } from '../protocol/problem.ts'
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.ts'

/** A failure of the command line itself; what the server or the client library answers is an `AppError`. */
export class CliError extends Error {
  readonly code: string
  readonly exit: ExitCode
  /** What to do now. */
  readonly next: string | null
  constructor(
    what: { code: string; exit: ExitCode; message: string; next?: string },
    options: { cause?: unknown } = {},
  ) {
    super(what.message, options)
    this.name = 'CliError'
    this.code = what.code
    this.exit = what.exit
    this.next = what.next ?? null
  }
}

export const usageError = (message: string, code = 'usage'): CliError =>
  new CliError({ code, exit: EXIT.usage, message })

/** A failure as both the person and the machine get it. */
export type Failure = {
  code: string
  exit: ExitCode
  /** One sentence. */
  sentence: string
  next: string | null
  /** For `--json`: the server's problem, or one of the same shape. */
  problem: Record<string, unknown>
}

/** Any error → what to say and which code to answer. Never throws. */
export function toFailure(error: unknown): Failure {
  if (error instanceof CliError) return local(error.code, error.exit, error.message, error.next)
  if (error instanceof AppError) return fromApp(error)
  if (error instanceof ConnectionError) return unreachable(error)
  const system = systemCode(error)
  const known = system === null ? undefined : SYSTEM[system]
  if (known !== undefined) {
    const [code, exit, what] = known
    return local(code, exit, withPath(what, error), null)
  }
  const message = error instanceof Error ? error.message : String(error)
  return local('internal', EXIT.failed, `Something went wrong: ${message}`, 'With --debug you see where.')
}

/** The detail says the title once more. */
const TITLE_SAYS_IT: ReadonlySet<ErrorCode> = new Set(['would-cycle', 'in-trash', 'other-space'])

function fromApp(error: AppError): Failure {
  const problem = toProblem(error)
  return {
    code: error.code,
    exit: exitCodeOf(error.code),
    sentence: asSentence(saidOf(problem)),
    // Some things ask for a fresh sign-in (T28).
    next: problem['signInAgain'] === true ? 'Run: bitvault login' : (NEXT[error.code] ?? null),
    problem,
  }
}

function saidOf({ code, title, detail, field }: Problem): string {
  if (detail === undefined || detail === title || TITLE_SAYS_IT.has(code)) return title
  // Which field it is says more than that there is one.
  return code === 'invalid-request' && field !== undefined ? `${field}: ${detail}` : `${title}: ${detail}`
}

const local = (code: string, exit: ExitCode, message: string, next: string | null): Failure => ({
  code,
  exit,
  sentence: asSentence(message),
  next,
  problem: {
    type: `urn:bitvault:problem:${code}`,
    title: asSentence(message),
    code,
    ...(next === null ? {} : { next }),
  },
})

const asSentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)

const NEXT_UNREACHABLE = 'Is the address right, and is the server running? --server names another.'

const NEXT: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'Run: bitvault login',
  'token-expired': 'Run: bitvault login',
  'session-revoked': 'Run: bitvault login',
  'not-found': 'bitvault ls shows what is there.',
  'in-trash': 'bitvault restore brings it back.',
  'version-conflict': 'Look at what is there now, then run it again.',
  'cursor-invalid': 'Without --cursor it begins anew.',
  'resync-required': 'Without --cursor it begins anew.',
  'too-many-requests': 'Wait a little and run it again.',
  busy: 'Run it again: what was sent already is not sent twice.',
  'store-unavailable': 'Run it again: what was sent already is not sent twice.',
  'database-unavailable': 'Run it again in a moment.',
  'upload-expired': 'Run it again: it starts anew.',
}

/** System errors that a person can act on, by `error.code` of Node. */
const SYSTEM: Record<string, readonly [code: string, exit: ExitCode, what: string]> = {
  ENOENT: ['local-not-found', EXIT.notFound, 'There is no such file or folder on this computer'],
  EACCES: ['local-forbidden', EXIT.failed, 'This computer does not let you do that'],
  EPERM: ['local-forbidden', EXIT.failed, 'This computer does not let you do that'],
  ENOSPC: ['disk-full', EXIT.failed, 'The disk is full'],
  EROFS: ['local-forbidden', EXIT.failed, 'That disk is read-only'],
  ENOTDIR: ['local-not-a-folder', EXIT.failed, 'A part of that path is a file, not a folder'],
  EISDIR: ['local-not-a-file', EXIT.failed, 'That is a folder, not a file'],
  ENAMETOOLONG: ['local-name-too-long', EXIT.failed, 'That name is too long for this disk'],
  EMFILE: ['too-many-open-files', EXIT.failed, 'Too many files are open on this computer'],
}

const systemCode = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null

const withPath = (what: string, error: unknown): string =>
  error instanceof Error && 'path' in error && typeof error.path === 'string' ? `${what}: ${error.path}` : what

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing answers at that address',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  ENOTFOUND: 'there is no server of that name',
  EAI_AGAIN: 'names cannot be looked up now',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
  UND_ERR_SOCKET: 'the connection broke off',
  timeout: 'it did not answer in time',
}

function unreachable(error: ConnectionError): Failure {
  const reason = connectionReason(error)
  const said = REASONS[reason] ?? (reason === 'no connection' ? 'the connection failed' : reason)
  return local('unreachable', EXIT.unreachable, `The server cannot be reached: ${said}`, NEXT_UNREACHABLE)
}
