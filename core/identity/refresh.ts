/*
 * Refresh token rotation, RFC 9700 section 4.14, with one addition: sync clients lose responses all the time, so a
 * repeated refresh inside a grace time is answered with the *same* successor.
 *
 *   A ──refresh──▶ B           the response is lost
 *   A ──refresh──▶ B           within GRACE_MS: the same B, nothing forks
 *   A ──refresh──▶ ✗           later: A was used twice, by two parties: the whole family (the session) ends
 *
 * Invariants: a token has at most one successor; the database holds hashes only. The successor is kept sealed under
 * a key derived from its parent, readable only to who presents the parent, and is erased after the grace time.
 */

export const GRACE_MS = 30_000
/** A device that does not show up for this long signs in again. */
export const REFRESH_IDLE_MS = 60 * 86_400_000
export const DEVICE_SESSION_MS = 365 * 86_400_000
export const BROWSER_SESSION_MS = 12 * 3_600_000
export const API_TOKEN_MAX_MS = 366 * 86_400_000

export type RefreshFacts = {
  expiresAt: number
  rotatedAt: number | null
  successorSealed: string | null
  session: { revokedAt: number | null; absoluteExpiry: number }
  /** Membership and account still stand. */
  memberActive: boolean
}

export type RefreshDecision =
  | { do: 'rotate'; successorExpiresAt: number }
  | { do: 'repeat'; successorSealed: string }
  | { do: 'revoke-family' }
  | { do: 'refuse'; because: 'unknown' | 'expired' | 'revoked' }

/**
 * What becomes of a presented refresh token.
 * @param facts the row of its hash, read under a row lock; null when there is none
 * @param now Unix milliseconds
 */
export function decideRefresh(facts: RefreshFacts | null, now: number): RefreshDecision {
  if (facts === null) return { do: 'refuse', because: 'unknown' }
  if (facts.session.revokedAt !== null || !facts.memberActive) return { do: 'refuse', because: 'revoked' }
  if (facts.rotatedAt !== null) {
    // Another node's clock may be a little ahead of ours: a negative age is young.
    const isYoung = now - facts.rotatedAt <= GRACE_MS
    if (isYoung && facts.successorSealed !== null) return { do: 'repeat', successorSealed: facts.successorSealed }
    return { do: 'revoke-family' }
  }
  if (now >= facts.expiresAt || now >= facts.session.absoluteExpiry) return { do: 'refuse', because: 'expired' }
  return { do: 'rotate', successorExpiresAt: Math.min(now + REFRESH_IDLE_MS, facts.session.absoluteExpiry) }
}
