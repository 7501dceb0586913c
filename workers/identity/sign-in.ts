import { ACCOUNT_RULE, ADDRESS_RULE } from '../../core/identity/back-off.ts'
import { normaliseEmail } from '../../core/identity/email.ts'
import { AppError } from '../../core/errors.ts'
import type { TenantId, UserId } from '../../core/ids.ts'
import { findLogin } from '../../db/system/identity/accounts.ts'
import { countAttempt, forgiveAttempt, type Limited } from './attempts.ts'
import { verifyPassword } from './passwords.ts'
import type { IdentityScope } from './scope.ts'

export type Member = { tenantId: TenantId; userId: UserId }

/**
 * E-mail address and password to a member. A wrong password, an unknown address, a disabled account and a former member
 * get the same answer after the same work: `unauthenticated`. Too many tries: `too-many-requests`.
 */
export async function signIn(
  scope: IdentityScope,
  { email: typed, password, address }: { email: string; password: string; address: string | null },
): Promise<Member> {
  const email = normaliseEmail(typed)
  const account: Limited = { rule: ACCOUNT_RULE, kind: 'account', of: email }
  const from: Limited | null = address === null ? null : { rule: ADDRESS_RULE, kind: 'address', of: address }
  await countAttempt(scope, from === null ? [account] : [account, from])
  const login = await findLogin(scope.db, email)
  const isRight = await verifyPassword(password, login?.passwordHash ?? null)
  if (!isRight || login === null || login.tenantId === null) {
    scope.log.info('sign-in.refused')
    throw new AppError('unauthenticated', { detail: 'The e-mail address or the password is not right.' })
  }
  await forgiveAttempt(scope, account, from)
  return { tenantId: login.tenantId, userId: login.userId }
}
