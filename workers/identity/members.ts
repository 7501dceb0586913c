import type { z } from 'zod'
import { acceptPassword } from '../../core/identity/password-policy.ts'
import { normaliseEmail } from '../../core/identity/email.ts'
import { mayListMembers, mayManage, type Role } from '../../core/identity/roles.ts'
import { secretText } from '../../core/identity/secret-text.ts'
import { AppError } from '../../core/errors.ts'
import type { UserId } from '../../core/ids.ts'
import type { Tx } from '../../db/connect.ts'
import {
  findPasswordLink,
  insertPasswordLink,
  insertUser,
  setFirstPassword,
} from '../../db/system/identity/accounts.ts'
import {
  findMemberByEmail,
  insertMembership,
  listMembers,
  lockMember,
  removeMember,
  restoreMember,
  type MemberRow,
} from '../../db/system/identity/members.ts'
import { revokeSessionsOf, type SessionRow } from '../../db/system/identity/sessions.ts'
import type { addMemberBody } from '../../protocol/identity.ts'
import { givePersonalSpace } from './first-run.ts'
import { hashPassword, SALT_BYTES } from './passwords.ts'
import { newId, type IdentityScope } from './scope.ts'
import { hashSecret } from './secrets.ts'

const LINK_TTL_MS = 7 * 86_400_000
const LIST_LIMIT = 1_000

export type NewMember = z.infer<typeof addMemberBody>
export type AddedMember = { userId: UserId; passwordLink: string | null; linkExpiresAt: number | null }

/** Throws `forbidden` for ordinary members. */
export async function membersOf(scope: IdentityScope, actor: SessionRow): Promise<MemberRow[]> {
  if (!mayListMembers(actor.role)) throw new AppError('forbidden')
  return listMembers(scope.db, actor.tenantId, LIST_LIMIT)
}

/**
 * Adds a person. Without a password the admin gets a one-time link to hand over. An address that has an account in another
 * tenant is refused as `name-taken`: until mail proves addresses, letting one tenant's admin vouch for it would hand the
 * account to whoever claimed the address first (T28).
 */
export async function addMember(scope: IdentityScope, actor: SessionRow, input: NewMember): Promise<AddedMember> {
  if (!mayManage(actor.role, input.role)) throw new AppError('forbidden')
  const email = normaliseEmail(input.email)
  const passwordHash =
    input.password === undefined
      ? null
      : await hashPassword(acceptPassword(input.password, email), scope.random(SALT_BYTES))
  return scope.db.begin(async (tx) => {
    const { userId, invited } = await joinTenant(scope, tx, { actor, email, passwordHash, input })
    return {
      userId,
      ...(invited ? await newPasswordLink(scope, tx, userId) : { passwordLink: null, linkExpiresAt: null }),
    }
  })
}

async function joinTenant(
  scope: IdentityScope,
  tx: Tx,
  join: { actor: SessionRow; email: string; passwordHash: string | null; input: NewMember },
): Promise<{ userId: UserId; invited: boolean }> {
  const { actor, email, passwordHash, input } = join
  const { tenantId } = actor
  const known = await findMemberByEmail(tx, tenantId, email)
  if (known !== null) {
    // A second invitation replaces the first link; a former member comes back with the password they had.
    if (!known.removed && !known.invited) throw taken('This person is a member already.')
    if (passwordHash !== null) throw taken('This person has an account: leave the password out.')
    if (known.removed) await restoreMember(tx, tenantId, known.userId, input.role)
    return known
  }
  const userId = newId<UserId>(scope)
  const now = scope.now()
  const { displayName } = input
  if (!(await insertUser(tx, { userId, email, displayName, passwordHash, now })))
    throw taken('This address cannot be added here.')
  await insertMembership(tx, { tenantId, userId, role: input.role, now })
  await givePersonalSpace(scope, tx, { tenantId, userId })
  scope.log.info('member.added', { tenantId, userId })
  return { userId, invited: passwordHash === null }
}

const taken = (detail: string) => new AppError('name-taken', { field: 'email', detail })

async function newPasswordLink(
  scope: IdentityScope,
  tx: Tx,
  userId: UserId,
): Promise<{ passwordLink: string; linkExpiresAt: number }> {
  const now = scope.now()
  const secret = secretText(scope.random(32))
  await insertPasswordLink(tx, { hash: hashSecret(secret), userId, now, expiresAt: now + LINK_TTL_MS })
  return { passwordLink: `${scope.publicUrl}/password?token=${secret}`, linkExpiresAt: now + LINK_TTL_MS }
}

/** Removes a member and ends every session and token of theirs. The last owner stays. Throws `not-found`, `forbidden`. */
export async function dropMember(scope: IdentityScope, actor: SessionRow, userId: UserId): Promise<void> {
  const { tenantId } = actor
  const ended = await scope.db.begin(async (tx) => {
    const member = await lockMember(tx, tenantId, userId)
    if (!mayListMembers(actor.role)) throw new AppError('forbidden')
    if (member === null) throw new AppError('not-found')
    demandRemovable(actor.role, member)
    const now = scope.now()
    await removeMember(tx, tenantId, userId, now)
    return revokeSessionsOf(tx, tenantId, userId, now)
  })
  scope.tellEnded(tenantId, ended)
  scope.log.info('member.removed', { tenantId, userId })
}

function demandRemovable(actor: Role, member: { role: Role; owners: number }): void {
  if (!mayManage(actor, member.role)) throw new AppError('forbidden')
  if (member.role === 'owner' && member.owners === 1)
    throw new AppError('forbidden', { detail: 'The last owner cannot be removed.' })
}

/** Who may set a first password with this link. Throws `not-found`. */
export async function demandPasswordLink(
  scope: IdentityScope,
  token: string,
): Promise<{ userId: UserId; email: string }> {
  const link = await findPasswordLink(scope.db, hashSecret(token), scope.now())
  if (link === null) throw new AppError('not-found', { detail: 'This link was used, has expired or is not complete.' })
  return link
}

/** Sets the first password of an invited person. Throws `not-found` and `invalid-request`. */
export async function acceptInvitation(scope: IdentityScope, token: string, password: string): Promise<void> {
  const { userId, email } = await demandPasswordLink(scope, token)
  const passwordHash = await hashPassword(acceptPassword(password, email), scope.random(SALT_BYTES))
  const hash = hashSecret(token)
  const done = await scope.db.begin((tx) => setFirstPassword(tx, { hash, userId, passwordHash, now: scope.now() }))
  if (!done) throw new AppError('not-found', { detail: 'This link was used, has expired or is not complete.' })
}
