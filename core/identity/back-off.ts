/*
 * How often one may guess. A guess is counted before it is checked, so a thousand parallel guesses are a thousand
 * counted guesses. The first few are free, then each costs a wait that doubles up to a cap: an account is slowed,
 * never locked for good, so that a stranger cannot shut its owner out.
 */

export type BackOffRule = {
  /** Guesses without any wait. */
  free: number
  /** The wait after the first guess that is not free; doubles with each further one. */
  firstWaitMs: number
  maxWaitMs: number
  /** Without a guess for this long, the count starts anew. */
  forgetMs: number
}

/** Wrong passwords for one account, from wherever they come. */
export const ACCOUNT_RULE: BackOffRule = {
  free: 5,
  firstWaitMs: 1_000,
  maxWaitMs: 5 * 60_000,
  forgetMs: 24 * 3_600_000,
}
/** Anything guessable from one address: wider, since an office may share it. */
export const ADDRESS_RULE: BackOffRule = { free: 50, firstWaitMs: 1_000, maxWaitMs: 5 * 60_000, forgetMs: 3_600_000 }
/** User codes typed by one signed-in person: 20^8 codes, so this leaves no hope of hitting a live one. */
export const USER_CODE_RULE: BackOffRule = {
  free: 5,
  firstWaitMs: 10_000,
  maxWaitMs: 15 * 60_000,
  forgetMs: 24 * 3_600_000,
}
/** Device authorisations begun from one address. */
export const DEVICE_START_RULE: BackOffRule = { free: 30, firstWaitMs: 2_000, maxWaitMs: 60_000, forgetMs: 600_000 }

/** No rule remembers longer than this; older rows may be swept. */
export const LONGEST_MEMORY_MS = 24 * 3_600_000

export type Attempts = { failures: number; lastAt: number }

export type AttemptDecision = { do: 'refuse'; retryAfterMs: number } | { do: 'count'; next: Attempts }

/** The wait that must lie between guess number `failures` and the next. */
export function waitAfter(rule: BackOffRule, failures: number): number {
  const over = failures - rule.free
  if (over < 0) return 0
  return Math.min(rule.maxWaitMs, rule.firstWaitMs * 2 ** Math.min(over, 30))
}

/**
 * May one more guess be made now?
 * @param seen the guesses so far that have not succeeded, or null
 * @param now Unix milliseconds
 */
export function decideAttempt(rule: BackOffRule, seen: Attempts | null, now: number): AttemptDecision {
  if (seen === null || now - seen.lastAt >= rule.forgetMs) return { do: 'count', next: { failures: 1, lastAt: now } }
  const waitMs = waitAfter(rule, seen.failures)
  const openAt = seen.lastAt + waitMs
  // Of two at once, the one that was counted first may have read the later time: that is no reason to wait.
  if (waitMs > 0 && now < openAt) return { do: 'refuse', retryAfterMs: openAt - now }
  return { do: 'count', next: { failures: seen.failures + 1, lastAt: Math.max(now, seen.lastAt) } }
}
