import { decideAttempt, LONGEST_MEMORY_MS, type BackOffRule } from '../../core/identity/back-off.ts'
import { AppError } from '../../core/errors.ts'
import { forgiveAttempts, lockAttempts, saveAttempts, sweepAttempts } from '../../db/system/identity/attempts.ts'
import type { IdentityScope } from './scope.ts'
import { hashSecret } from './secrets.ts'

/** One thing that is limited: a kind and whom it is about. Stored as a hash, so the table names nobody. */
export type Limited = { rule: BackOffRule; kind: 'account' | 'address' | 'user-code' | 'device-start'; of: string }

const keyOf = ({ kind, of }: Limited): string => hashSecret(`${kind}:${of}`)

/** Counts one guess against all of them before it is checked. Throws `too-many-requests` with the time to wait, counting nothing. */
export async function countAttempt(scope: IdentityScope, limits: Limited[]): Promise<void> {
  const now = scope.now()
  const waitMs = await scope.db.begin(async (tx) => {
    await sweepAttempts(tx, now - LONGEST_MEMORY_MS)
    const seen = await lockAttempts(tx, limits.map(keyOf), now)
    const decisions = limits.map((limit) => decideAttempt(limit.rule, seen.get(keyOf(limit)) ?? null, now))
    const waits = decisions.flatMap((decision) => (decision.do === 'refuse' ? [decision.retryAfterMs] : []))
    if (waits.length > 0) return Math.max(...waits)
    for (const [i, decision] of decisions.entries())
      if (decision.do === 'count') await saveAttempts(tx, keyOf(limits[i]!), decision.next)
    return 0
  })
  if (waitMs === 0) return
  scope.log.warn('attempt.limited', { reason: limits[0]!.kind, retryAfterMs: waitMs })
  throw new AppError('too-many-requests', {
    detail: `Too many tries. Wait ${inWords(waitMs)}, then try again.`,
    retryAfterMs: waitMs,
  })
}

/** The guess was right: forget the guesses about `right`, and do not hold this one against the address. */
export const forgiveAttempt = (scope: IdentityScope, right: Limited, address: Limited | null): Promise<void> =>
  forgiveAttempts(scope.db, { forget: keyOf(right), giveBack: address === null ? null : keyOf(address) })

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 90) return seconds === 1 ? 'a second' : `${seconds} seconds`
  return `${Math.ceil(seconds / 60)} minutes`
}
