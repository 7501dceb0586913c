import type { NodeId } from '../../core/ids.ts'
import { freshId, type AsyncWorld } from './async-world.ts'

/** Folders inside one another, `levels` below the root, without entries of the journal. @returns the lowest */
export async function deepChain({ owner, tenantId, spaceId, rootId }: AsyncWorld, levels: number): Promise<NodeId> {
  const ids = Array.from({ length: levels }, () => freshId<NodeId>())
  await owner.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    await tx`
      insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, executable,
        created_at, changed_at, changed_seq)
      select ${tenantId}, id::uuid, ${spaceId}, coalesce(lag(id::uuid) over (order by at), ${rootId}), 'folder', id, id, 0, 1, false, now(), now(), 1
      from jsonb_array_elements_text(${JSON.stringify(ids)}::text::jsonb) with ordinality as t(id, at)`
  })
  return ids.at(-1)!
}
