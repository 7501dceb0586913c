import { AppError } from '../../core/errors.ts'

export type ByteRange = { first: number; last: number }

/**
 * A `Range` header against a size (RFC 9110, section 14). One range only: several, other units and malformed ones are ignored,
 * as the RFC allows. @throws range-not-satisfiable
 */
export function parseRange(header: string | null, size: number): ByteRange | null {
  const match = header === null ? null : /^bytes=(\d*)-(\d*)$/.exec(header.trim())
  if (!match || (match[1] === '' && match[2] === '')) return null
  const [, from = '', to = ''] = match
  if (from === '') {
    const length = Math.min(Number(to), size)
    if (length === 0) throw unsatisfiable(size)
    return { first: size - length, last: size - 1 }
  }
  const first = Number(from)
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && Number(to) < first) return null
  if (first >= size) throw unsatisfiable(size)
  return { first, last }
}

const unsatisfiable = (size: number) =>
  new AppError('range-not-satisfiable', { detail: `the file has ${size} bytes`, size })

/** `If-None-Match` against a strong ETag (RFC 9110, section 13.1.2). */
export const matchesEtag = (header: string | null, etag: string): boolean =>
  header !== null && (header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag))
