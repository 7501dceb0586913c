import { AppError } from '../../core/errors.ts'
import type { Precondition } from '../../core/namespace/precondition.ts'

/** Entity tags of ours are short; a list of this length is no honest one. */
const MAX_LENGTH = 1_000

/**
 * `If-Match` or `If-None-Match: *` of a request that writes (RFC 9110, section 13.1).
 * @param files how many files the request writes: a condition speaks of one
 * @throws invalid-request
 */
export function readPrecondition(headers: Headers, files: number): Precondition | undefined {
  const ifMatch = headers.get('if-match')
  const ifNoneMatch = headers.get('if-none-match')
  if (ifMatch === null && ifNoneMatch === null) return undefined
  const field = ifMatch === null ? 'If-None-Match' : 'If-Match'
  if (files !== 1)
    throw new AppError('invalid-request', { field, detail: 'a condition speaks of one file: write it on its own' })
  if (ifMatch === null) {
    if (ifNoneMatch?.trim() !== '*')
      throw new AppError('invalid-request', { field, detail: 'a write takes only "*" here' })
    return { ifNoneMatch: '*' }
  }
  if (ifNoneMatch !== null || ifMatch.length > MAX_LENGTH)
    throw new AppError('invalid-request', { field, detail: 'one condition, of entity tags' })
  return { ifMatch }
}
