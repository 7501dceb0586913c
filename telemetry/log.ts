import type { ErrorCode } from '../core/errors.ts'
import { allowed, allowedName, type AllowedValue, type ValueOf, type ValueRule } from './allowed-values.ts'
import { describeCause, type CauseFacts } from './error-cause.ts'
import type { Component } from './span.ts'

/**
 * Structured logs: one JSON object a line and event. As for spans, the fields are a closed table with a rule each
 * (docs/spec/tracing.md, LG-1 to LG-4), so that a name, a URL or a token has nowhere to go (T23).
 */
const FIELDS = {
  requestId: 'id',
  traceId: 'hex',
  spanId: 'hex',
  tenantId: 'id',
  userId: 'id',
  sessionId: 'id',
  deviceId: 'id',
  nodeId: 'id',
  uploadId: 'id',
  mutationId: 'id',
  messageId: 'id',
  method: 'method',
  route: 'route',
  status: 'count',
  code: 'word',
  command: 'word',
  operation: 'word',
  reason: 'word',
  eventKind: 'word',
  verdict: 'word',
  state: 'word',
  attempt: 'count',
  durationMs: 'count',
  retryAfterMs: 'count',
  seq: 'count',
  lease: 'count',
  epoch: 'count',
  port: 'count',
  count: 'count',
  bytes: 'count',
  files: 'count',
  chunks: 'count',
  objects: 'count',
  mutations: 'count',
  dropped: 'count',
  remaining: 'count',
  replayed: 'flag',
  sqlState: 'sqlstate',
} as const satisfies Record<string, ValueRule>

export type LogField = keyof typeof FIELDS
/** A field that is `undefined` is left out. */
export type LogFields = { readonly [K in LogField]?: ValueOf<(typeof FIELDS)[K]> | undefined }

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type Logger = {
  /** `event`: a few constant words with dots, `upload.committed`. */
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  fatal(event: string, fields?: LogFields): void
  /** One of our codes and what lies behind it; of the cause goes out what `describeCause` allows. */
  error(event: string, code: ErrorCode, cause: unknown, fields?: LogFields): void
  /** The same of what is tried again by itself: a warning. */
  retried(event: string, code: ErrorCode, cause: unknown, fields?: LogFields): void
  /** The same logger with fields on every line: the ids of a request. */
  with(fields: LogFields): Logger
}

export type LoggerOptions = {
  component: Component
  /** Takes one line without its end: `console.log`, or a stream's write. */
  write: (line: string) => void
  /** Unix milliseconds. */
  clock: () => number
  /** The lowest level that is written; default `info`. */
  level?: LogLevel
}

export function createLogger(options: LoggerOptions, bound: LogFields = {}): Logger {
  const lowest = LOG_LEVELS.indexOf(options.level ?? 'info')
  const log = (level: LogLevel, event: string, fields: LogFields, cause?: CauseFacts[]) => {
    if (LOG_LEVELS.indexOf(level) < lowest) return
    const line: Record<string, unknown> = {
      time: new Date(options.clock()).toISOString(),
      level,
      component: options.component,
      event: allowedName(event),
      ...checked(bound),
      ...checked(fields),
    }
    if (cause !== undefined && cause.length > 0) line['cause'] = cause
    options.write(JSON.stringify(line))
  }
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) =>
      log(level, event, fields)
  const failed =
    (level: LogLevel) =>
    (event: string, code: ErrorCode, cause: unknown, fields: LogFields = {}) =>
      log(level, event, { ...fields, code }, describeCause(cause))
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    fatal: at('fatal'),
    error: failed('error'),
    retried: failed('warn'),
    with: (fields) => createLogger(options, { ...bound, ...fields }),
  }
}

function checked(fields: LogFields): Record<string, AllowedValue> {
  const out: Record<string, AllowedValue> = {}
  for (const key in fields) {
    const value: unknown = fields[key as LogField]
    if (value !== undefined) out[key] = allowed(FIELDS[key as LogField], value)
  }
  return out
}
