import type { BusMessage, Verdict } from '../../../core/event-bus.ts'
import type { UploadId } from '../../../core/ids.ts'
import type { UploadRef } from '../../../db/system/garbage.ts'
import { claimOrphans, deletingObjects, forgetObjects } from '../../../db/system/orphans.ts'
import { deleteObjects, type GcDeps } from './sweep-upload.ts'

const PAGE_OBJECTS = 200
const POSTPONED_RETRY_MS = 5_000

/**
 * Deletes the objects of an upload that nobody has referred to for the whole grace time. Row before delete: `deleting`
 * is committed first, and from then on no commit can refer to the chunk; then the object goes, then the row. What a
 * killed run left at `deleting` is finished by the next.
 */
export async function collectOrphans({ tenantId, payload }: BusMessage, deps: GcDeps): Promise<Verdict> {
  const ref: UploadRef = { tenantId, uploadId: String(payload['uploadId']) as UploadId }
  await deps.faults('gc.before-claim-objects')
  const postponed = await claimAll(ref, deps)
  await deps.faults('gc.after-claim-objects')
  await deleteClaimed(ref, deps)
  if (postponed === 0) return { do: 'ack' }
  return { do: 'retry', afterMs: Math.max(POSTPONED_RETRY_MS, deps.graceMs), reason: 'in use' }
}

/** @returns how many objects are to be looked at again */
async function claimAll(ref: UploadRef, { db, now, graceMs }: GcDeps): Promise<number> {
  const cutoffMs = now() - graceMs
  let postponed = 0
  for (let after: string | null = ''; after !== null;) {
    const page: Awaited<ReturnType<typeof claimOrphans>> = await claimOrphans(db, ref, {
      cutoffMs,
      after,
      limit: PAGE_OBJECTS,
    })
    postponed += page.postponed
    after = page.last
  }
  return postponed
}

async function deleteClaimed(ref: UploadRef, { db, store, faults }: GcDeps): Promise<void> {
  for (let after = ''; ;) {
    const keys = await deletingObjects(db, ref, after, PAGE_OBJECTS)
    const last = keys.at(-1)
    if (last === undefined) return
    await deleteObjects(store, keys)
    await faults('gc.after-delete-objects')
    await forgetObjects(db, ref, keys)
    await faults('gc.after-delete-rows')
    after = last
  }
}
