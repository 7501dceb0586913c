import { decideRefresh, GRACE_MS } from '../../core/identity/refresh.ts'
import { invariant } from '../../core/errors.ts'
import type { Tx } from '../../db/connect.ts'
import { lockRefreshToken, rotateRefreshToken, type RefreshRow } from '../../db/system/identity/refresh-tokens.ts'
import { revokeSession } from '../../db/system/identity/sessions.ts'
import { newRefreshToken, tokensFor, type Tokens } from './issue-tokens.ts'
import { OAuthFailure } from './oauth-failure.ts'
import type { IdentityScope } from './scope.ts'
import { hashSecret, SEAL_NONCE_BYTES, sealFor, unsealWith } from './secrets.ts'

type Outcome = { refreshToken: string; row: RefreshRow } | { refused: string; ended?: RefreshRow }

/** A refresh token for new tokens: rules in core/identity/refresh.ts. Throws `invalid_grant`. */
export async function refreshSession(scope: IdentityScope, presented: string): Promise<Tokens> {
  // A revocation must be committed, so a refusal is an answer of the transaction and not its failure.
  const outcome: Outcome = await scope.db.begin((tx) => refreshLocked(scope, tx, presented))
  if ('refused' in outcome) {
    if (outcome.ended) scope.tellEnded(outcome.ended.tenantId, [outcome.ended.sessionId])
    throw new OAuthFailure('invalid_grant', outcome.refused)
  }
  const { row, refreshToken } = outcome
  return tokensFor(scope, row, { refreshToken, endsAt: row.facts.session.absoluteExpiry })
}

async function refreshLocked(scope: IdentityScope, tx: Tx, presented: string): Promise<Outcome> {
  const now = scope.now()
  const hash = hashSecret(presented)
  const row = await lockRefreshToken(tx, hash)
  const decision = decideRefresh(row?.facts ?? null, now)
  switch (decision.do) {
    case 'refuse':
      return { refused: `The refresh token is ${decision.because}.` }
    case 'revoke-family': {
      invariant(row, 'only a known token has a family')
      await revokeSession(tx, row.sessionId, now)
      scope.log.warn('refresh.reused', { tenantId: row.tenantId, userId: row.userId, sessionId: row.sessionId })
      return { refused: 'The refresh token was used twice, so its session has ended.', ended: row }
    }
    case 'repeat': {
      invariant(row, 'only a known token has a successor')
      return { row, refreshToken: await unsealWith(presented, decision.successorSealed) }
    }
    case 'rotate': {
      invariant(row, 'only a known token is rotated')
      const refreshToken = newRefreshToken(scope)
      await rotateRefreshToken(tx, {
        parentHash: hash,
        successorSealed: await sealFor(presented, refreshToken, scope.random(SEAL_NONCE_BYTES)),
        successor: {
          hash: hashSecret(refreshToken),
          parentHash: hash,
          sessionId: row.sessionId,
          now,
          expiresAt: decision.successorExpiresAt,
        },
        graceMs: GRACE_MS,
      })
      return { row, refreshToken }
    }
  }
}
