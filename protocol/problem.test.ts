import { expect, test } from 'vitest'
import { AppError, ERROR_CODES } from '../core/errors.ts'
import { problemResponse, STATUS, toProblem } from './problem.ts'

test.each(ERROR_CODES)('RFC 9457: %s has a type, a title, a status and says whether to try again', (code) => {
  const problem = toProblem(new AppError(code, { field: 'a/b', detail: 'why' }))
  expect(problem).toMatchObject({
    type: `urn:bitvault:problem:${code}`,
    code,
    status: STATUS[code],
    field: 'a/b',
    detail: 'why',
  })
  expect(problem.title.length).toBeGreaterThan(5)
})

test('a problem that may be retried says when; a 401 says how', async () => {
  const busy = problemResponse(new AppError('busy', { retryAfterMs: 1500 }))
  expect(busy.headers.get('retry-after')).toBe('2')
  expect(await busy.json()).toMatchObject({ retryable: true, retryAfterMs: 1500 })
  expect(problemResponse(new AppError('token-expired')).headers.get('www-authenticate')).toContain('invalid_token')
})

test('T23 the cause stays inside', async () => {
  const text = await problemResponse(new AppError('internal', {}, { cause: new Error('secret detail') })).text()
  expect(text).not.toContain('secret')
})
