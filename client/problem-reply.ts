import { AppError, ERROR_CODES, type ErrorCode, type ErrorFacts } from '../core/errors.ts'

const KNOWN: ReadonlySet<string> = new Set(ERROR_CODES)
/** Larger than any problem of ours; a proxy's error page is cut. */
const BODY_MAX_CHARS = 65_536

/**
 * The error that an unsuccessful answer stands for. An RFC 9457 problem of ours gives its code and facts; anything else, such as a
 * proxy's page, is judged by its status.
 */
export async function errorOfReply(response: Response): Promise<AppError> {
  const text = (await response.text().catch(() => '')).slice(0, BODY_MAX_CHARS)
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'))
  const problem = parseProblem(text)
  if (problem !== null) {
    const { type: _type, title: _title, retryable: _retryable, code, ...facts } = problem
    return new AppError(code, { ...(retryAfterMs === null ? {} : { retryAfterMs }), ...facts } as ErrorFacts)
  }
  const facts: ErrorFacts = { status: response.status, ...(retryAfterMs === null ? {} : { retryAfterMs }) }
  return new AppError(codeOfStatus(response.status), { ...facts, detail: `the server answered ${response.status}` })
}

function parseProblem(text: string): ({ code: ErrorCode } & Record<string, unknown>) | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('code' in value) || typeof value.code !== 'string') return null
    // A newer server may know codes that this client does not.
    const code = KNOWN.has(value.code) ? (value.code as ErrorCode) : 'internal'
    return { ...value, code }
  } catch {
    return null
  }
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'unauthenticated'
  if (status === 403) return 'forbidden'
  if (status === 404 || status === 410) return 'not-found'
  if (status === 413) return 'body-too-large'
  if (status === 429) return 'too-many-requests'
  return status === 502 || status === 503 || status === 504 ? 'busy' : 'internal'
}

/** Seconds as a number; the form with a date is not sent by us and counts as absent. */
function readRetryAfter(text: string | null): number | null {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : null
}
