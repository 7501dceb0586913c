import type { SessionId, SpaceId, TenantId, UserId } from '../../core/ids.ts'
import type { SpaceRole } from '../../core/namespace/model.ts'
import type { Tx } from '../connect.ts'

export type SpaceAccess = {
  id: SpaceId
  name: string
  kind: 'personal' | 'team'
  rootId: string
  role: SpaceRole
  mine: boolean
}
export type ReadPrincipal = {
  userId: UserId
  device: string
  memberRole: 'owner' | 'admin' | 'member'
  spaces: SpaceAccess[]
}

/** Who a session stands for now and what it may read; `null` once the session is revoked or the member removed. */
export async function findPrincipal(tx: Tx, tenant: TenantId, session: SessionId): Promise<ReadPrincipal | null> {
  const [row] = await tx<(Omit<ReadPrincipal, 'spaces'> & { spaces: SpaceAccess[] | null })[]>`
    select s.user_id as "userId", s.device_name as device, m.role as "memberRole",
      (select jsonb_agg(jsonb_build_object('id', sp.id, 'name', sp.name, 'kind', sp.kind, 'rootId', sp.root_id, 'role', sm.role,
                                           'mine', sp.owner_id is not distinct from s.user_id) order by sp.kind, sp.name)
         from space_members sm join spaces sp on sp.tenant_id = sm.tenant_id and sp.id = sm.space_id
        where sm.tenant_id = ${tenant} and sm.user_id = s.user_id) as spaces
    from sessions s join memberships m on m.tenant_id = s.tenant_id and m.user_id = s.user_id and m.removed_at is null
    where s.tenant_id = ${tenant} and s.id = ${session} and s.revoked_at is null and s.absolute_expiry > now()`
  return row ? { ...row, spaces: row.spaces ?? [] } : null
}

/** The same of many sessions; those that do not stand are not there. */
export async function findPrincipals(
  tx: Tx,
  tenant: TenantId,
  sessions: readonly SessionId[],
): Promise<Map<SessionId, ReadPrincipal>> {
  const rows = await tx<(Omit<ReadPrincipal, 'spaces'> & { id: SessionId; spaces: SpaceAccess[] | null })[]>`
    select s.id, s.user_id as "userId", s.device_name as device, m.role as "memberRole", a.spaces
    from jsonb_array_elements_text(${JSON.stringify(sessions)}::text::jsonb) asked(id)
    cross join lateral (select * from sessions s where s.tenant_id = ${tenant} and s.id = asked.id::uuid
      and s.revoked_at is null and s.absolute_expiry > now() limit 1) s
    cross join lateral (select m.role from memberships m where m.tenant_id = ${tenant} and m.user_id = s.user_id
      and m.removed_at is null limit 1) m
    cross join lateral (
      select jsonb_agg(jsonb_build_object('id', sp.id, 'name', sp.name, 'kind', sp.kind, 'rootId', sp.root_id, 'role', sm.role,
                                          'mine', sp.owner_id is not distinct from s.user_id) order by sp.kind, sp.name) as spaces
        from space_members sm join spaces sp on sp.tenant_id = sm.tenant_id and sp.id = sm.space_id
       where sm.tenant_id = ${tenant} and sm.user_id = s.user_id) a`
  return new Map(rows.map(({ id, spaces, ...principal }) => [id, { ...principal, spaces: spaces ?? [] }]))
}
