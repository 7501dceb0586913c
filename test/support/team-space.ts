import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import type { NodeId, SpaceId } from '../../core/ids.ts'
import type { Stack } from '../../embedded/stack.ts'
import type { Account } from './account.ts'

/** A space that several people manage, written by a superuser: nobody makes team spaces through the API yet. */
export async function makeTeamSpace(
  stack: Pick<Stack, 'ownerUrl'>,
  managers: readonly [Account, ...Account[]],
): Promise<{ id: SpaceId; rootId: NodeId }> {
  const sql = postgres(stack.ownerUrl, { max: 1, onnotice: () => {} })
  const { tenantId } = managers[0]
  const [id, rootId] = [randomUUID() as SpaceId, randomUUID() as NodeId]
  try {
    await sql`insert into spaces (tenant_id, id, kind, name, root_id) values (${tenantId}, ${id}, 'team', ${id}, ${rootId})`
    await sql`insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, executable, created_at, changed_at, changed_seq)
      values (${tenantId}, ${rootId}, ${id}, null, 'folder', '', '', 0, 1, false, now(), now(), 0)`
    for (const { userId } of managers)
      await sql`insert into space_members (tenant_id, space_id, user_id, role) values (${tenantId}, ${id}, ${userId}, 'manager')`
  } finally {
    await sql.end()
  }
  return { id, rootId }
}
