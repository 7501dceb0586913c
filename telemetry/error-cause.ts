import { AppError } from '../core/errors.ts'

/**
 * What a log line may say of an error's cause (T23). A message is written by whoever threw it: a JSON parser quotes the
 * body, Postgres the row, fetch the signed URL. So messages are logged only when they are ours (an invariant) or are on
 * the list of constant ones; what tells the operator the rest is the kind, the code and the place.
 */
export type CauseFacts = {
  name: string
  message?: string
  /** SQLSTATE, a system error such as `ECONNRESET`, or one of our codes. */
  code?: string
  /** Postgres: the function that raised it, and the constraint, both names of the schema or of its source. */
  routine?: string
  constraint?: string
  /** Marks that the Workers runtime puts on errors of another object. */
  retryable?: true
  overloaded?: true
  remote?: true
  /** The innermost frames, `function file:line:column`. */
  at?: string[]
}

const MAX_DEPTH = 4
const MAX_FRAMES = 6
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/
const FRAME = /^ {4}at (?:async )?(?:([\w$.<>#[\] ]{1,80}) \()?(?:[^()\s]*\/)?([\w.-]{1,60}:\d+:\d+)\)?$/

/** Constant messages of the runtimes, which hold nothing of a request. */
const CONSTANT_MESSAGES: ReadonlySet<string> = new Set([
  'Network connection lost.',
  'fetch failed',
  'terminated',
  'Invalid URL',
  'The operation was aborted',
  'The operation was aborted due to timeout',
  'This operation was aborted',
  'The script will never generate a response.',
  'Memory limit would be exceeded before EOF.',
])

/** The error and its causes, outermost first, at most four. Anything that is no error is named by its type. */
export function describeCause(error: unknown): CauseFacts[] {
  const chain: CauseFacts[] = []
  let current = error
  let ours = false
  while (current !== undefined && current !== null && chain.length < MAX_DEPTH) {
    if (!(current instanceof Error)) {
      chain.push({ name: typeof current })
      break
    }
    chain.push(facts(current, ours))
    ours = isBrokenInvariant(current)
    current = current.cause
  }
  return chain
}

const isBrokenInvariant = (error: Error) =>
  error instanceof AppError && error.code === 'internal' && error.facts.detail === 'an internal invariant does not hold'

function facts(error: Error, ours: boolean): CauseFacts {
  const from = error as Error & Record<string, unknown>
  const name = (value: unknown) => (typeof value === 'string' && IDENTIFIER.test(value) ? value : undefined)
  const code = typeof from['code'] === 'string' && /^[A-Za-z0-9_-]{1,40}$/.test(from['code']) ? from['code'] : undefined
  const routine = name(from['routine'])
  const constraint = name(from['constraint_name']) ?? name(from['constraint'])
  const at = frames(error)
  return {
    name: name(error.name) ?? 'Error',
    ...(ours || CONSTANT_MESSAGES.has(error.message) ? { message: error.message.slice(0, 200) } : {}),
    ...(code === undefined ? {} : { code }),
    ...(routine === undefined ? {} : { routine }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(from['retryable'] === true ? { retryable: true as const } : {}),
    ...(from['overloaded'] === true ? { overloaded: true as const } : {}),
    ...(from['remote'] === true ? { remote: true as const } : {}),
    ...(at.length === 0 ? {} : { at }),
  }
}

/** Where it was thrown, without the message, which stands before the frames and may have lines that look like some. */
function frames(error: Error): string[] {
  const stack = error.stack ?? ''
  const head = stack.indexOf(error.message)
  const below = head === -1 ? stack : stack.slice(head + error.message.length)
  const found: string[] = []
  for (const line of below.split('\n')) {
    const [, where, place] = FRAME.exec(line) ?? []
    if (place !== undefined) found.push(where === undefined ? place : `${where} ${place}`)
    if (found.length === MAX_FRAMES) break
  }
  return found
}
