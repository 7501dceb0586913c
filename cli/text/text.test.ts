import { describe, expect, test } from 'vitest'
import { nearest } from './nearest.ts'
import { formatBytes, formatCount, formatRate, formatSeconds, formatTook } from './quantity.ts'
import { parseRate } from './rate.ts'
import { alignColumns, flowColumns } from './table.ts'
import { displayWidth, escapeForTerminal, shortenMiddle } from './terminal-text.ts'
import { coloured, paintFor, plain } from './paint.ts'
import { wrapText } from './wrap.ts'

describe('names on a terminal (T15)', () => {
  test('T15 an escape sequence in a name is shown, not obeyed', () => {
    expect(escapeForTerminal('a\u001b[2Jb\u0007\r\n')).toBe('a\\u{1b}[2Jb\\u{7}\\u{d}\\u{a}')
    expect(escapeForTerminal('\u009b31m')).toBe('\\u{9b}31m')
  })

  test('T15 a bidi override cannot turn a name round', () => {
    expect(escapeForTerminal('photo\u202egpj.exe')).toBe('photo\\u{202e}gpj.exe')
    expect(escapeForTerminal('\u2066a\u2069\u200f\u061c')).toBe('\\u{2066}a\\u{2069}\\u{200f}\\u{61c}')
  })

  test('T15 characters that cannot be seen are shown, a lone surrogate too', () => {
    expect(escapeForTerminal('a\u200bb\ufeffc\ud800')).toBe('a\\u{200b}b\\u{feff}c\\u{d800}')
  })

  test('what people write stays as it is', () => {
    for (const name of ['Grüße.txt', '写真', 'می‌خواهم', '👩‍👩‍👧.png', "it's a “name”", 'שלום'])
      expect(escapeForTerminal(name)).toBe(name)
  })
})

describe('widths', () => {
  test.each([
    ['abc', 3],
    ['写真', 4],
    ['e\u0301', 1],
    ['👍', 2],
    ['\u001b[31mred\u001b[0m', 3],
    ['', 0],
  ])('%j takes %i columns', (text, columns) => expect(displayWidth(text)).toBe(columns))

  test.each([
    ['abcdefghij', 10, 'abcdefghij'],
    ['abcdefghijk', 10, 'abcd…ghijk'],
    ['写真写真写真', 7, '写真…真'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%j in %i columns is %j', (text, columns, shown) => {
    expect(shortenMiddle(text, columns)).toBe(shown)
    expect(displayWidth(shown)).toBeLessThanOrEqual(columns)
  })
})

describe('quantities', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '0.98 KiB'],
    [1024, '1.00 KiB'],
    [10_235, '10.0 KiB'],
    [102_400, '100 KiB'],
    [1_048_576, '1.00 MiB'],
    [1_127_428_915, '1.05 GiB'],
    [Number.MAX_SAFE_INTEGER, '8.00 PiB'],
  ])('%i bytes is %j', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  test('a rate is bytes a second', () => expect(formatRate(66_270_003)).toBe('63.2 MiB/s'))

  test.each([
    [0, '0:00'],
    [0.2, '0:01'],
    [59, '0:59'],
    [754, '12:34'],
    [3723, '1:02:03'],
    [360_000, '>99 h'],
    [Number.NaN, '>99 h'],
    [Number.POSITIVE_INFINITY, '>99 h'],
  ])('%d seconds is %j', (seconds, text) => expect(formatSeconds(seconds)).toBe(text))

  test.each([
    [0, '0.0 s'],
    [240, '0.2 s'],
    [9_949, '9.9 s'],
    [17_400, '17 s'],
    [205_000, '3:25'],
  ])('%i ms took %j', (ms, text) => expect(formatTook(ms)).toBe(text))

  test.each([
    [0, '0 files'],
    [1, '1 file'],
    [12_345, '12,345 files'],
  ])('%i is %j', (count, text) => expect(formatCount(count, 'file')).toBe(text))
})

describe('rates on the command line', () => {
  test.each([
    ['500K', 512_000],
    ['2M', 2_097_152],
    ['1.5m', 1_572_864],
    ['1GiB/s', 1_073_741_824],
    ['4096', 4_096],
    ['0', null],
    ['0K', null],
  ])('%s is %s', (text, rate) => expect(parseRate(text, '--limit-up')).toBe(rate))

  test.each(['', 'fast', '-1', '1T', '500 KB per second', '100', '1e6', '9'.repeat(12)])(
    '%j is refused by the option',
    (text) => {
      expect(() => parseRate(text, '--limit-up')).toThrow(/^--limit-up needs /)
    },
  )
})

describe('columns', () => {
  test('numbers to the right, names to the left, no blanks at the end', () => {
    expect(
      alignColumns(
        [
          ['1 B', 'a', ''],
          ['100 KiB', '写真', 'x'],
        ],
        ['right', 'left', 'left'],
      ),
    ).toEqual(['    1 B  a', '100 KiB  写真  x'])
  })

  test('names flow downwards, as many across as fit', () => {
    expect(flowColumns(['a', 'b', 'c', 'dd', 'e'], 10)).toEqual(['a   c   e', 'b   dd'])
    expect(flowColumns(['longer than it is wide', 'b'], 10)).toEqual(['longer than it is wide', 'b'])
    expect(flowColumns([], 80)).toEqual([])
  })

  test('text breaks at blanks; a long word stands alone', () => {
    expect(wrapText('one two  three\n four', 9)).toEqual(['one two', 'three', 'four'])
    expect(wrapText('abcdefghijkl m', 5)).toEqual(['abcdefghijkl', 'm'])
    expect(wrapText('', 5)).toEqual([])
  })
})

describe('colours', () => {
  test('only on a terminal, without NO_COLOR', () => {
    expect(paintFor(true, {})).toBe(coloured)
    expect(paintFor(true, { NO_COLOR: '' })).toBe(coloured)
    expect(paintFor(true, { NO_COLOR: '1' })).toBe(plain)
    expect(paintFor(true, { TERM: 'dumb' })).toBe(plain)
    expect(paintFor(false, {})).toBe(plain)
    expect(coloured('red', 'x')).toBe('\u001b[31mx\u001b[0m')
  })
})

describe('what may have been meant', () => {
  const words = ['put', 'get', 'ls', 'spaces', 'completion']
  test.each([
    ['spces', 'spaces'],
    ['psaces', 'spaces'],
    ['pt', 'put'],
    ['comp', 'completion'],
    ['frobnicate', null],
    ['x', null],
  ])('%j → %j', (typed, meant) => expect(nearest(typed, words)).toBe(meant))
})
