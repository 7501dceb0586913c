import { expect, test } from 'vitest'
import { StartFailure, explainFailure } from './failure.ts'

const withCode = (code: string): Error => Object.assign(new Error(`${code}: something, open '/x'`), { code })

test.each([
  [withCode('ENOSPC'), 'The disk is full.'],
  [new Error('initdb: error: could not write file: No space left on device'), 'The disk is full.'],
  [withCode('53100'), 'The disk is full.'],
  [new Error('database or disk is full'), 'The disk is full.'],
  [withCode('EACCES'), 'The data folder is not writable.'],
  [new Error('unable to open database file'), 'The data folder is not writable.'],
  [withCode('EROFS'), 'The folder is on a read-only file system.'],
  [withCode('ENOTDIR'), 'There is a file where the data folder should be.'],
  [withCode('28P01'), 'The database refused the user name or the password.'],
  [withCode('3D000'), 'The database does not exist on that server.'],
  [withCode('ECONNREFUSED'), 'A server that BitVault needs cannot be reached.'],
])('%s is told as: %s', (error, sentence) => {
  const failure = explainFailure(error)
  expect(failure.message).toBe(sentence)
  expect(failure.advice).not.toBe('')
})

test('what is not known keeps its first line and no more', () => {
  const failure = explainFailure(new Error('odd\n    at somewhere.ts:1'))
  expect(failure.message).toBe('BitVault could not start: odd')
  expect(failure.advice).toContain('--debug')
})

test('what has its sentence already keeps it', () => {
  const failure = new StartFailure('No.', 'Do.')
  expect(explainFailure(failure)).toBe(failure)
})
