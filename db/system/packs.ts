import type { Sha256, TenantId, UploadId } from '../../core/ids.ts'
import type { Db, Tx } from '../connect.ts'

/** Chunks whose hash is a claim: inside a pack, or in a store that does not check. Why the system's: nobody asks for it. */
export type Claimed = { sha256: Sha256; offset: number; length: number; uploadId: UploadId }
export type ObjectRef = { tenantId: TenantId; objectKey: string }

/** In the order of their bytes. At most as many as an object holds. */
export const unverifiedChunks = async (db: Db | Tx, { tenantId, objectKey }: ObjectRef): Promise<Claimed[]> =>
  db<Claimed[]>`
    select sha256, byte_offset::float8 as "offset", byte_length::float8 as length, upload_id as "uploadId" from chunks
    where tenant_id = ${tenantId} and object_key = ${objectKey} and state = 'live' and not verified
    order by byte_offset, sha256`

/**
 * Writes the verdicts of one object: good hashes are facts from now on, wrong ones are never served.
 * @returns how many were put into quarantine by this call: of two deliveries at once, one finds them
 */
export async function markRead(
  db: Db | Tx,
  { tenantId, objectKey }: ObjectRef,
  verdicts: { good: readonly string[]; wrong: readonly string[] },
): Promise<number> {
  const marked = await db<{ state: string }[]>`
    update chunks set verified = r.good, state = case when r.good then state else 'quarantined' end
    from (select g as sha256, true as good from jsonb_array_elements_text(${JSON.stringify(verdicts.good)}::text::jsonb) g
      union all select w, false from jsonb_array_elements_text(${JSON.stringify(verdicts.wrong)}::text::jsonb) w) r
    where tenant_id = ${tenantId} and object_key = ${objectKey} and chunks.sha256 = r.sha256 and state = 'live'
    returning chunks.state`
  return marked.filter(({ state }) => state === 'quarantined').length
}
