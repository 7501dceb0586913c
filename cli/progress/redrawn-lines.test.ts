import { expect, test } from 'vitest'
import { screen } from '../test-screen.ts'
import { redrawnLines } from './redrawn-lines.ts'

test('fewer lines leave nothing of the ones before, and what is said stays above', async () => {
  const terminal = screen({ columns: 20 })
  const lines = redrawnLines(terminal.output)
  await lines.draw(['one', 'two', 'three'])
  await lines.draw(['one more'], 'said\nand said')
  expect(terminal.rows()).toEqual(['said', 'and said', 'one more'])
  await lines.draw(['a', 'b'])
  expect(terminal.rows()).toEqual(['said', 'and said', 'a', 'b'])
  await lines.close()
  expect(terminal.rows()).toEqual(['said', 'and said'])
  expect(terminal.isCursorShown()).toBe(true)
})

test('a terminal that was made narrower has broken the lines up: all of them go', async () => {
  const terminal = screen({ columns: 20 })
  const lines = redrawnLines(terminal.output)
  await lines.draw(['0123456789 0123456789'.slice(0, 19), 'short'])
  terminal.resize(10)
  await lines.draw(['now', 'narrow'])
  expect(terminal.rows()).toEqual(['now', 'narrow'])
})
