import type { z } from 'zod'
import { DEVICE_START_RULE, USER_CODE_RULE } from '../../core/identity/back-off.ts'
import {
  DEVICE_CODE_TTL_MS,
  decidePoll,
  isDecidable,
  makeUserCode,
  POLL_INTERVAL_MS,
  readUserCode,
  showUserCode,
} from '../../core/identity/device-code.ts'
import { secretText } from '../../core/identity/secret-text.ts'
import { AppError } from '../../core/errors.ts'
import { findAccount } from '../../db/system/identity/accounts.ts'
import {
  countPendingDeviceCodes,
  decideDeviceCode,
  findUserCode,
  insertDeviceCode,
  lockDeviceCode,
  savePoll,
  useDeviceCode,
  type DeviceCodeRow,
} from '../../db/system/identity/device-codes.ts'
import type { deviceStartReply } from '../../protocol/identity.ts'
import { countAttempt, forgiveAttempt, type Limited } from './attempts.ts'
import { startDeviceSession, tokensFor, type Tokens } from './issue-tokens.ts'
import { OAuthFailure } from './oauth-failure.ts'
import type { IdentityScope } from './scope.ts'
import { hashSecret } from './secrets.ts'
import type { Member } from './sign-in.ts'

/* The shell round core/identity/device-code.ts. */

const MAX_PENDING = 10_000
const MAX_CODE_TRIES = 5

/** A device asks to be let in. Throws `too-many-requests`. */
export async function startDeviceAuthorisation(
  scope: IdentityScope,
  { deviceName, address }: { deviceName: string; address: string | null },
): Promise<z.infer<typeof deviceStartReply>> {
  const now = scope.now()
  if (address !== null) await countAttempt(scope, [{ rule: DEVICE_START_RULE, kind: 'device-start', of: address }])
  if ((await countPendingDeviceCodes(scope.db, now, MAX_PENDING)) >= MAX_PENDING)
    throw new AppError('too-many-requests', { retryAfterMs: 60_000 })
  const deviceCode = `bvd_${secretText(scope.random(32))}`
  const userCode = await insertWithFreshUserCode(scope, {
    deviceHash: hashSecret(deviceCode),
    deviceName,
    clientAddress: address,
    now,
    expiresAt: now + DEVICE_CODE_TTL_MS,
    intervalMs: POLL_INTERVAL_MS,
  })
  return {
    device_code: deviceCode,
    user_code: showUserCode(userCode),
    verification_uri: `${scope.publicUrl}/device`,
    expires_in: DEVICE_CODE_TTL_MS / 1000,
    interval: POLL_INTERVAL_MS / 1000,
  }
}

async function insertWithFreshUserCode(
  scope: IdentityScope,
  code: Omit<Parameters<typeof insertDeviceCode>[1], 'userCodeHash'>,
): Promise<string> {
  for (let tries = 0; tries < MAX_CODE_TRIES; tries++) {
    const userCode = makeUserCode(scope.random(16))
    const made = await scope.db.begin((tx) => insertDeviceCode(tx, { ...code, userCodeHash: hashSecret(userCode) }))
    if (made) return userCode
  }
  throw new AppError('busy', { retryAfterMs: 1_000 })
}

/** The device polls. Throws the OAuth errors of RFC 8628, section 3.5. */
export async function pollDeviceAuthorisation(scope: IdentityScope, deviceCode: string): Promise<Tokens> {
  const deviceHash = hashSecret(deviceCode)
  const now = scope.now()
  const outcome = await scope.db.begin(async (tx) => {
    const code = await lockDeviceCode(tx, deviceHash)
    const decision = decidePoll(code, now)
    if (decision.do === 'refuse') return new OAuthFailure(decision.error, POLL_TEXT[decision.error])
    if (decision.do === 'wait') {
      await savePoll(tx, deviceHash, now, decision.intervalMs)
      return new OAuthFailure(decision.error, POLL_TEXT[decision.error])
    }
    await useDeviceCode(tx, deviceHash)
    const { tenantId, userId, deviceName } = code!
    // Between the approval and this poll the member may have been removed.
    if (tenantId === null || userId === null || (await findAccount(tx, tenantId, userId)) === null)
      return new OAuthFailure('access_denied', POLL_TEXT.access_denied)
    return startDeviceSession(scope, tx, { tenantId, userId, deviceName })
  })
  if (outcome instanceof OAuthFailure) throw outcome
  return tokensFor(scope, outcome.subject, { refreshToken: outcome.refreshToken })
}

const POLL_TEXT = {
  authorization_pending: 'Nobody has decided yet.',
  slow_down: 'Poll less often: five seconds more between polls.',
  access_denied: 'The request was denied.',
  expired_token: 'The code has expired: start again.',
  invalid_grant: 'There is no such device code, or it was used.',
} as const

/** A signed-in person typed a code: what it stands for. Every try counts until one is right. Throws `not-found`, `too-many-requests`. */
export async function lookUpUserCode(
  scope: IdentityScope,
  typed: string,
  member: Member,
): Promise<{ userCode: string; code: DeviceCodeRow }> {
  const limit: Limited = { rule: USER_CODE_RULE, kind: 'user-code', of: member.userId }
  await countAttempt(scope, [limit])
  const userCode = readUserCode(typed)
  const code = userCode === null ? null : await findUserCode(scope.db, hashSecret(userCode))
  if (userCode === null || code === null || !isDecidable(code, scope.now())) throw codeGone()
  await forgiveAttempt(scope, limit, null)
  return { userCode, code }
}

/** Once, and in time. Throws `not-found` otherwise. */
export async function decideUserCode(
  scope: IdentityScope,
  { typed, approve, member }: { typed: string; approve: boolean; member: Member },
): Promise<void> {
  const { userCode } = await lookUpUserCode(scope, typed, member)
  const decided = await decideDeviceCode(scope.db, {
    userCodeHash: hashSecret(userCode),
    approve,
    ...member,
    now: scope.now(),
  })
  if (!decided) throw codeGone()
  scope.log.info(approve ? 'device.approved' : 'device.denied', member)
}

const codeGone = () =>
  new AppError('not-found', {
    field: 'code',
    detail: 'This code is not right, has expired or was used. Compare it with the one on your device.',
  })
