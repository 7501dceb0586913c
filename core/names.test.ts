import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  conflictedCopyName,
  findNameFault,
  nameKey,
  NAME_MAX_BYTES,
  splitExtension,
  truncateUtf8,
  utf8Length,
} from './names.ts'

const utf8 = (text: string) => new TextEncoder().encode(text).length

describe('N1-N4 what a node may be called', () => {
  test.each([
    ['', 'empty'],
    ['.', 'dot'],
    ['..', 'dot'],
    ['a/b', 'slash'],
    ['/', 'slash'],
    ['a\u0000', 'control'],
    ['line\nbreak', 'control'],
    ['\u0085', 'control'],
    ['\u2028', 'control'],
    ['a'.repeat(256), 'too-long'],
    ['ü'.repeat(128), 'too-long'],
    ['\ud800', 'not-unicode'],
    ['\ufffd', 'not-unicode'],
  ])('%j is refused as %s', (name, fault) => {
    expect(findNameFault(name)).toBe(fault)
  })

  test.each([
    'a',
    '.bashrc',
    '...',
    'CON',
    'aux.txt',
    'a:b',
    'trailing ',
    'trailing.',
    '日本語',
    '👩‍👩‍👧',
    'ü'.repeat(127),
  ])('%j is kept', (name) => {
    expect(findNameFault(name)).toBeNull()
  })
})

test('N5 the NFC and the NFD form are one name; case makes two', () => {
  expect(nameKey('u\u0308')).toBe(nameKey('\u00fc'))
  expect(nameKey('A')).not.toBe(nameKey('a'))
})

test('N6 UTF-8 lengths agree with the platform', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(utf8Length(text)).toBe(utf8(text))
    }),
    { seed: 7 },
  )
})

test('N6 truncation keeps whole code points and the bound', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, max) => {
      const cut = truncateUtf8(text, max)
      expect(utf8Length(cut)).toBeLessThanOrEqual(max)
      expect(text.startsWith(cut)).toBe(true)
    }),
    { seed: 7 },
  )
})

test('splitExtension keeps dotfiles whole', () => {
  expect(splitExtension('a.tar.gz')).toEqual(['a.tar', '.gz'])
  expect(splitExtension('.bashrc')).toEqual(['.bashrc', ''])
  expect(splitExtension('README')).toEqual(['README', ''])
})

test('P2, NM-13 the name of a conflicted copy is valid, keeps the extension and differs by attempt', () => {
  const names = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 255 })
    .filter((name) => findNameFault(name) === null)
    .map(nameKey)
  // Half of a character, the mark of one, and those that are longer, or others, in NFC.
  const odd = fc.constantFrom('\ud800', '\ufffd', 'e\u0301', '\u0958', '\u{1d160}', '\u1e9b\u0323', '\u0000', '/')
  const devices = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(odd, { maxLength: 60 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(names, devices, fc.integer({ min: 1, max: 50 }), (name, device, attempt) => {
      const at = new Date(1_700_000_000_000)
      const copy = conflictedCopyName(name, device, at, attempt)
      expect(utf8Length(copy)).toBeLessThanOrEqual(NAME_MAX_BYTES)
      expect(findNameFault(copy)).toBeNull()
      expect(copy).toBe(copy.normalize('NFC'))
      expect(copy).not.toBe(conflictedCopyName(name, device, at, attempt + 1))
      expect(copy.endsWith(splitExtension(name)[1])).toBe(true)
    }),
    { seed: 7 },
  )
})
