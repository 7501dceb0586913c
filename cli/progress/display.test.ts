import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sayTo } from '../say.ts'
import { testWorld, type TestWorld } from '../test-world.ts'
import { showProgress } from './display.ts'
import type { ProgressSample } from './progress.ts'

const sample: ProgressSample = {
  bytesDone: 512,
  bytesTotal: 1024,
  filesDone: 0,
  filesTotal: 1,
  isTotalFinal: true,
  bytesMoved: 512,
  bytesSpared: 0,
  current: 'a\u001b[2J.txt',
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const open = (world: TestWorld, options = { json: false, quiet: false }) =>
  showProgress(world, sayTo(world, options), 'sent')

test('draws, draws over itself, and leaves nothing behind but the cursor', async () => {
  const world = testWorld({ isTerminal: true, env: { NO_COLOR: '1' } })
  const display = open(world)
  display.update(sample)
  expect(world.err()).toBe('')
  await vi.advanceTimersByTimeAsync(100)
  const drawn = world.err()
  expect(drawn).toMatch(
    /^\u001b\[\?25l█+░+ {3}50% .*\u001b\[K\n0 of 1 files · sent 512 B · a\\u\{1b\}\[2J\.txt\u001b\[K\n\u001b\[J$/,
  )
  await vi.advanceTimersByTimeAsync(100)
  expect(world.err().slice(drawn.length)).toMatch(/^\r\u001b\[2A█/)
  const before = world.err().length
  await display.close()
  expect(world.err().slice(before)).toBe('\r\u001b[2A\u001b[J\u001b[?25h')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(world.err().slice(before)).toBe('\r\u001b[2A\u001b[J\u001b[?25h')
})

test('redraws ten times a second however many updates come', async () => {
  const world = testWorld({ isTerminal: true })
  const display = open(world)
  for (let i = 0; i < 1_000; i++) {
    display.update({ ...sample, bytesDone: i })
    await vi.advanceTimersByTimeAsync(1)
  }
  expect(world.err().split('\u001b[2A').length - 1).toBe(9)
  await display.close()
})

test('a remark stays above', async () => {
  const world = testWorld({ isTerminal: true, env: { NO_COLOR: '1' } })
  const display = open(world)
  display.update(sample)
  await vi.advanceTimersByTimeAsync(100)
  const before = world.err().length
  await display.note('b.txt: left out')
  expect(world.err().slice(before)).toMatch(/^\r\u001b\[2Ab\.txt: left out\u001b\[K\n█/)
  await display.close()
})

test.each([
  ['into a pipe', {}, {}],
  ['with --quiet', { isTerminal: true }, { quiet: true }],
  ['with --json', { isTerminal: true }, { json: true }],
  ['on a dumb terminal', { isTerminal: true, env: { TERM: 'dumb' } }, {}],
])('draws nothing %s', async (_, more, options) => {
  const world = testWorld(more)
  const display = open(world, { json: false, quiet: false, ...options })
  display.update(sample)
  await vi.advanceTimersByTimeAsync(500)
  await display.close()
  expect(world.err()).toBe('')
})
