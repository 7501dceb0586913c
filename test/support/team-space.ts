import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import type { NodeId, SpaceId } from '../../core/ids.ts'
import type { Stack } from '../../embedded/stack.ts'
import { until } from '../faults/until.ts'
import type { Account } from './account.ts'

type Made = { id: SpaceId; rootId: NodeId }

/** A space that several people manage, written by a superuser: nobody makes team spaces through the API yet. All of them see it. */
export async function makeTeamSpace(
  stack: Pick<Stack, 'ownerUrl'>,
  managers: readonly [Account, ...Account[]],
): Promise<Made> {
  const { tenantId } = managers[0]
  const made = await writeTeamSpace(stack, { tenantId, userIds: managers.map(({ userId }) => userId) })
  for (const { call } of managers)
    await untilSeen(made.id, async () => (await call('GET', '/v1/spaces')).body.spaces ?? [])
  return made
}

/** What a session may read is remembered for a moment, and nobody tells the server of rows that a test has written. */
export async function untilSeen(id: SpaceId, spaces: () => Promise<readonly { id: string }[]>): Promise<void> {
  await until('the space is seen', async () => (await spaces()).some((space) => space.id === id))
}

/** @param of.name in place of its id */
export async function writeTeamSpace(
  stack: Pick<Stack, 'ownerUrl'>,
  of: { tenantId: string; userIds: readonly string[]; name?: string },
): Promise<Made> {
  const sql = postgres(stack.ownerUrl, { max: 1, onnotice: () => {} })
  const { tenantId } = of
  const [id, rootId] = [randomUUID() as SpaceId, randomUUID() as NodeId]
  try {
    await sql`insert into spaces (tenant_id, id, kind, name, root_id) values (${tenantId}, ${id}, 'team', ${of.name ?? id}, ${rootId})`
    await sql`insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, executable, created_at, changed_at, changed_seq)
      values (${tenantId}, ${rootId}, ${id}, null, 'folder', '', '', 0, 1, false, now(), now(), 0)`
    for (const userId of of.userIds)
      await sql`insert into space_members (tenant_id, space_id, user_id, role) values (${tenantId}, ${id}, ${userId}, 'manager')`
  } finally {
    await sql.end()
  }
  return { id, rootId }
}
