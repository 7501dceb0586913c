import { acceptPassword } from '../../core/identity/password-policy.ts'
import { normaliseEmail } from '../../core/identity/email.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeId, SpaceId, TenantId, UserId } from '../../core/ids.ts'
import type { Tx } from '../../db/connect.ts'
import { hasUsers, insertUser, lockSetup } from '../../db/system/identity/accounts.ts'
import { insertMembership } from '../../db/system/identity/members.ts'
import { createPersonalSpace, createTenant } from '../../db/system/tenants.ts'
import { hashPassword, SALT_BYTES } from './passwords.ts'
import { newId, type IdentityScope } from './scope.ts'
import { secretsEqual } from './secrets.ts'
import type { Member } from './sign-in.ts'

/* The first-run door: opened by SETUP_TOKEN, shut for ever once anybody has an account. */

export const isSetupOpen = async (scope: IdentityScope): Promise<boolean> =>
  scope.setupToken !== null && !(await hasUsers(scope.db))

/** Throws `setup-closed`: a wrong token and a shut door look the same. */
export async function demandSetup(scope: IdentityScope, token: string): Promise<void> {
  const isRight = scope.setupToken !== null && secretsEqual(token, scope.setupToken)
  if (!isRight || !(await isSetupOpen(scope))) throw new AppError('setup-closed')
}

export type FirstRun = { token: string; organisation: string; name: string; email: string; password: string }

/** Makes the first tenant and its owner. Two at once make one. Throws `setup-closed` and `invalid-request`. */
export async function setUp(scope: IdentityScope, input: FirstRun): Promise<Member> {
  await demandSetup(scope, input.token)
  const email = normaliseEmail(input.email)
  const passwordHash = await hashPassword(acceptPassword(input.password, email), scope.random(SALT_BYTES))
  const member = { tenantId: newId<TenantId>(scope), userId: newId<UserId>(scope) }
  const { tenantId, userId } = member
  const now = scope.now()
  await scope.db.begin(async (tx) => {
    await lockSetup(tx)
    if (await hasUsers(tx)) throw new AppError('setup-closed')
    await insertUser(tx, { userId, email, displayName: input.name, passwordHash, now })
    await createTenant(tx, { tenantId, name: input.organisation, epoch: newId(scope), now: new Date(now) })
    await insertMembership(tx, { ...member, role: 'owner', now })
    await givePersonalSpace(scope, tx, member)
  })
  scope.log.info('setup.done', member)
  return member
}

/** Every member has a space of their own from the start. */
export const givePersonalSpace = (scope: IdentityScope, tx: Tx, { tenantId, userId }: Member): Promise<void> =>
  createPersonalSpace(tx, {
    tenantId,
    userId,
    spaceId: newId<SpaceId>(scope),
    rootId: newId<NodeId>(scope),
    name: 'home',
    now: new Date(scope.now()),
  })
