import type { z } from 'zod'
import { AppError } from '../../../core/errors.ts'

/** Nothing that is sent here is long. */
const MAX_BYTES = 16 * 1024
const MAX_FIELDS = 32

const mediaType = (request: Request): string =>
  (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()

/** @throws unsupported-media-type, body-too-large, malformed-json, invalid-request */
export async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  if (mediaType(request) !== 'application/json') throw new AppError('unsupported-media-type')
  return check(schema, parseJson(await readText(request)))
}

/** As OAuth has it, a form; JSON is taken too. */
export async function readFormOrJson(request: Request): Promise<unknown> {
  if (mediaType(request) === 'application/json') return parseJson(await readText(request))
  return readForm(request)
}

/** The fields of a page's form. A repeated field is refused: two readers could disagree about it. */
export async function readForm(request: Request): Promise<Record<string, string>> {
  if (mediaType(request) !== 'application/x-www-form-urlencoded')
    throw new AppError('unsupported-media-type', { detail: 'The body must be a form.' })
  const pairs = [...new URLSearchParams(await readText(request))]
  const fields = new Map(pairs)
  if (pairs.length > MAX_FIELDS || fields.size !== pairs.length)
    throw new AppError('invalid-request', { detail: 'A field was sent twice.' })
  return Object.fromEntries(fields)
}

/** @throws invalid-request naming the first field at fault, in words for people */
export function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw new AppError('invalid-request', { field: issue.path.map(String).join('/') || 'body', detail: inWords(issue) })
}

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small' && issue.origin === 'string') return 'Please fill this in.'
  if (issue.code === 'too_big' && issue.origin === 'string') return `At most ${issue.maximum} characters.`
  return issue.message
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // No cause: it would quote the body, which may hold a password.
    throw new AppError('malformed-json')
  }
}

/** A length that lies is found while reading. */
async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let total = 0
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    total += part.byteLength
    if (total > MAX_BYTES) throw new AppError('body-too-large', { detail: `At most ${MAX_BYTES} bytes.` })
    text += decoder.decode(part, { stream: true })
  }
  return text + decoder.decode()
}
