import { AppError, invariant } from '../../../core/errors.ts'
import type { BusMessage, Verdict } from '../../../core/event-bus.ts'
import type { Faults } from '../../../core/fault-points.ts'
import type { ObjectStore } from '../../../core/object-store.ts'
import type { Db } from '../../../db/connect.ts'
import { markRead, unverifiedChunks } from '../../../db/system/packs.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { hashSlices } from './hash-slices.ts'

export type VerifyDeps = { db: Db; store: ObjectStore; faults: Faults; log: Logger }

/**
 * Turns the claims about an object into facts: its bytes are read (the derived way) and every chunk hashed. Until then only
 * the uploader's own versions refer to them; a wrong one is quarantined and reported, never served (T7).
 */
export async function verifyObject(message: BusMessage, { db, store, faults, log }: VerifyDeps): Promise<Verdict> {
  const { tenantId, payload } = message
  const objectKey = payload['objectKey']
  invariant(typeof objectKey === 'string', 'pack.uploaded names an object')
  const claims = await unverifiedChunks(db, { tenantId, objectKey })
  if (claims.length === 0) return { do: 'ack' }
  await faults('verify.before-read')
  const stream = await store.get(objectKey)
  // Its rows are live, so it must be there: the auditor calls this a dangling reference.
  if (stream === null) throw new AppError('internal', {}, { cause: new Error('an object with live chunks is missing') })
  const { good, wrong } = await hashSlices(stream, claims)
  await faults('verify.before-mark')
  const hashes = (chunks: readonly { sha256: string }[]) => chunks.map(({ sha256 }) => sha256)
  const count = await markRead(db, { tenantId, objectKey }, { good: hashes(good), wrong: hashes(wrong) })
  await faults('verify.after-mark')
  if (count > 0) {
    const { uploadId } = wrong[0]!
    log.error('chunks.quarantined', 'content-mismatch', null, {
      tenantId,
      uploadId,
      messageId: message.id,
      count,
    })
  }
  return { do: 'ack' }
}
