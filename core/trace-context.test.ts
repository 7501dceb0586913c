import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { childOf, formatTraceparent, isSampled, parseTraceparent, RANDOM_BYTES } from './trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const VALID = `00-${TRACE}-${SPAN}-01`

describe('TR-1 traceparent is read strictly', () => {
  test('TR-1 the example of the specification', () => {
    expect(parseTraceparent(VALID)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: true })
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-00`)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: false })
  })

  test('TR-1 flags other than sampled are ignored', () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-03`)?.sampled).toBe(true)
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-fe`)?.sampled).toBe(false)
  })

  test('TR-1 a later version is read by its first four fields', () => {
    const context = { traceId: TRACE, spanId: SPAN, sampled: true }
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01`)).toEqual(context)
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-comes`)).toEqual(context)
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01.what-comes`)).toBeNull()
  })

  test.each([
    ['nothing', null],
    ['missing', undefined],
    ['empty', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['version 00 with a tail', `${VALID}-00`],
    ['version 00 with a trailing dash', `${VALID}-`],
    ['upper case', VALID.toUpperCase()],
    ['white space before', ` ${VALID}`],
    ['white space behind', `${VALID} `],
    ['new line behind', `${VALID}\n`],
    ['zero trace id', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['zero span id', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['short flags', `00-${TRACE}-${SPAN}-1`],
    ['not hex', `00-${TRACE.slice(1)}g-${SPAN}-01`],
    ['other separators', `00_${TRACE}_${SPAN}_01`],
    ['two headers joined', `${VALID},${VALID}`],
    ['endless', `cc-${TRACE}-${SPAN}-01-${'a'.repeat(10_000)}`],
  ])('TR-1 %s is no context', (_, text) => {
    expect(parseTraceparent(text)).toBeNull()
  })

  test('TR-1 arbitrary text never throws, and what is read is well formed', () => {
    const mutated = fc
      .tuple(fc.constantFrom(VALID, `cc-${TRACE}-${SPAN}-01-x`), fc.nat(60), fc.string({ maxLength: 3 }))
      .map(([text, at, patch]) => text.slice(0, at) + patch + text.slice(at + patch.length))
    fc.assert(
      fc.property(fc.oneof(fc.string(), mutated), (text) => {
        const context = parseTraceparent(text)
        if (context !== null) expect(parseTraceparent(formatTraceparent(context))).toEqual(context)
      }),
      { seed: 12, numRuns: 2_000 },
    )
  })
})

describe('TR-2 children keep the trace', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

  test('TR-2 a child has the trace id and the sampling of its parent and a span id of its own', () => {
    const parent = { traceId: TRACE, spanId: SPAN, sampled: false }
    expect(childOf(parent, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toEqual({ ...parent, spanId: '0102030405060708' })
  })

  test('TR-2 a root has both ids from the dice', () => {
    const random = Uint8Array.from({ length: RANDOM_BYTES.root }, (_, i) => i)
    expect(formatTraceparent(childOf(null, random))).toBe('00-08090a0b0c0d0e0f1011121314151617-0001020304050607-01')
  })

  test('TR-2 every context that we make is valid, dice that show only zeros included', () => {
    expect(parseTraceparent(formatTraceparent(childOf(null, new Uint8Array(RANDOM_BYTES.root))))).not.toBeNull()
    fc.assert(
      fc.property(bytes(RANDOM_BYTES.root), bytes(RANDOM_BYTES.child), fc.boolean(), (root, child, sampled) => {
        const parent = childOf(null, root, sampled)
        const context = childOf(parent, child)
        expect(parseTraceparent(formatTraceparent(context))).toEqual(context)
        expect(context.traceId).toBe(parent.traceId)
      }),
      { seed: 12 },
    )
  })
})

test('TR-3 the ratio keeps its share, and the same trace id gets the same answer', () => {
  let state = 12
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0)
  const id = () => Array.from({ length: 4 }, () => next().toString(16).padStart(8, '0')).join('')
  const ids = Array.from({ length: 10_000 }, id)
  const kept = ids.filter((traceId) => isSampled(traceId, 0.1)).length
  expect(kept).toBeGreaterThan(850)
  expect(kept).toBeLessThan(1_150)
  expect(ids.every((traceId) => isSampled(traceId, 1))).toBe(true)
  expect(ids.some((traceId) => isSampled(traceId, 0))).toBe(false)
  expect(ids.every((traceId) => !isSampled(traceId, 0.1) || isSampled(traceId, 0.5))).toBe(true)
})
