import { expect } from 'vitest'
import type { ErrorCode } from '../../core/errors.ts'
import { STATUS } from '../../protocol/problem.ts'
import type { Answer } from './account.ts'

/** Words of the database, the runtime and the source, none of which a problem may hold (T10, T23). */
const OURS_ALONE = /postgres|relation|constraint|sqlstate|\bselect\b|tenant_id|stack|node_modules|\.ts:\d|X-Amz-/i

/** An RFC 9457 problem with the status of its code, which names the field at fault where there is one. */
export function expectProblem(answer: Answer, code: ErrorCode, field?: string): void {
  expect(answer.body).toMatchObject({ code, ...(field === undefined ? {} : { field }) })
  expect(answer.status).toBe(STATUS[code])
  expect(answer.body).toMatchObject({
    type: `urn:bitvault:problem:${code}`,
    status: STATUS[code],
    title: expect.any(String),
    retryable: expect.any(Boolean),
  })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(JSON.stringify(answer.body)).not.toMatch(OURS_ALONE)
}
