/*
 * Device authorisation, RFC 8628.
 *
 *   device                        server                         person, in a browser, signed in
 *     │── start ────────────────▶ pending
 *     │◀─ device code, user code ─┤
 *     │── poll ─▶ authorization_pending (slow_down when too fast)
 *     │                           │◀── user code ── consent page ── approve | deny
 *     │── poll ─▶ tokens, once ─▶ used
 *
 * The person types the code: there is no link that carries it, so a phisher cannot make approval one click (T19).
 */

export const DEVICE_CODE_TTL_MS = 10 * 60_000
export const POLL_INTERVAL_MS = 2_000
/** RFC 8628, section 3.5: each `slow_down` adds five seconds. */
export const SLOW_DOWN_MS = 5_000
const MAX_INTERVAL_MS = 60_000
/** Networks bunch packets up; a poll this much early is not punished. */
const EARLY_MS = 500

/** Consonants only: no look-alikes, no words (RFC 8628, section 6.1). */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'

export type DeviceState = 'pending' | 'approved' | 'denied' | 'used'
export type DeviceCode = { state: DeviceState; expiresAt: number; lastPolledAt: number | null; intervalMs: number }

export type PollDecision =
  | { do: 'issue' }
  | { do: 'wait'; error: 'authorization_pending' | 'slow_down'; intervalMs: number }
  | { do: 'refuse'; error: 'expired_token' | 'access_denied' | 'invalid_grant' }

/** A poll of the token endpoint. `issue` may be answered once: the caller moves the row to `used` under its lock. */
export function decidePoll(code: DeviceCode | null, now: number): PollDecision {
  if (code === null || code.state === 'used') return { do: 'refuse', error: 'invalid_grant' }
  if (now >= code.expiresAt) return { do: 'refuse', error: 'expired_token' }
  if (code.state === 'denied') return { do: 'refuse', error: 'access_denied' }
  if (code.state === 'approved') return { do: 'issue' }
  const tooFast = code.lastPolledAt !== null && now - code.lastPolledAt < code.intervalMs - EARLY_MS
  if (!tooFast) return { do: 'wait', error: 'authorization_pending', intervalMs: code.intervalMs }
  return { do: 'wait', error: 'slow_down', intervalMs: Math.min(MAX_INTERVAL_MS, code.intervalMs + SLOW_DOWN_MS) }
}

/** Whether a person may still decide on it: once, and in time. */
export const isDecidable = (code: Pick<DeviceCode, 'state' | 'expiresAt'> | null, now: number): boolean =>
  code !== null && code.state === 'pending' && now < code.expiresAt

/**
 * Eight letters, 34.5 bits. Two bytes a letter keep the bias below 1 in 3,000.
 * @param random 16 random bytes
 */
export function makeUserCode(random: Uint8Array): string {
  const at = (i: number) => random[i] ?? 0
  return Array.from({ length: 8 }, (_, i) => LETTERS[((at(2 * i) << 8) | at(2 * i + 1)) % LETTERS.length]).join('')
}

/** As people read it out: XXXX-XXXX. */
export const showUserCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`

/** What was typed, back to eight letters; null when it cannot be a code. Case, spaces and dashes do not matter. */
export function readUserCode(typed: string): string | null {
  if (typed.length > 64) return null
  const code = typed.toUpperCase().replace(/[\s\p{Pd}]/gu, '')
  return code.length === 8 && [...code].every((letter) => LETTERS.includes(letter)) ? code : null
}
