import { randomBytes, randomUUID } from 'node:crypto'
import type { NodeId, SpaceId, TenantId, UserId } from '../../core/ids.ts'
import { connect } from '../../db/connect.ts'
import { insertUser } from '../../db/system/identity/accounts.ts'
import { insertMembership } from '../../db/system/identity/members.ts'
import { createPersonalSpace, createTenant } from '../../db/system/tenants.ts'
import type { Stack } from '../../embedded/stack.ts'
import { hashPassword, SALT_BYTES } from '../../workers/identity/passwords.ts'
import { signIn, type Account } from './account.ts'

const PASSWORD = 'another correct horse battery'

/** The owner of a second tenant on the same stack. Set-up makes one tenant only, so this one is made where set-up would make it. */
export async function otherTenant(stack: Pick<Stack, 'url' | 'systemUrl'>, email: string): Promise<Account> {
  const [tenantId, userId] = [randomUUID() as TenantId, randomUUID() as UserId]
  const now = new Date()
  const passwordHash = await hashPassword(PASSWORD, randomBytes(SALT_BYTES))
  const db = connect(stack.systemUrl)
  try {
    await db.begin(async (tx) => {
      await insertUser(tx, { userId, email, displayName: email, passwordHash, now: now.getTime() })
      await createTenant(tx, { tenantId, name: 'Another organisation', epoch: randomUUID(), now })
      await insertMembership(tx, { tenantId, userId, role: 'owner', now: now.getTime() })
      const [spaceId, rootId] = [randomUUID() as SpaceId, randomUUID() as NodeId]
      await createPersonalSpace(tx, { tenantId, userId, spaceId, rootId, name: 'home', now })
    })
  } finally {
    await db.end()
  }
  return signIn(stack.url, email, PASSWORD)
}
