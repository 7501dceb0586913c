import type { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import type { ReadableByteStream } from '../../core/object-store.ts'
import { inWords } from '../../protocol/issue-words.ts'
import { largePieces } from '../../storage/large-pieces.ts'

/** A batch of a thousand inline files in base64, or the manifest of a very large file. */
export const BODY_MAX_BYTES = 16 * 1024 * 1024
/** What is too large is read on so far and thrown away: a sender whose connection is cut while it writes sees no answer. */
const DISCARD_MAX_BYTES = 4 * BODY_MAX_BYTES

/** Read at once: most bodies are no larger. */
const PIECE_BYTES = 64 * 1024

/**
 * The body, parsed and checked against its schema.
 * @throws unsupported-media-type, body-too-large, malformed-json, invalid-request (naming the first field at fault)
 */
export async function readBody<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type)) throw new AppError('unsupported-media-type')
  return parseWith(schema, parseJson(await readText(unpacked(request))))
}

/** @param whole what the field at fault is called when it is the value itself @throws invalid-request */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, whole = 'body'): T {
  const parsed = schema.safeParse(value, { error: inWords })
  if (parsed.success) return parsed.data
  const issue = culprit(parsed.error.issues)
  throw new AppError('invalid-request', {
    field: issue.path.map(pointerToken).join('/') || whole,
    detail: issue.message,
  })
}

type Issue = { path: PropertyKey[]; message: string; code?: string; errors?: Issue[][]; keys?: string[] }

/** The issue that tells most: of a union, that of the branch that was meant; of an unknown member, where it stands. */
function culprit(issues: readonly unknown[]): Issue {
  const [first] = issues as Issue[]
  if (!first) return { path: [], message: 'invalid' }
  if (first.code === 'unrecognized_keys') return { ...first, path: [...first.path, ...(first.keys ?? []).slice(0, 1)] }
  if (first.code !== 'invalid_union' || !first.errors?.length) return first
  const [best] = first.errors.filter((branch) => branch.length > 0).toSorted(byLikeness)
  return best ? { ...culprit(best), path: [...first.path, ...culprit(best).path] } : first
}

/** A branch that knows all of the members was rather meant than one that does not; then, the one that got further. */
const byLikeness = (a: Issue[], b: Issue[]): number =>
  Number(hasStrangers(a)) - Number(hasStrangers(b)) || culprit(b).path.length - culprit(a).path.length

const hasStrangers = (branch: Issue[]): boolean =>
  branch.some((issue) => issue.code === 'unrecognized_keys' && issue.path.length === 0)

/** RFC 6901, section 3; a client's own member can be of any length. */
const pointerToken = (key: PropertyKey): string => String(key).slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('malformed-json', {}, { cause })
  }
}

type Body = Pick<Request, 'headers' | 'body' | 'arrayBuffer'>

/** A body that its sender has packed: what it says of its length is not that of what is read. @throws unsupported-media-type */
function unpacked(request: Request): Body {
  const coding = request.headers.get('content-encoding') ?? 'identity'
  if (coding === 'identity' || !request.body) return request
  if (coding !== 'gzip') throw new AppError('unsupported-media-type', { detail: 'Content-Encoding: gzip, or none' })
  return new Response(request.body.pipeThrough(new DecompressionStream('gzip')))
}

/** Reads at most `BODY_MAX_BYTES`; a length that lies is found while reading. */
async function readText(request: Body): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > DISCARD_MAX_BYTES) throw tooLarge()
  if (!request.body) return ''
  // With a truthful length of moderate size, the platform's own reader is the fastest.
  if (declared > 0 && declared <= BODY_MAX_BYTES) return utf8(await request.arrayBuffer())
  const parts: Uint8Array[] = []
  let total = 0
  try {
    for await (const part of largePieces(request.body as unknown as ReadableByteStream, PIECE_BYTES)) {
      total += part.byteLength
      if (total <= BODY_MAX_BYTES) parts.push(part.slice())
      else parts.length = 0
      if (total > DISCARD_MAX_BYTES) break
    }
  } catch (cause) {
    throw new AppError('malformed-json', { detail: 'the body cannot be read to its end' }, { cause })
  }
  if (total > BODY_MAX_BYTES) throw tooLarge()
  return utf8(concat(parts, total))
}

const tooLarge = () =>
  new AppError('body-too-large', { detail: `at most ${BODY_MAX_BYTES} bytes`, maxBytes: BODY_MAX_BYTES })

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** Invalid UTF-8 is refused, not replaced: a name must mean what was sent. */
function utf8(bytes: ArrayBuffer | Uint8Array): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    throw new AppError('malformed-json', { detail: 'the body is not valid UTF-8' }, { cause })
  }
}

function concat(parts: Uint8Array[], total: number): Uint8Array {
  const whole = new Uint8Array(total)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
