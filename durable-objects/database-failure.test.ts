import { describe, expect, test } from 'vitest'
import { AppError } from '../core/errors.ts'
import { failureOf, Fenced } from './database-failure.ts'

const coded = (code: string, facts: object = {}): Error =>
  Object.assign(new Error('as the driver has it'), { code, ...facts })

describe('what a failed transaction means', () => {
  test.each([
    ['the driver closed the connection', coded('CONNECTION_CLOSED')],
    ['Postgres is told to stop', coded('57P01')],
    ['a class of its own', coded('08006')],
    ['the socket went away in workerd', new Error('Network connection lost.')],
    ['written to after the other side had closed it', new TypeError('This WritableStream has been closed.')],
    ['written to before there was one', new TypeError("Cannot read properties of null (reading 'write')")],
    ['wrapped', new AppError('internal', {}, { cause: new TypeError('This WritableStream has been closed.') })],
  ])('FT-11 lost: %s', (_, error) => expect(failureOf(error)).toBe('lost'))

  test.each([
    ['fenced', new Fenced()],
    ['fenced', coded('BV001')],
    ['changed', coded('40001')],
    ['repeated', coded('23505', { constraint_name: 'contents_pkey' })],
    ['final', coded('23505', { constraint_name: 'nodes_sibling' })],
    ['final', new AppError('not-found')],
    ['final', new TypeError("Cannot read properties of null (reading 'id')")],
    ['final', undefined],
  ])('%s: %s', (failure, error) => expect(failureOf(error)).toBe(failure))
})
