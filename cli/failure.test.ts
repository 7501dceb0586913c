import { describe, expect, test } from 'vitest'
import { ConnectionError } from '../client/connection-error.ts'
import { AppError, ERROR_CODES } from '../core/errors.ts'
import { EXIT_MEANINGS, EXIT_NAMES, exitCodeOf } from './exit-codes.ts'
import { CliError, toFailure, usageError } from './failure.ts'
import { notSignedIn } from './not-signed-in.ts'

const systemError = (code: string, path?: string) => Object.assign(new Error(`${code}: it broke`), { code, path })

describe('what a person is told', () => {
  test.each([
    [usageError('no such option'), 2, 'no such option.', null],
    [new AppError('session-revoked'), 3, 'This session was revoked: sign in again.', 'Run: bitvault login'],
    [
      new AppError('busy', { detail: 'the queue is full' }),
      7,
      'Busy: try again: the queue is full.',
      'Run it again: what was sent already is not sent twice.',
    ],
    [new AppError('invalid-request', { field: 'label', detail: 'at most 100' }), 1, 'label: at most 100.', null],
    [new AppError('resync-required'), 1, expect.any(String), 'Without --cursor it begins anew.'],
    [new AppError('invalid-request', { detail: 'odd' }), 1, 'A field is missing or out of range: odd.', null],
    [notSignedIn('http://localhost:8787'), 3, 'You are not signed in to http://localhost:8787.', 'Run: bitvault login'],
    [
      notSignedIn('https://vault.example'),
      3,
      'You are not signed in to https://vault.example.',
      'Run: bitvault login --server https://vault.example',
    ],
    [systemError('ENOENT', '/tmp/x'), 4, 'There is no such file or folder on this computer: /tmp/x.', null],
    [systemError('ENOSPC'), 1, 'The disk is full.', null],
    [new Error('boom'), 1, 'Something went wrong: boom.', 'With --debug you see where.'],
    ['a string', 1, 'Something went wrong: a string.', 'With --debug you see where.'],
  ])('%#', (error, exit, sentence, next) => {
    expect(toFailure(error)).toMatchObject({ exit, sentence, next })
  })

  test.each([
    ['ECONNREFUSED', 'The server cannot be reached: nothing answers at that address.'],
    ['ENOTFOUND', 'The server cannot be reached: there is no server of that name.'],
    ['ESOMETHING', 'The server cannot be reached: ESOMETHING.'],
  ])('no connection, %s', (code, sentence) => {
    const cause = new TypeError('fetch failed', { cause: systemError(code) })
    const failure = toFailure(new ConnectionError('the server cannot be reached', 3, { cause }))
    expect(failure).toMatchObject({ exit: 7, code: 'unreachable', sentence })
  })
})

test('a machine gets the problem as the server sent it', () => {
  const failure = toFailure(new AppError('name-taken', { field: 'name', detail: 'that name is in use' }))
  expect(failure.problem).toEqual({
    type: 'urn:bitvault:problem:name-taken',
    title: 'That name is taken',
    status: 409,
    code: 'name-taken',
    retryable: false,
    field: 'name',
    detail: 'that name is in use',
  })
})

test('what fails here has the same shape', () => {
  const error = new CliError({ code: 'local-exists', exit: 1, message: 'it is there', next: 'Use --force' })
  expect(toFailure(error).problem).toEqual({
    type: 'urn:bitvault:problem:local-exists',
    title: 'it is there.',
    code: 'local-exists',
    next: 'Use --force',
  })
})

test('every code of the server has an exit code, and every exit code is explained', () => {
  const explained = new Set(EXIT_MEANINGS.map(([code]) => code))
  for (const code of ERROR_CODES) expect(explained).toContain(exitCodeOf(code))
  expect(EXIT_NAMES.map(([code]) => code)).toEqual([...explained])
})
