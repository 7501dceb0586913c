import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { AppError, invariant } from '../core/errors.ts'
import { REFUSED } from './allowed-values.ts'
import { createLogger, type LogFields, type LogLevel } from './log.ts'
import { Secret } from './secret.ts'

function world(level?: LogLevel) {
  const lines: string[] = []
  const logger = createLogger({
    component: 'gateway',
    write: (line) => lines.push(line),
    clock: () => Date.UTC(2026, 10, 20, 12),
    ...(level === undefined ? {} : { level }),
  })
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> }
}

const UPLOAD = '01931f5e-7b1a-7c3d-8e4f-0123456789ab'

describe('LG-1 one JSON object a line', () => {
  test('LG-1 the exact line', () => {
    const { logger, lines } = world()
    logger.with({ requestId: UPLOAD }).info('upload.committed', { uploadId: UPLOAD, bytes: 12, replayed: false })
    expect(lines).toEqual([
      `{"time":"2026-11-20T12:00:00.000Z","level":"info","component":"gateway","event":"upload.committed",` +
        `"requestId":"${UPLOAD}","uploadId":"${UPLOAD}","bytes":12,"replayed":false}`,
    ])
  })

  test('LG-1 levels below the lowest are not written', () => {
    const { logger, lines } = world('warn')
    logger.debug('a')
    logger.info('b')
    logger.warn('c')
    logger.error('d', 'busy', undefined)
    logger.fatal('e')
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['c', 'd', 'e'])
  })
})

describe('LG-2 T23 fields are a closed table', () => {
  test.each([
    ['uploadId', 'Quarterly Report.pdf'],
    ['route', 'https://store.example/key?X-Amz-Signature=abc'],
    ['code', 'Bearer eyJhbGciOiJFZERTQSJ9'],
    ['bytes', '12'],
    ['operation', new Secret('swordfish')],
    ['fileName', 'report.pdf'],
    ['count', { nested: 'report.pdf' }],
  ])('LG-2 %s refuses %o', (key, value) => {
    const { logger, last } = world()
    logger.info('x', { [key]: value } as LogFields)
    expect(last()[key]).toBe(REFUSED)
  })

  test('LG-2 an event is a few constant words', () => {
    const { logger, last } = world()
    logger.info('uploaded Report.pdf by Ann')
    expect(last()['event']).toBe(REFUSED)
  })
})

describe('LG-3 T23 of a cause goes out what is not user data', () => {
  const causeOf = (cause: unknown) => {
    const { logger, last, lines } = world()
    logger.error('request.failed', 'internal', cause)
    return { cause: last()['cause'] as Record<string, unknown>[] | undefined, text: lines.join() }
  }

  test('LG-3 a Postgres error gives code, routine and constraint, never message, detail, hint or query', () => {
    const error = Object.assign(new Error('duplicate key value violates unique constraint'), {
      name: 'PostgresError',
      code: '23505',
      routine: '_bt_check_unique',
      constraint_name: 'node_sibling_name',
      detail: 'Key (name)=(canary.pdf) already exists.',
      hint: 'canary',
      where: 'canary',
      query: 'insert into node values (canary)',
      parameters: ['canary'],
    })
    const { cause, text } = causeOf(error)
    expect(cause?.[0]).toMatchObject({
      name: 'PostgresError',
      code: '23505',
      routine: '_bt_check_unique',
      constraint: 'node_sibling_name',
    })
    expect(text).not.toContain('canary')
    expect(text).not.toContain('duplicate key')
  })

  test.each([
    ['a parser that quotes the body', () => JSON.parse('{"name": canary}')],
    ['a URL in a message', () => new URL('canary://?X-Amz-Signature=1', 'not a base')],
    ['an operator that quotes its operand', () => 'x' in ('canary' as unknown as object)],
    [
      'lines that look like frames',
      () => {
        throw new Error('canary\n    at canary (file:///canary.ts:1:1)')
      },
    ],
    [
      'a name and a code that are none',
      () => {
        throw Object.assign(new Error('canary'), { name: 'canary.pdf is here', code: 'canary canary' })
      },
    ],
    [
      'an AppError with details',
      () => {
        throw new AppError('name-taken', { detail: 'canary' }, { cause: new Error('canary') })
      },
    ],
  ])('LG-3 %s: the message stays here', (_, work) => {
    let caught: unknown
    try {
      work()
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(Error)
    const { cause, text } = causeOf(caught)
    expect(cause?.[0]?.['name']).toMatch(/Error$/)
    expect(text).not.toContain('canary')
  })

  test('LG-3 the place of an error is named by function, file and line', () => {
    const { cause } = causeOf(new Error('x'))
    const [innermost] = (cause?.[0]?.['at'] ?? []) as string[]
    expect(innermost).toMatch(/^(\S.* )?log\.test\.ts:\d+:\d+$/)
  })

  test('LG-3 the message of a broken invariant is ours and goes out', () => {
    let caught: unknown
    try {
      invariant(false, 'the journal has no gap')
    } catch (error) {
      caught = error
    }
    expect(causeOf(caught).cause).toMatchObject([
      { name: 'AppError', code: 'internal' },
      { name: 'Error', message: 'the journal has no gap' },
    ])
  })

  test('LG-3 constant messages of the runtime and its marks go out', () => {
    const error = Object.assign(new Error('Network connection lost.'), { retryable: true, remote: true })
    expect(causeOf(error).cause?.[0]).toMatchObject({
      message: 'Network connection lost.',
      retryable: true,
      remote: true,
    })
  })

  test.each([
    ['canary', 'string'],
    [{ message: 'canary' }, 'object'],
    [7, 'number'],
  ])('LG-3 what is no error is named by its type: %o', (thrown, type) => {
    const { cause, text } = causeOf(thrown)
    expect(cause).toEqual([{ name: type }])
    expect(text).not.toContain('canary')
  })

  test('LG-3 no cause, no member; a ring of causes ends', () => {
    expect(causeOf(undefined).cause).toBeUndefined()
    const error = new Error('a')
    error.cause = error
    expect(causeOf(error).cause).toHaveLength(4)
  })
})

test('LG-4 T23 a Secret shows itself to nobody but reveal()', () => {
  const secret = new Secret('swordfish')
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: [secret] }, { showHidden: true }),
    Object.keys(secret).join(),
    JSON.stringify({ ...secret }),
  ]
  expect(shown.join()).not.toContain('swordfish')
  expect(shown.slice(0, 3)).toEqual(['[secret]', '[secret]', '{"secret":"[secret]"}'])
  expect(secret.reveal()).toBe('swordfish')
})
