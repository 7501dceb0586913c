import type { z } from 'zod'

/**
 * What is wrong with a field, in words for people: the `detail` of `invalid-request`, which names the field beside it. A schema's own
 * words come first; for anything else the parser's are taken.
 */
export function inWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'it is missing' : `${WANTED[issue.expected] ?? issue.expected} is wanted`
    case 'too_small':
      if (issue.minimum === 1 && issue.origin !== 'number' && issue.origin !== 'int') return 'it must not be empty'
      return `at least ${issue.minimum}${unitOf(issue.origin, issue.minimum)}`
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin, issue.maximum)}`
    case 'invalid_format':
      return issue.format === 'base64' ? 'base64 is wanted' : 'it has another form'
    case 'invalid_value':
      return oneOf(issue.values)
    case 'invalid_union':
      return Array.isArray(issue['options']) ? oneOf(issue['options']) : 'it has another form'
    case 'unrecognized_keys':
      return 'there is no such member'
    case 'invalid_key':
      return issue.issues[0] && `its name: ${issue.issues[0].message}`
    default:
      return undefined
  }
}

const WANTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

const unitOf = (origin: string, count: number | bigint): string =>
  origin === 'string' ? ` character${count === 1 ? '' : 's'}` : ''

const oneOf = (values: readonly unknown[]): string =>
  `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`
