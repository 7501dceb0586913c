import { expect, test } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

test('I11 the order in which a client writes the members of a request makes no other request of it', () => {
  const one = canonicalJson({ b: [{ d: 1, c: null }], a: 'x', e: undefined })
  const other = canonicalJson({ a: 'x', b: [{ c: null, d: 1 }] })
  expect(one).toBe(other)
  expect(one).toBe('{"a":"x","b":[{"c":null,"d":1}]}')
})

test('I11 another value is another text', () => {
  expect(canonicalJson({ a: 1 })).not.toBe(canonicalJson({ a: '1' }))
  expect(canonicalJson(['a', 'b'])).not.toBe(canonicalJson(['b', 'a']))
  expect(canonicalJson({ a: null })).not.toBe(canonicalJson({}))
})
