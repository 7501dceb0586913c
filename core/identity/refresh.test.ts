import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideRefresh, GRACE_MS, REFRESH_IDLE_MS, type RefreshFacts } from './refresh.ts'

const NOW = 1_000_000_000_000
const facts = (over: Partial<RefreshFacts> = {}): RefreshFacts => ({
  expiresAt: NOW + 1000,
  rotatedAt: null,
  successorSealed: null,
  session: { revokedAt: null, absoluteExpiry: NOW + 10 * REFRESH_IDLE_MS },
  memberActive: true,
  ...over,
})
const used = (agoMs: number) => facts({ rotatedAt: NOW - agoMs, successorSealed: 'sealed' })

describe('T18 decideRefresh', () => {
  test.each([
    ['unknown', null, { do: 'refuse', because: 'unknown' }],
    ['fresh', facts(), { do: 'rotate', successorExpiresAt: NOW + REFRESH_IDLE_MS }],
    ['past its time', facts({ expiresAt: NOW }), { do: 'refuse', because: 'expired' }],
    [
      'session past its time',
      facts({ session: { revokedAt: null, absoluteExpiry: NOW } }),
      { do: 'refuse', because: 'expired' },
    ],
    [
      'revoked',
      facts({ session: { revokedAt: NOW - 1, absoluteExpiry: NOW + 1 } }),
      { do: 'refuse', because: 'revoked' },
    ],
    ['former member', facts({ memberActive: false }), { do: 'refuse', because: 'revoked' }],
    ['used, at the end of the grace time', used(GRACE_MS), { do: 'repeat', successorSealed: 'sealed' }],
    ['used, after it', used(GRACE_MS + 1), { do: 'revoke-family' }],
    ['used by a node whose clock is ahead', used(-50), { do: 'repeat', successorSealed: 'sealed' }],
    ['used, its successor erased', { ...used(1), successorSealed: null }, { do: 'revoke-family' }],
    [
      'used, in a family that ended',
      { ...used(1), session: { revokedAt: NOW, absoluteExpiry: NOW + 1 } },
      { do: 'refuse', because: 'revoked' },
    ],
  ])('%s', (_, given, expected) => expect(decideRefresh(given, NOW)).toEqual(expected))

  test('no successor outlives the session', () => {
    const given = facts({ session: { revokedAt: null, absoluteExpiry: NOW + 5 } })
    expect(decideRefresh(given, NOW)).toEqual({ do: 'rotate', successorExpiresAt: NOW + 5 })
  })

  test('a used token is never rotated again, whatever the times', () => {
    const anyTime = fc.integer({ min: NOW - 10 ** 9, max: NOW + 10 ** 9 })
    fc.assert(
      fc.property(anyTime, anyTime, anyTime, (expiresAt, rotatedAt, now) => {
        const given = facts({ expiresAt, rotatedAt, successorSealed: 'sealed' })
        expect(decideRefresh(given, now).do).not.toBe('rotate')
      }),
      { seed: 18 },
    )
  })

  /** A model of one family: a client that loses answers and always repeats at once, and a thief with one old token. */
  test('a client that loses answers stays signed in; a thief ends the family as soon as both go on', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }), (losses) => {
        const rows = new Map([['t0', facts({ expiresAt: Infinity })]])
        let now = NOW
        let revoked = false
        const refresh = (token: string): string | null => {
          const row = rows.get(token)!
          const session = { ...row.session, revokedAt: revoked ? now : null }
          const decision = decideRefresh({ ...row, session }, now)
          if (decision.do === 'repeat') return decision.successorSealed
          if (decision.do === 'revoke-family') revoked = true
          if (decision.do !== 'rotate') return null
          const next = `t${rows.size}`
          rows.set(token, { ...row, rotatedAt: now, successorSealed: next })
          rows.set(next, facts({ expiresAt: Infinity }))
          return next
        }
        let held = 't0'
        for (const lost of losses) {
          now += 600_000
          for (let i = 0; i < lost; i++, now += 5_000) expect(refresh(held)).not.toBeNull()
          held = refresh(held)!
        }
        expect(revoked).toBe(false)
        now += 600_000
        expect(refresh('t0')).toBeNull()
        expect(refresh(held)).toBeNull()
      }),
      { seed: 19 },
    )
  })
})
