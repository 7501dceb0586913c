import { UPLOAD_MAX_CHUNKS, uploadPrefix } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import type { StagedChunk } from '../../core/namespace/model.ts'
import type { MultipartDraft, StoredUpload } from '../../db/tenant/uploads.ts'
import type { Call } from './call.ts'

/** Of 1,000 objects each. */
const LIST_MAX_PAGES = UPLOAD_MAX_CHUNKS / 1_000

/** Objects of an upload that the store holds, by the last part of their key. One LIST a thousand: no HEAD for each. */
export async function listArrived(call: Call, uploadId: string): Promise<Map<string, number>> {
  const prefix = uploadPrefix(call.principal.tenantId, uploadId)
  return call.span.child('store list', { component: 'object-store', kind: 'client' }, async () => {
    const arrived = new Map<string, number>()
    let after: string | null = null
    for (let page = 0; page < LIST_MAX_PAGES; page++) {
      const { objects, next } = await call.store.list(prefix, after ?? undefined)
      for (const { key, sizeBytes } of objects) arrived.set(key.slice(prefix.length), sizeBytes)
      if (next === null) return arrived
      after = next
    }
    throw new AppError('invalid-request', {
      detail: 'this upload holds too many objects: give it up and begin smaller ones',
    })
  })
}

/**
 * Which chunks an upload has brought, and where they lie. A chunk that is an object of its own was verified by the store when it was
 * PUT; inside a pack its hash is still a claim.
 */
export function stagedChunks(
  call: Call,
  upload: StoredUpload,
  arrived: Map<string, number>,
): Record<string, StagedChunk> {
  const prefix = uploadPrefix(call.principal.tenantId, upload.id)
  const staged: Record<string, StagedChunk> = {}
  const packNames = new Set(upload.packs.map(({ sha256 }) => sha256))
  for (const pack of upload.packs) {
    if (arrived.get(pack.sha256) !== pack.size) continue
    let offset = 0
    for (const [hash, length] of pack.members) {
      // What was read and found wrong has not arrived: it must be uploaded again.
      if (!pack.damaged?.includes(hash))
        staged[hash] = { objectKey: prefix + pack.sha256, offset, length, verified: false }
      offset += length
    }
  }
  if (upload.multipart)
    addParts(staged, upload.multipart, { arrivedBytes: arrived.get('multipart'), verified: call.store.enforces.sha256 })
  // Objects of their own come last: verified beats claimed.
  for (const [hash, length] of arrived) {
    if (hash.length === 64 && !packNames.has(hash)) {
      staged[hash] = { objectKey: prefix + hash, offset: 0, length, verified: call.store.enforces.sha256 }
    }
  }
  return staged
}

function addParts(
  staged: Record<string, StagedChunk>,
  { objectKey, parts }: MultipartDraft,
  { arrivedBytes, verified }: { arrivedBytes: number | undefined; verified: boolean },
): void {
  const total = parts.reduce((sum, part) => sum + part.size, 0)
  if (arrivedBytes !== total) return
  let offset = 0
  for (const { sha256, size } of parts) {
    staged[sha256] = { objectKey, offset, length: size, verified }
    offset += size
  }
}
