/**
 * Rules for the values of spans and log lines (docs/spec/tracing.md, TR-5; threat T23). The keys of both are closed
 * tables that give each key one of these rules; a file name, a URL, a token or a message passes none of them.
 */
export type ValueRule = 'count' | 'flag' | 'id' | 'hex' | 'word' | 'route' | 'method' | 'sqlstate'
export type ValueOf<R extends ValueRule> = R extends 'count' ? number : R extends 'flag' ? boolean : string
export type AllowedValue = string | number | boolean

/** Stands where a value broke its rule: the span or line survives, the value does not. */
export const REFUSED = '[refused]'

/** A segment has at most 32 characters: an id or a token in a path is longer, and only parameters stand in braces. */
const ROUTE = /^(\/([a-z0-9._-]{0,32}|:[A-Za-z]{1,24}|\{[A-Za-z]{1,24}\}|\*))+$/
const TEXT_RULES: Record<Exclude<ValueRule, 'count' | 'flag'>, RegExp> = {
  id: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, // a UUID
  hex: /^([0-9a-f]{16}|[0-9a-f]{32})$/, // of a trace or a span
  word: /^[a-z][a-z0-9_.-]{0,31}$/,
  route: ROUTE,
  method: /^[A-Z]{3,9}$/,
  sqlstate: /^[0-9A-Z]{5}$/,
}

/** The value, or `REFUSED` where it breaks the rule, or where its key is not known (`undefined`). */
export function allowed(rule: ValueRule | undefined, value: unknown): AllowedValue {
  if (rule === undefined) return REFUSED
  if (rule === 'count') return typeof value === 'number' && Number.isFinite(value) ? value : REFUSED
  if (rule === 'flag') return typeof value === 'boolean' ? value : REFUSED
  return typeof value === 'string' && value.length <= 200 && TEXT_RULES[rule].test(value) ? value : REFUSED
}

/** `word`, `two words`, `GET /v1/files/{id}`: names of spans and events are few, so that they can be grouped by. */
export function allowedName(name: string): string {
  if (name.length > 120) return REFUSED
  for (const part of name.split(' ')) {
    if (!TEXT_RULES.word.test(part) && !ROUTE.test(part) && !TEXT_RULES.method.test(part)) return REFUSED
  }
  return name
}
