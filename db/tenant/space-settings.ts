import type { SpaceId, TenantId } from '../../core/ids.ts'
import type { Tx } from '../connect.ts'

export type SpaceSettings = { id: SpaceId; trashDays: number; versionDays: number | null; versionCount: number | null }
/** What is absent stays as it is. */
export type NewSettings = {
  trashDays?: number | undefined
  versionDays?: number | null | undefined
  versionCount?: number | null | undefined
}

/** Whether the caller may is asked before. @returns what holds from now on; `null`: no such space */
export async function updateSpaceSettings(
  tx: Tx,
  tenant: TenantId,
  id: SpaceId,
  { trashDays, versionDays, versionCount }: NewSettings,
): Promise<SpaceSettings | null> {
  const [row] = await tx<SpaceSettings[]>`
    update spaces set trash_days = coalesce(${trashDays ?? null}, trash_days),
      version_days = case when ${versionDays === undefined} then version_days else ${versionDays ?? null}::int end,
      version_count = case when ${versionCount === undefined} then version_count else ${versionCount ?? null}::int end
    where tenant_id = ${tenant} and id = ${id}
    returning id, trash_days as "trashDays", version_days as "versionDays", version_count as "versionCount"`
  return row ?? null
}
