import { expect, test } from 'vitest'
import { matchesEtag, parseRange } from './byte-range.ts'

test.each([
  ['bytes=0-4', { first: 0, last: 4 }],
  ['bytes=5-', { first: 5, last: 9 }],
  ['bytes=-3', { first: 7, last: 9 }],
  ['bytes=-99', { first: 0, last: 9 }],
  ['bytes=8-99', { first: 8, last: 9 }],
  ['bytes=4-2', null],
  ['bytes=0-1,3-4', null],
  ['items=0-1', null],
  ['bytes=-', null],
  [null, null],
])('RFC 9110, section 14: %s of ten bytes', (header, expected) => {
  expect(parseRange(header, 10)).toEqual(expected)
})

test.each([
  ['bytes=10-', 10],
  ['bytes=-0', 10],
  ['bytes=0-', 0],
])('%s of %i bytes cannot be satisfied', (header, size) => {
  expect(() => parseRange(header, size)).toThrow(expect.objectContaining({ code: 'range-not-satisfiable' }))
})

test('RFC 9110, section 13.1.2: If-None-Match', () => {
  expect(matchesEtag('"a", "b"', '"b"')).toBe(true)
  expect(matchesEtag('W/"b"', '"b"')).toBe(true)
  expect(matchesEtag('*', '"b"')).toBe(true)
  expect(matchesEtag('"c"', '"b"')).toBe(false)
  expect(matchesEtag(null, '"b"')).toBe(false)
})
