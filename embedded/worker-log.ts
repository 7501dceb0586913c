/** Severity, mildest first. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LEVELS)[number]
export type LogLine = { level: LogLevel; text: string }

const LEVEL_OF: Record<string, LogLevel> = {
  debug: 'debug',
  trace: 'debug',
  log: 'info',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'error',
}

export const parseLevel = (text: string | undefined): LogLevel | null => LEVEL_OF[text?.toLowerCase() ?? ''] ?? null

export const isAtLeast = (level: LogLevel, least: LogLevel): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(least)

/**
 * One line of workerd's output. It wraps every `console.log` of the Worker as `{timestamp, level, message}`; our own
 * logger writes a JSON object with a `level` of its own as the message, and that one counts. What is no such line came
 * from workerd itself while it crashed: an error.
 */
export function parseWorkerLine(line: string): LogLine {
  const outer = parseObject(line)
  if (outer === null || typeof outer['message'] !== 'string') return { level: 'error', text: line }
  const text = outer['message']
  const inner = parseObject(text)
  const level = parseLevel(asText(inner?.['level'])) ?? parseLevel(asText(outer['level'])) ?? 'info'
  return { level, text }
}

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

function parseObject(text: string): Record<string, unknown> | null {
  if (!text.startsWith('{')) return null
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}
