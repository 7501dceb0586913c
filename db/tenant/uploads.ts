import type { SessionId, TenantId, UploadId, UserId } from '../../core/ids.ts'
import { UPLOAD_MAX_CHUNKS, uploadPrefix } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import type { Precondition } from '../../core/namespace/precondition.ts'
import type { Tx } from '../connect.ts'

/** A file as the init described it. `content` may be told only at commit. */
export type Draft = {
  mutationId: string
  target: { parent: string; name: string } | { node: string }
  base: number
  size: number
  /** `null`: told at commit, with the content. */
  sha256: string | null
  content: { codec: 'raw' | 'zstd'; chunks: { sha256: string; size: number; plain: number }[] } | null
  mtimeNs: string | null
  executable: boolean
  /** What the init demanded of the present state; the commit may demand something else. */
  precondition?: Precondition
}

/** A multipart upload of a plain client: its parts, in order, become the chunks of one object. */
export type MultipartDraft = { objectKey: string; multipartId: string; parts: { sha256: string; size: number }[] }

export type NewUpload = {
  id: UploadId
  userId: UserId
  sessionId: SessionId
  /** By index of the init; `null` where nothing is left to upload. */
  drafts: (Draft | null)[]
  multipart: MultipartDraft | null
  createdAt: number
  expiresAt: number
  /** When the collector looks at what was left behind. */
  sweepAt: number
  traceparent: string | null
}

export type StoredUpload = {
  id: UploadId
  state: 'open' | 'committed' | 'expired'
  drafts: (Draft | null)[]
  multipart: MultipartDraft | null
  expiresAt: number
  packs: StoredPack[]
}

export type StoredPack = {
  sha256: string
  size: number
  members: [sha256: string, size: number][]
  /** Members whose bytes were read and are not what they claim. */
  damaged?: string[] | null
}

/** The upload and the message that will wake its collector, in one transaction. */
export async function insertUpload(tx: Tx, tenant: TenantId, upload: NewUpload): Promise<void> {
  const files = upload.drafts.filter((draft) => draft !== null).length
  await Promise.all([
    tx`insert into uploads (tenant_id, id, user_id, session_id, drafts, file_count, multipart, created_at, expires_at)
       values (${tenant}, ${upload.id}, ${upload.userId}, ${upload.sessionId}, ${JSON.stringify(upload.drafts)}::text::jsonb, ${files},
               ${upload.multipart && JSON.stringify(upload.multipart)}::text::jsonb, ${new Date(upload.createdAt)}, ${new Date(upload.expiresAt)}) on conflict do nothing`,
    tx`insert into outbox (tenant_id, kind, payload, traceparent, available_at)
       values (${tenant}, 'upload.expired', ${JSON.stringify({ uploadId: upload.id })}::text::jsonb, ${upload.traceparent}, ${new Date(upload.sweepAt)})`,
  ])
}

/** A user's own upload; anyone else's does not exist. */
export async function findUpload(tx: Tx, tenant: TenantId, userId: UserId, id: UploadId): Promise<StoredUpload | null> {
  const [row] = await tx<(Omit<StoredUpload, 'packs'> & { packs: StoredUpload['packs'] | null })[]>`
    select u.id, u.state, u.drafts, u.multipart, (extract(epoch from u.expires_at) * 1000)::float8 as "expiresAt",
      (select jsonb_agg(jsonb_build_object('sha256', p.sha256, 'size', p.size, 'members', p.members, 'damaged',
           (select jsonb_agg(c.sha256) from chunks c
             where c.tenant_id = ${tenant} and c.object_key = ${uploadPrefix(tenant, id)} || p.sha256 and c.state = 'quarantined')))
         from upload_packs p where p.tenant_id = ${tenant} and p.upload_id = u.id) as packs
    from uploads u where u.tenant_id = ${tenant} and u.id = ${id} and u.user_id = ${userId}`
  return row ? { ...row, packs: row.packs ?? [] } : null
}

/** As much of an upload as does not grow with it: asked for with every window of a large file. */
export type UploadState = Pick<StoredUpload, 'state' | 'expiresAt'>

/** A user's own upload; anyone else's does not exist. */
export async function findUploadState(
  tx: Tx,
  tenant: TenantId,
  userId: UserId,
  id: UploadId,
): Promise<UploadState | null> {
  const [row] = await tx<UploadState[]>`
    select state, (extract(epoch from expires_at) * 1000)::float8 as "expiresAt"
    from uploads where tenant_id = ${tenant} and id = ${id} and user_id = ${userId}`
  return row ?? null
}

/**
 * Declares packs; one that was declared before changes nothing. A commit reads all of them, so there is an end to how many chunks they hold.
 * @throws too-large
 */
export async function insertPacks(tx: Tx, tenant: TenantId, id: UploadId, packs: StoredUpload['packs']): Promise<void> {
  if (packs.length === 0) return
  const [upload] = await tx.unsafe<{ packed: number }[]>(
    `with declared as (
       insert into upload_packs (tenant_id, upload_id, sha256, size, members)
       select $1, $2, sha256, size, members from jsonb_to_recordset($3::text::jsonb) as r(sha256 text, size bigint, members jsonb)
       on conflict do nothing returning jsonb_array_length(members) as chunks)
     update uploads set packed_count = packed_count + (select coalesce(sum(chunks), 0) from declared)
     where tenant_id = $1 and id = $2 returning packed_count as packed`,
    [tenant, id, JSON.stringify(packs)],
    { prepare: true },
  )
  if (upload && upload.packed > UPLOAD_MAX_CHUNKS)
    throw new AppError('too-large', {
      field: 'objects',
      detail: `the packs of an upload hold at most ${UPLOAD_MAX_CHUNKS} chunks: begin another upload`,
    })
}

/** Gives an upload up: it takes no commit any more, and its collector comes at `sweepAt`. */
export async function abandonUpload(tx: Tx, tenant: TenantId, id: UploadId, sweepAt: Date): Promise<void> {
  const closed =
    await tx`update uploads set state = 'expired' where tenant_id = ${tenant} and id = ${id} and state = 'open' returning 1`
  if (closed.length === 0) return
  await tx`insert into outbox (tenant_id, kind, payload, available_at)
    values (${tenant}, 'upload.expired', ${JSON.stringify({ uploadId: id })}::text::jsonb, ${sweepAt})`
}
