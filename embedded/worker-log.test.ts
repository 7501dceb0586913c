import { expect, test } from 'vitest'
import { isAtLeast, parseWorkerLine } from './worker-log.ts'

const wrapped = (level: string, message: string): string => JSON.stringify({ timestamp: 1, level, message })

test("our logger's own level counts, not that of the console call that carried it", () => {
  const message = JSON.stringify({ level: 'error', message: 'bad' })
  expect(parseWorkerLine(wrapped('log', message))).toEqual({ level: 'error', text: message })
})

test('a plain console call keeps its level', () => {
  expect(parseWorkerLine(wrapped('log', 'hello'))).toEqual({ level: 'info', text: 'hello' })
  expect(parseWorkerLine(wrapped('warn', 'careful'))).toEqual({ level: 'warn', text: 'careful' })
})

test.each(['*** Fatal uncaught kj::Exception', '{"timestamp":', '{}'])(
  'a line outside the format is an error: %s',
  (line) => {
    expect(parseWorkerLine(line)).toEqual({ level: 'error', text: line })
  },
)

test('levels are ordered', () => {
  expect(isAtLeast('error', 'warn')).toBe(true)
  expect(isAtLeast('warn', 'warn')).toBe(true)
  expect(isAtLeast('info', 'warn')).toBe(false)
})
