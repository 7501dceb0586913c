import { AppError } from '../../core/errors.ts'
import type { UploadId } from '../../core/ids.ts'
import type { StagedChunk } from '../../core/namespace/model.ts'
import { PUSH_MAX_UPLOADS } from '../../protocol/mutations.ts'
import { reader, type Call } from '../gateway/call.ts'
import { listArrived, stagedChunks } from '../gateway/staging.ts'
import { unwrap } from '../../durable-objects/reply.ts'

/** Uploads looked at side by side. */
const AT_ONCE = 6

export type PushedUploads = {
  /** Chunks that the upload has brought. @throws not-found, too-large */
  stagedBy(upload: UploadId): Record<string, StagedChunk>
}

/**
 * The uploads that a push takes chunks from: each is read and listed once, however many files it brought (blob before row).
 * An upload that is over gives no chunks; what it brought before answers as a replay.
 * @throws store-unavailable, database-unavailable: nothing was changed yet, the push may be repeated
 */
export async function pushedUploads(call: Call, ids: readonly UploadId[]): Promise<PushedUploads> {
  const looked = ids.slice(0, PUSH_MAX_UPLOADS)
  const staged = new Map<UploadId, Record<string, StagedChunk> | null>()
  for (let from = 0; from < looked.length; from += AT_ONCE) {
    const some = looked.slice(from, from + AT_ONCE)
    const found = await Promise.all(some.map((id) => stagedOf(call, id)))
    for (const [i, id] of some.entries()) staged.set(id, found[i]!)
  }
  return {
    stagedBy(id) {
      const found = staged.get(id)
      if (found) return found
      if (found === null) throw new AppError('not-found', { field: 'uploadId', detail: 'no such upload' })
      const detail = `at most ${PUSH_MAX_UPLOADS} uploads in one push`
      throw new AppError('too-large', { field: 'uploadId', detail })
    },
  }
}

async function stagedOf(call: Call, id: UploadId): Promise<Record<string, StagedChunk> | null> {
  const answer = await reader(call).upload(call.principal.sessionId, id)
  if (!answer.ok && answer.code === 'not-found') return null
  const { upload } = unwrap(answer)
  const isOver = upload.state === 'expired' || (upload.state === 'open' && upload.expiresAt <= call.now)
  if (isOver) return {}
  await call.faults('commit.before-list')
  const staged = stagedChunks(call, upload, await listArrived(call, id))
  await call.faults('commit.after-list')
  return staged
}
