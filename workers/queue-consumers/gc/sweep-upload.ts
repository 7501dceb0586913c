import { uploadPrefix } from '../../../core/content.ts'
import { AppError } from '../../../core/errors.ts'
import type { BusMessage, Verdict } from '../../../core/event-bus.ts'
import type { Faults } from '../../../core/fault-points.ts'
import type { UploadId } from '../../../core/ids.ts'
import type { ObjectStore } from '../../../core/object-store.ts'
import type { Db } from '../../../db/connect.ts'
import { closeUpload, finishSweep, markOrphans, namedObjects, type UploadRef } from '../../../db/system/garbage.ts'
import { leaveEvent } from '../../../db/system/outbox.ts'

export type GcDeps = {
  db: Db
  store: ObjectStore
  now: () => number
  graceMs: number
  faults: Faults
  maxPages?: number
}

/** Of 1,000 objects, in one delivery; a longer sweep goes on in another message. */
const MAX_PAGES = 50

/**
 * Collects what an upload left behind once its time and the grace are over:
 *
 *     close the row ──► abort the multipart ──► page by page: delete what no row names, mark what no content uses ──► swept
 *
 * After the row is closed no commit can name anything under its prefix, and every step may be repeated: a kill between
 * any two leaves work that the next delivery finds.
 */
export async function sweepUpload(message: BusMessage, deps: GcDeps): Promise<Verdict> {
  const { db, faults, graceMs } = deps
  const { tenantId, payload, traceparent } = message
  const ref: UploadRef = { tenantId, uploadId: String(payload['uploadId']) as UploadId }
  await faults('gc.before-close')
  const closing = await closeUpload(db, ref, deps.now(), graceMs)
  if (closing.at === 'nothing-to-do') return { do: 'ack' }
  if (closing.at === 'early') {
    await leaveEvent(db, { tenantId, kind: 'upload.expired', payload, traceparent, dueMs: closing.dueMs })
    return { do: 'ack' }
  }
  await faults('gc.after-close')
  // Before the listing: a multipart that is completed after it would leave an object behind.
  if (closing.multipart) await deps.store.multipart.abort(closing.multipart.objectKey, closing.multipart.multipartId)
  const after = await sweepPrefix(ref, deps, typeof payload['after'] === 'string' ? payload['after'] : undefined)
  if (after !== null) {
    const goOn = { ...payload, after }
    await leaveEvent(db, { tenantId, kind: 'upload.expired', payload: goOn, traceparent, dueMs: deps.now() })
    return { do: 'ack' }
  }
  await faults('gc.before-swept')
  await finishSweep(db, ref, { nowMs: deps.now(), graceMs, traceparent })
  await faults('gc.after-swept')
  return { do: 'ack' }
}

/** @returns where to go on, or `null` at the end of the prefix */
async function sweepPrefix(ref: UploadRef, deps: GcDeps, from: string | undefined): Promise<string | null> {
  const { db, store, faults, maxPages = MAX_PAGES } = deps
  const prefix = uploadPrefix(ref.tenantId, ref.uploadId)
  let after = from
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await store.list(prefix, after)
    await faults('gc.after-list')
    const keys = page.objects.map(({ key }) => key)
    const named = await namedObjects(db, ref.tenantId, keys)
    await deleteObjects(
      store,
      keys.filter((key) => !named.has(key)),
    )
    await faults('gc.after-delete-leftovers')
    if (named.size > 0) await markOrphans(db, ref.tenantId, [...named], deps.now())
    await faults('gc.after-mark-orphans')
    if (page.next === null) return null
    after = page.next
  }
  return after ?? null
}

/** Deletes at most 1,000 objects. Throws `store-unavailable` when one of them stays. */
export async function deleteObjects(store: ObjectStore, keys: string[]): Promise<void> {
  if (keys.length === 0) return
  const left = await store.deleteMany(keys)
  if (left.length > 0)
    throw new AppError('store-unavailable', {}, { cause: new Error(`${left.length} objects could not be deleted`) })
}
