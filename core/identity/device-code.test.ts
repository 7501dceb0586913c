import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decidePoll, isDecidable, makeUserCode, readUserCode, showUserCode, type DeviceCode } from './device-code.ts'

const NOW = 1_000_000
const code = (over: Partial<DeviceCode> = {}): DeviceCode => ({
  state: 'pending',
  expiresAt: NOW + 1,
  lastPolledAt: null,
  intervalMs: 2000,
  ...over,
})

describe('T19 decidePoll (RFC 8628, section 3.5)', () => {
  test.each([
    ['unknown', null, { do: 'refuse', error: 'invalid_grant' }],
    ['first poll', code(), { do: 'wait', error: 'authorization_pending', intervalMs: 2000 }],
    ['in time', code({ lastPolledAt: NOW - 2000 }), { do: 'wait', error: 'authorization_pending', intervalMs: 2000 }],
    [
      'a little early',
      code({ lastPolledAt: NOW - 1500 }),
      { do: 'wait', error: 'authorization_pending', intervalMs: 2000 },
    ],
    ['too early', code({ lastPolledAt: NOW - 1499 }), { do: 'wait', error: 'slow_down', intervalMs: 7000 }],
    [
      'bounded',
      code({ lastPolledAt: NOW, intervalMs: 60_000 }),
      { do: 'wait', error: 'slow_down', intervalMs: 60_000 },
    ],
    ['approved, however early', code({ state: 'approved', lastPolledAt: NOW }), { do: 'issue' }],
    ['denied', code({ state: 'denied' }), { do: 'refuse', error: 'access_denied' }],
    ['used', code({ state: 'used' }), { do: 'refuse', error: 'invalid_grant' }],
    ['expired', code({ expiresAt: NOW }), { do: 'refuse', error: 'expired_token' }],
    ['approved too late', code({ state: 'approved', expiresAt: NOW }), { do: 'refuse', error: 'expired_token' }],
  ])('%s', (_, given, expected) => expect(decidePoll(given, NOW)).toEqual(expected))

  test('decidable once and in time', () => {
    expect(isDecidable(code(), NOW)).toBe(true)
    for (const state of ['approved', 'denied', 'used'] as const) expect(isDecidable(code({ state }), NOW)).toBe(false)
    expect(isDecidable(code({ expiresAt: NOW }), NOW)).toBe(false)
    expect(isDecidable(null, NOW)).toBe(false)
  })
})

describe('user codes', () => {
  const random = fc.uint8Array({ minLength: 16, maxLength: 16 })

  test('are read back however they are typed', () => {
    fc.assert(
      fc.property(random, fc.constantFrom('-', ' ', '–', ' - ', ''), fc.boolean(), (bytes, dash, lower) => {
        const made = makeUserCode(bytes)
        expect(made).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/)
        const typed = ` ${showUserCode(made).replace('-', dash)} `
        expect(readUserCode(lower ? typed.toLowerCase() : typed)).toBe(made)
      }),
      { seed: 8628 },
    )
  })

  test.each(['', 'BCDF-GHJ', 'BCDF-GHJKL', 'ABCD-EFGH', 'BCDF_GHJK', 'B'.repeat(100)])('%j is none', (typed) =>
    expect(readUserCode(typed)).toBeNull(),
  )
})
