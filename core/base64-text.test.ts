import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textOfBase64 } from './base64-text.ts'

const ofBytes = (...bytes: number[]) => textOfBase64(Buffer.from(bytes).toString('base64'))

test('every well-formed text comes back, byte for byte', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(textOfBase64(Buffer.from(text).toString('base64'))).toBe(text)
    }),
    { seed: 7 },
  )
})

test('any bytes at all decode exactly as a strict decoder does, or to nothing', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      let expected: string | null = null
      try {
        expected = strict.decode(bytes)
      } catch {
        // not UTF-8
      }
      expect(ofBytes(...bytes)).toBe(expected)
    }),
    { seed: 7, numRuns: 2_000 },
  )
})

test('a byte order mark and a NUL are kept; 4,096 bytes are no matter', () => {
  expect(ofBytes(0xef, 0xbb, 0xbf, 0x61)).toBe('\uFEFFa')
  expect(ofBytes(0)).toBe('\0')
  expect(textOfBase64(Buffer.from('é'.repeat(2_048)).toString('base64'))).toBe('é'.repeat(2_048))
  expect(textOfBase64('')).toBe('')
})

test.each([
  ['an overlong slash', [0xc0, 0xaf]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a cut sequence', [0xe2, 0x82]],
  ['a lone continuation', [0x80]],
  ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
])('%s is no UTF-8', (_, bytes) => {
  expect(ofBytes(...bytes)).toBeNull()
})

test.each(['a', 'ab', 'abc', 'a===', 'ab=c', 'YQ', 'YQ=', 'Y Q=', 'YQ==\n', 'Y-_='])(
  '%j is no padded base64',
  (text) => {
    expect(textOfBase64(text)).toBeNull()
  },
)
